package proving

import "net"

// addressOf is where the i-th person comes from: the portal counts by address.
func addressOf(i int) net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 3, byte(i/250), byte(1+i%250))}
}
