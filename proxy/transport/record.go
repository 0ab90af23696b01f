package transport

import "encoding/binary"

// inwardRecord has TLS read record by record: crypto/tls keeps a buffer for as much
// as ever came in one read, for as long as the connection lives.
//
//	type   version   length     what is encrypted
//	1      2         2 bytes    length bytes            (RFC 8446, 5.1)
type inwardRecord struct {
	header [recordHeader]byte
	got    int // bytes of it
	rest   int // bytes of the record behind it that have not come
}

const recordHeader = 5

// within returns as much of p as may be read at once.
func (r *inwardRecord) within(p []byte) []byte {
	if r.rest > 0 {
		return p[:min(len(p), r.rest)]
	}
	return p[:min(len(p), recordHeader-r.got)]
}

// took takes note of what was read so.
func (r *inwardRecord) took(p []byte) {
	if r.rest > 0 {
		r.rest -= len(p)
		return
	}
	if r.got += copy(r.header[r.got:], p); r.got == recordHeader {
		r.got, r.rest = 0, int(binary.BigEndian.Uint16(r.header[3:]))
	}
}
