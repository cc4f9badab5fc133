package auth

import "net/netip"

// SourceOf returns what of a client's address failed sign-ins are counted for.
// Whoever has an IPv6 address has all those of its first 64 bits.
func SourceOf(address string) string {
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	parsed = parsed.Unmap().WithZone("")
	if parsed.Is6() {
		prefix, _ := parsed.Prefix(64) // 64 is within its bits
		return prefix.String()
	}
	return parsed.String()
}
