package inbound

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"zharia/portal/fault"
)

// What is sent, by its media type.
const (
	MediaMessage = "application/json"
	MediaBatch   = "application/x-ndjson"
)

// MaxLine is the longest envelope there is, in bytes.
const MaxLine = maxLine

// Problem is how a refusal is told to a machine (RFC 9457).
type Problem struct {
	Type     string            `json:"type"`
	Title    string            `json:"title"`
	Status   int               `json:"status"`
	Code     string            `json:"code"`               // of Refusals
	Field    string            `json:"field,omitempty"`    // where in the message
	Expected int64             `json:"expected,omitempty"` // of a gap: the number that comes next
	Request  string            `json:"request"`            // number of the request, for who looks into our log
	Texts    map[string]string `json:"texts"`              // kk and ru
}

var errLong = fault.New(fault.Invalid, "fault.register-line")

// errCut is what was lost on the way: what comes after it cannot be read.
var errCut = errors.New("inbound: the lines end in the middle")

// Cut tells that no further line can be read after this error.
func Cut(err error) bool { return errors.Is(err, errCut) }

// Lines reads lines of JSON one at a time. An empty one is passed over; one that is too long is
// read to its end and refused, and the next is good again. io.EOF ends them; what is
// lost on the way is an error that Cut knows.
func Lines(from io.Reader) func() ([]byte, error) {
	in := bufio.NewReaderSize(from, 64<<10)
	return func() ([]byte, error) {
		for {
			if line, err := oneLine(in); line != nil || err != nil {
				return line, err
			}
		}
	}
}

// oneLine reads one line; nil for an empty one.
func oneLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := in.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxLine; long {
			line = nil
		} else {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && !long && len(bytes.TrimSpace(line)) == 0: // the last line needs no end
			return nil, io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return nil, errors.Join(errCut, err)
		case long:
			return nil, errLong
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			return nil, nil
		}
		return line, nil
	}
}
