package attachment_test

import (
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
