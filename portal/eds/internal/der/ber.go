package der

// FromBER rewrites the two liberties that Java programs take with containers
// (X.690 8.1.3.6 indefinite lengths, 8.7.3 octet strings sent in pieces) into
// DER and checks the result like any other input. Other liberties, lengths in
// a longer form than needed among them, stay refused. The national key
// containers and some signatures come in this form.
//
// What was signed must have been DER before: a caller that verifies something
// compares the signed parts of the result with the original bytes.
func FromBER(in []byte) ([]byte, error) {
	budget := MaxElements
	out, rest, err := convert(in, 1, &budget)
	if err != nil {
		return nil, err
	}
	if len(rest) != 0 {
		return nil, malformed("%d bytes after the end", len(rest))
	}
	return out, Check(out)
}

func convert(in []byte, depth int, budget *int) (out, rest []byte, err error) {
	if depth > MaxDepth {
		return nil, nil, malformed("nested deeper than %d", MaxDepth)
	}
	if *budget--; *budget < 0 {
		return nil, nil, malformed("more than %d elements", MaxElements)
	}
	if len(in) < 2 {
		return nil, nil, malformed("element is cut short")
	}
	tag, body, open := in[0], []byte(nil), in[1] == 0x80
	if open {
		if tag&0x20 == 0 || tag&0x1f == 0x1f {
			return nil, nil, malformed("indefinite length of a primitive")
		}
		body = in[2:]
	} else {
		v, after, err := cut(in)
		if err != nil {
			return nil, nil, err
		}
		if tag&0x20 == 0 {
			return v.Full, after, nil
		}
		body, rest = v.Body, after
	}
	parts, rest, err := convertBody(body, rest, open, depth, budget)
	if err != nil {
		return nil, nil, err
	}
	if tag == OctetString|0x20 {
		joined, err := join(parts)
		return joined, rest, err
	}
	return Encode(tag, parts...), rest, nil
}

// convertBody converts the elements inside one; an open one goes on to its
// two zero octets and leaves what follows them as the rest.
func convertBody(body, rest []byte, open bool, depth int, budget *int) ([][]byte, []byte, error) {
	var parts [][]byte
	for {
		if open && len(body) >= 2 && body[0] == 0 && body[1] == 0 {
			return parts, body[2:], nil
		}
		if len(body) == 0 {
			if open {
				return nil, nil, malformed("indefinite length without an end")
			}
			return parts, rest, nil
		}
		part, after, err := convert(body, depth+1, budget)
		if err != nil {
			return nil, nil, err
		}
		parts, body = append(parts, part), after
	}
}

// join makes one octet string of the pieces of a constructed one.
func join(pieces [][]byte) ([]byte, error) {
	var bodies [][]byte
	for _, p := range pieces {
		v, _, err := cut(p)
		if err != nil {
			return nil, err
		}
		if v.Tag != OctetString {
			return nil, malformed("octet string with a piece of type %02x", v.Tag)
		}
		bodies = append(bodies, v.Body)
	}
	return Encode(OctetString, bodies...), nil
}
