// Package loopback knows this machine by its names: what is said to it no network hears.
package loopback

import "net"

// Is tells whether a host is this machine.
func Is(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
