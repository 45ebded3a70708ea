package der

// FromBER rewrites the two liberties that Java programs take with containers
// (X.690 8.1.3.6 indefinite lengths, 8.7.3 octet strings sent in pieces) into
// DER and checks the result like any other input. Other liberties, lengths in
// a longer form than needed among them, stay refused. The national key
// containers and some signatures come in this form.
//
// The result is written once, so memory beyond the input is that of the
// result and of MaxElements small records.
//
// What was signed must have been DER before: a caller that verifies something
// compares the signed parts of the result with the original bytes.
func FromBER(in []byte) ([]byte, error) {
	budget := MaxElements
	top, rest, err := read(in, 1, &budget)
	if err != nil {
		return nil, err
	}
	if len(rest) != 0 {
		return nil, malformed("%d bytes after the end", len(rest))
	}
	out := top.append(make([]byte, 0, top.total()))
	return out, Check(out)
}

// element is one element as it will be in DER: its contents are either bytes
// of the input or other elements.
type element struct {
	tag   byte
	body  []byte
	parts []element
	size  int // of the contents
}

// read takes one element in the looser rules.
func read(in []byte, depth int, budget *int) (e element, rest []byte, err error) {
	if depth > MaxDepth {
		return e, nil, malformed("nested deeper than %d", MaxDepth)
	}
	if *budget--; *budget < 0 {
		return e, nil, malformed("more than %d elements", MaxElements)
	}
	if len(in) < 2 {
		return e, nil, malformed("element is cut short")
	}
	body, open := []byte(nil), in[1] == 0x80
	e.tag = in[0]
	if open {
		if e.tag&0x20 == 0 || e.tag&0x1f == 0x1f {
			return e, nil, malformed("indefinite length of a primitive")
		}
		body = in[2:]
	} else {
		v, after, err := cut(in)
		if err != nil {
			return e, nil, err
		}
		if e.tag&0x20 == 0 {
			e.body, e.size = v.Body, len(v.Body)
			return e, after, nil
		}
		body, rest = v.Body, after
	}
	if rest, err = e.readParts(body, rest, open, depth, budget); err != nil {
		return e, nil, err
	}
	return e, rest, e.join()
}

// readParts reads the elements inside one; an open one goes on to its two
// zero octets and leaves what follows them as the rest.
func (e *element) readParts(body, rest []byte, open bool, depth int, budget *int) ([]byte, error) {
	for {
		if open && len(body) >= 2 && body[0] == 0 && body[1] == 0 {
			return body[2:], nil
		}
		if len(body) == 0 {
			if open {
				return nil, malformed("indefinite length without an end")
			}
			return rest, nil
		}
		part, after, err := read(body, depth+1, budget)
		if err != nil {
			return nil, err
		}
		e.parts, body = append(e.parts, part), after
	}
}

// join makes of a constructed octet string a plain one, and sums up the size
// of the contents.
func (e *element) join() error {
	pieces := e.tag == OctetString|0x20
	for _, p := range e.parts {
		switch {
		case !pieces:
			e.size += p.total()
		case p.tag != OctetString:
			return malformed("octet string with a piece of type %02x", p.tag)
		default:
			e.size += p.size
		}
	}
	if pieces {
		e.tag = OctetString
	}
	return nil
}

// total is how many octets the element takes in DER.
func (e *element) total() int {
	head := 2
	if e.size >= 0x80 {
		for n := e.size; n > 0; n >>= 8 {
			head++
		}
	}
	return head + e.size
}

func (e *element) append(out []byte) []byte {
	return e.contents(appendLength(append(out, e.tag), e.size))
}

func (e *element) contents(out []byte) []byte {
	out = append(out, e.body...)
	for i := range e.parts {
		if e.tag == OctetString {
			out = e.parts[i].contents(out)
		} else {
			out = e.parts[i].append(out)
		}
	}
	return out
}
