package proxy

import (
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/cluster"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// supplier is a peer that has dialed, and takes calls that wait here: to the dealer a
// callee of the second tier. It runs for as long as its link does.
type supplier struct {
	// Immutable.
	realm  *realm
	link   *cluster.Link
	callee dealer.CalleeID
	log    zerolog.Logger

	// Owned by run.
	out   transport.Outbox
	heard inbox

	// Under realm.mu.
	oneWay    time.Duration // as the dealer has it
	forwarded uint64        // calls that it has got
	gone      bool
}

// take lets a peer have calls of this realm until its link ends.
func (r *realm) take(l *cluster.Link) {
	s := &supplier{realm: r, link: l, log: r.log.With().Str("peer", shortNode(l)).Logger()}
	l.Conn.BeforeBlock(func() {
		r.tellLoads(&s.out)
		s.out.Flush()
	})
	s.begin()
	err := s.read()
	s.end()
	r.tellLoads(&s.out)
	s.out.Flush()
	l.Conn.Close(1000, "", closeLinger)
	s.log.Info().AnErr("cause", err).Msg("peer gone that calls could go to")
}

// shortNode is a peer as people read of it.
func shortNode(l *cluster.Link) string { return cluster.Text(l.Peer)[:8] }

func (s *supplier) begin() {
	r := s.realm
	r.mu.Lock()
	defer r.unlock(&s.out, nil)
	s.callee = r.driver.AddPeer(driver.Callee{
		Session: s, Conn: s.link.Conn, Serializer: cluster.Serializer, PoolName: r.poolName,
		Most: driver.Bound{Bytes: s.link.Conn.MaxSend(), By: "what a peer's RawSocket announces"},
	}, cluster.Features, 0)
	r.sharing.suppliers[s.link.Peer] = s
	r.regroupSoon()
	s.log.Info().Str("address", s.link.Conn.RemoteAddr()).Msg("peer linked that calls may go to")
}

// poolName is what a peer is told of a pool.
func (r *realm) poolName(id dealer.PoolID) (match, procedure string) {
	if p := r.poolOf(id); p != nil {
		return p.match, p.procedure
	}
	return "", "" // it has closed, and this is a further part of a call
}

// end takes the end of the link: the calls that the peer has are lost, as those of any
// callee.
func (s *supplier) end() {
	r := s.realm
	r.mu.Lock()
	defer r.unlock(&s.out, nil)
	s.gone = true
	r.driver.Lose(&s.out, r.now(), s.callee)
	if r.sharing.suppliers[s.link.Peer] == s {
		delete(r.sharing.suppliers, s.link.Peer)
	}
	for _, p := range r.byPool {
		if r.isShared(p) {
			r.sharing.owe(p)
		}
	}
	r.regroupSoon()
}

// read takes the peer's answers until the link ends.
func (s *supplier) read() (err error) {
	defer contain(s.realm, &err)
	for {
		message, err := s.link.Conn.Read()
		if err != nil {
			return err
		}
		if err := s.take(message); err != nil {
			return err
		}
	}
}

// take handles one message of the peer's. An error ends the link.
func (s *supplier) take(raw []byte) error {
	m, err := s.heard.read(cluster.Serializer, raw)
	if err != nil {
		return s.violation(err)
	}
	switch m.Type {
	case codec.TypeYield, codec.TypeError:
		m.readCalleeAnswer(s.heard.room(), s.link.Conn)
	case codec.TypeGoodbye, codec.TypeAbort:
		return errPeerGoodbye
	default:
		return s.violation(fmt.Errorf("%s is not expected from a peer", m.Type))
	}
	switch {
	case m.wrong != nil:
		return s.violation(m.wrong)
	case m.failure != nil && m.RequestType != codec.TypeInvocation:
		return s.violation(fmt.Errorf("ERROR for %s is not expected from a peer", m.RequestType))
	}
	for {
		room, err := s.answer(m)
		if err != nil {
			return s.violation(err)
		}
		if room == (transport.Room{}) {
			return nil
		}
		s.out.Flush()
		if !s.link.Conn.Await(room) {
			return s.link.Conn.Err()
		}
	}
}

// answer brings an answer to the dealer, or returns what it has to wait for.
func (s *supplier) answer(m *message) (transport.Room, error) {
	r := s.realm
	r.mu.Lock()
	defer r.unlock(&s.out, nil)
	if s.gone { // it broke the protocol
		return transport.Room{}, errGone
	}
	defer r.arm()
	if from, held := r.dealer.HeldFrom(s.callee, m.Request); held {
		if room, ok := r.driver.Admits(s.callee, from, len(m.raw)); !ok {
			return room, nil
		}
		if m.harm != nil {
			return transport.Room{}, m.harm
		}
	}
	kind := answerKind(m)
	if m.failure != nil && driver.IsFull(cluster.Serializer, m.failure) {
		kind = dealer.Full
		s.owe(m.Request)
	}
	r.answerBy(&s.out, s.callee, cluster.Serializer, m, kind)
	if s.gone {
		return transport.Room{}, errGone
	}
	return transport.Room{}, nil
}

// owe has the load said again of the pool that a call is of which finds no room.
func (s *supplier) owe(request uint64) {
	r := s.realm
	if id, known := r.dealer.HeldIn(s.callee, request); known {
		if p := r.poolOf(id); p != nil {
			r.sharing.owe(p)
		}
	}
}

// violation says that a peer has broken the protocol, which ends its link.
func (s *supplier) violation(err error) error {
	if more, say := s.realm.proxy.peersWrong.now(); say {
		s.log.Warn().Str("violation", err.Error()).Int("more_since_last_line", more).Msg("link dropped: the peer broke the protocol")
	}
	return err
}

// What the driver asks of a callee's session. A peer has no registration of its own, and
// no session at the router by this connection.

// Discloses is false: a peer passes on what it is told.
func (s *supplier) Discloses(uint64) bool { return false }

// Revoke does nothing: a pool that closes only takes the peer's credits back.
func (s *supplier) Revoke(*transport.Outbox, uint64) {}

// OwnAnswered never comes.
func (s *supplier) OwnAnswered() { panic("proxy: a peer must have no INVOCATION of the router's own") }

// Violate ends the link of a peer that answers what it was never asked.
func (s *supplier) Violate(*transport.Outbox, string) { s.gone = true }
