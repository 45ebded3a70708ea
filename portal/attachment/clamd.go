package attachment

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"zharia/portal/loopback"
)

// Scanner is a ClamAV daemon on this machine: its INSTREAM command, which no TLS covers,
// over a socket or TCP. A nil Scanner is none.
type Scanner struct {
	Network string // "unix" or "tcp"
	Address string
}

// ParseScanner reads the setting: "unix:/run/clamav/clamd.ctl", "tcp:127.0.0.1:3310",
// or "" for none.
func ParseScanner(setting string) (*Scanner, error) {
	if setting == "" {
		return nil, nil
	}
	network, address, ok := strings.Cut(setting, ":")
	if !ok || network != "unix" && network != "tcp" || address == "" {
		return nil, fmt.Errorf("attachment: the scanner %q: unix:/path or tcp:host:port is expected", setting)
	}
	if host, _, err := net.SplitHostPort(address); network == "tcp" && (err != nil || !loopback.Is(host)) {
		return nil, fmt.Errorf("attachment: the scanner %q: tcp: is of this machine, as tcp:127.0.0.1:3310; to another one files would go in clear", setting)
	}
	return &Scanner{network, address}, nil
}

const (
	scanDial = 2 * time.Second
	scanTime = 20 * time.Second // nobody waits longer: the file is asked about again later
	maxReply = 1 << 10
)

// errNotScanned is an answer that is neither "clean" nor the name of something.
var errNotScanned = errors.New("attachment: the scanner did not look at the file")

// scan has a file looked at. infected tells that something was found in it; an
// error, that nobody looked: the two are not mixed up, for only the first is final.
func (s *Scanner) scan(ctx context.Context, file io.Reader) (infected bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, scanTime)
	defer cancel()
	conn, err := (&net.Dialer{Timeout: scanDial}).DialContext(ctx, s.Network, s.Address)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	until, _ := ctx.Deadline()
	if err := conn.SetDeadline(until); err != nil {
		return false, err
	}
	if _, err := io.WriteString(conn, "zINSTREAM\x00"); err != nil {
		return false, err
	}
	if err := stream(conn, file); err != nil {
		return false, err
	}
	reply, err := bufio.NewReader(io.LimitReader(conn, maxReply)).ReadString(0)
	if err != nil {
		return false, fmt.Errorf("%w: %v", errNotScanned, err)
	}
	switch reply = strings.TrimRight(reply, "\x00\n"); {
	case reply == "stream: OK":
		return false, nil
	case strings.HasPrefix(reply, "stream: ") && strings.HasSuffix(reply, " FOUND"):
		return true, nil
	}
	return false, fmt.Errorf("%w: it says %q", errNotScanned, reply)
}

// stream sends a file in pieces, each with its length before it. clamd hangs up on a
// file that is longer than it takes and says so first: then its answer is read.
func stream(conn io.Writer, file io.Reader) error {
	piece := make([]byte, 4+64<<10)
	for {
		n, err := io.ReadFull(file, piece[4:])
		if n > 0 {
			binary.BigEndian.PutUint32(piece, uint32(n))
			if _, err := conn.Write(piece[:4+n]); err != nil {
				return nil
			}
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			_, err = conn.Write([]byte{0, 0, 0, 0})
			return err
		case err != nil:
			return err
		}
	}
}
