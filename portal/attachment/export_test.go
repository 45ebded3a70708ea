package attachment

import (
	"bytes"
	"context"
	"errors"

	"zharia/portal/fault"
)

// Look is what becomes of a file that is sent under a name: the message of its
// refusal, or its name and the copy that others would open; nil where they open it as
// it came.
func Look(ctx context.Context, name string, file []byte) (message, called string, kind Kind, copied []byte, disarmed bool, err error) {
	called, of, err := cleanName(name)
	switch {
	case err != nil:
	case len(file) == 0:
		err = refuse(Empty)
	case int64(len(file)) > forms[of].max:
		err = refuse(TooLarge)
	}
	var v verdict
	var out bytes.Buffer
	if err == nil {
		v, err = employ(ctx, string(of), bytes.NewReader(file), &out)
	}
	if err == nil && v.Refused != "" {
		err = refuse(v.Refused)
	}
	var fa *fault.Fault
	if errors.As(err, &fa) {
		return fa.Message, called, "", nil, false, nil
	}
	if v.Copy == "" {
		return "", called, of, nil, false, err
	}
	return "", called, v.Copy, out.Bytes(), v.Disarmed, err
}

// OggSum is the checksum of a page of Ogg.
var OggSum = oggSum

// Read is examine in the process of the test: what it is refused for, or the copy for
// others, its kind, and whether something was taken out of it.
func Read(kind Kind, file []byte) (why Reason, copied []byte, of Kind, disarmed bool) {
	var out bytes.Buffer
	v := examine(kind, bytes.NewReader(file), &out)
	if v.Refused != "" {
		return v.Refused, nil, "", false
	}
	return "", out.Bytes(), v.Copy, v.Disarmed
}

// AskScanner has a scanner look at a file.
var AskScanner = (*Scanner).scan
