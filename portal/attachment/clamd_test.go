package attachment_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"zharia/portal/attachment"
)

// What people attach goes to the scanner as it is: over a network everybody on the way
// would read it.
func TestAScannerOfAnotherMachineIsRefused(t *testing.T) {
	for setting, good := range map[string]bool{
		"": true, "unix:/run/clamav/clamd.ctl": true, "tcp:127.0.0.1:3310": true, "tcp:localhost:3310": true, "tcp:[::1]:3310": true,
		"tcp:10.0.0.5:3310": false, "tcp:clamav:3310": false, "tcp:localhost.example:3310": false, "tcp:0.0.0.0:3310": false, "tcp::3310": false,
		"tcp:127.0.0.1": false, "tcp:": false, "unix:": false, "udp:127.0.0.1:3310": false, "tcp": false,
	} {
		if _, err := attachment.ParseScanner(setting); (err == nil) != good {
			t.Errorf("%q: %v", setting, err)
		}
	}
}

// A scanner that is set up for shorter files never looks at a longer one, and nobody but
// its author opens it: whoever looks after the machine is told what it says.
func TestWhatTheScannerSaysInsteadOfLookingIsTold(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go io.Copy(io.Discard, conn)
			io.WriteString(conn, "INSTREAM size limit exceeded. ERROR\x00")
		}
	}()
	s := &attachment.Scanner{Network: "tcp", Address: listener.Addr().String()}
	infected, err := attachment.AskScanner(s, t.Context(), strings.NewReader(strings.Repeat("x", 1000)))
	if infected || err == nil || !strings.Contains(err.Error(), "size limit exceeded") {
		t.Errorf("%v, %v", infected, err)
	}
}
