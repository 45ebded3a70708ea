//go:build !linux

package portaltest

// place is the folder of the test server of a checkout.
func place(root string) string { return kept(root) }
