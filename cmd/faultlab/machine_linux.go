package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// mountDisk makes a file system in memory.
func mountDisk(dir string, mb int) (string, error) {
	at := filepath.Join(dir, "disk")
	if err := os.Mkdir(at, 0o711); err != nil {
		return "", err
	}
	if err := syscall.Mount("tmpfs", at, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=711", mb)); err != nil {
		return "", fmt.Errorf("mount a file system for -disk: %w", err)
	}
	return at, nil
}

func unmountDisk(at string) error { return syscall.Unmount(at, 0) }

// addressOf is where the i-th person comes from: the portal counts by address.
func addressOf(i int) net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 2, byte(i/250), byte(1+i%250))}
}

// parentOf is the parent of a process, 0 where there is none of that number.
func parentOf(pid int) int {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// After the name, which stands in parentheses and may hold anything.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1]) // 0: no number, nobody's
	return parent
}
