package keeper

import (
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

// peerOf is who has the other end of the socket, by the kernel's word (SO_PEERCRED).
func peerOf(conn *net.UnixConn) (uid uint32, pid int32, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	var who *unix.Ucred
	var asked error
	err = raw.Control(func(fd uintptr) { who, asked = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err := errors.Join(err, asked); err != nil {
		return 0, 0, err
	}
	return who.Uid, who.Pid, nil
}
