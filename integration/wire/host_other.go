//go:build !linux

package wire

import (
	"errors"
	"net/netip"
)

// NewHost makes a host, on Linux alone.
func NewHost(string, netip.Addr) (*Host, error) {
	return nil, errors.New("there are network namespaces on Linux alone")
}
