//go:build !linux

package keeper

import (
	"net"
	"os"
)

// peerOf believes the permissions of the socket: development only.
func peerOf(*net.UnixConn) (uid uint32, pid int32, err error) { return uint32(os.Geteuid()), 0, nil }
