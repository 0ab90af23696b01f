package transport

import (
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
)

// seal is where TLS writes once the handshake is over: to memory. What is sent
// gathers as plaintext; whoever writes to the socket has it sealed part by part,
// in records as large as they may be, and takes them from here. So nobody who
// sends waits for a cipher, and a peer that reads slowly has little more than one
// part of what waits for it in two forms.
//
// TLS itself writes as well: its reader answers a change of keys, and says why it
// gives up. That stands among the records in the order in which it was made.
type seal struct {
	tls *tls.Conn // nil: there is no TLS. Set before its handshake

	inward inwardRecord // owned by who reads

	some atomic.Bool // records is not empty

	mu      sync.Mutex
	records *buffer // nobody writes them yet; nil: none
	over    bool
}

const (
	longestPlaintext = 16 << 10 // of a record (RFC 8446, 5.1)
	recordOverhead   = 96       // more than any cipher adds to one

	// sealStep is how much is sealed at a time: as many records as a buffer holds.
	sealStep = 7 * longestPlaintext

	// mostSealed may be in records, of which TLS itself has written what is beyond
	// a step: for a peer that changes keys all the time, and reads nothing.
	mostSealed = 256 << 10
)

// secured puts TLS above a connection, by [tls.Server] or [tls.Client].
func (g *gather) secured(by func(net.Conn, *tls.Config) *tls.Conn, config *tls.Config) *tls.Conn {
	g.seal.tls = by(g, config)
	return g.seal.tls
}

// inLargeRecords returns a configuration that makes no small records at first: what
// is sent has gathered, and more of them would only cost more.
func inLargeRecords(config *tls.Config) *tls.Config {
	config = config.Clone()
	config.DynamicRecordSizingDisabled = true
	return config
}

// keep takes a record.
func (s *seal) keep(record []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over:
		return net.ErrClosed
	case s.records == nil:
		s.records = borrowBuffer(len(record))
	case len(s.records.b)+len(record) > mostSealed:
		return ErrSendBufferFull
	}
	s.records = s.records.withRoom(len(record))
	s.records.b = append(s.records.b, record...)
	s.some.Store(true)
	return nil
}

// seal seals a part of what is to be written, which may be nil, and returns it with
// whatever else TLS has written, and how many bytes of plaintext that took. Only the
// one who writes calls it.
func (s *seal) seal(out *buffer) (records *buffer, sealed int, err error) {
	if out != nil {
		part := min(out.rest(), sealStep)
		s.expect(part + (part/longestPlaintext+1)*recordOverhead)
		var room [mostPieces][]byte
		for _, plaintext := range out.pieces(room[:0], part) {
			if _, err := s.tls.Write(plaintext); err != nil {
				return nil, 0, err
			}
			sealed += len(plaintext)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	records, s.records = s.records, nil
	s.some.Store(false)
	if records == nil {
		return nil, 0, errors.New("TLS has written nothing") // or the connection has ended
	}
	return records, sealed, nil
}

// expect makes room for records.
func (s *seal) expect(size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.records == nil && !s.over {
		s.records = borrowBuffer(size)
	}
}

// end gives back what nobody will write any more.
func (s *seal) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.some.Store(false)
	if s.records != nil {
		s.records.giveBack()
		s.records = nil
	}
}
