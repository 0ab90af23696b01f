package proxy

import (
	"errors"
	"fmt"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/cluster"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// taker is a peer that was dialed, and forwards calls to callees here: to the dealer an
// origin, as a pool session is. It runs for as long as its link does.
type taker struct {
	// Immutable.
	realm  *realm
	link   *cluster.Link
	origin dealer.OriginID
	log    zerolog.Logger

	// Owned by run.
	out   transport.Outbox
	heard inbox
	said  tidingsHeard

	got uint64 // under realm.mu: calls that had room
}

var (
	errTidings     = errors.New("an EVENT of a peer that says neither loads nor matches as they are said")
	errPeerGoodbye = errors.New("the peer said GOODBYE")
)

// supply lets a peer's calls have slots here until its link ends.
func (r *realm) supply(l *cluster.Link) {
	t := &taker{realm: r, link: l, log: r.log.With().Str("peer", cluster.Text(l.Peer)[:8]).Logger()}
	l.Conn.BeforeBlock(func() {
		r.tellLoads(&t.out)
		t.out.Flush()
	})
	t.begin()
	err := t.read()
	t.end()
	t.out.Flush()
	l.Conn.Close(1000, "", closeLinger)
	t.log.Info().AnErr("cause", err).Msg("peer gone that calls could come from")
}

func (t *taker) begin() {
	r := t.realm
	r.mu.Lock()
	defer r.unlock(&t.out, nil)
	t.origin = r.driver.AddPeerOrigin(driver.Origin{
		Conn: t.link.Conn, Serializer: cluster.Serializer, Most: driver.Bound{Bytes: t.link.Conn.MaxSend(), By: "what a peer's RawSocket announces"},
	})
	r.sharing.takers[t.link.Peer] = t
	r.regroupSoon()
	t.log.Info().Str("address", t.link.Conn.RemoteAddr()).Msg("peer linked that calls may come from")
}

// end takes the end of the link: calls of the peer's that run here are nobody's any
// more.
func (t *taker) end() {
	r := t.realm
	r.mu.Lock()
	defer r.unlock(&t.out, nil)
	r.driver.RemoveOrigin(&t.out, r.now(), t.origin)
	if r.sharing.takers[t.link.Peer] == t {
		delete(r.sharing.takers, t.link.Peer)
		r.sharing.matchmaker.Lose(t.link.Peer)
	}
	r.regroupSoon()
}

// read takes the peer's messages until the link ends.
func (t *taker) read() (err error) {
	defer contain(t.realm, &err)
	for {
		message, err := t.link.Conn.Read()
		if err != nil {
			return err
		}
		if err := t.take(message); err != nil {
			return err
		}
	}
}

// take handles one message of the peer's, after all of its head was read. An error ends
// the link.
func (t *taker) take(raw []byte) error {
	m, err := t.heard.read(cluster.Serializer, raw)
	if err != nil {
		return err
	}
	var said bool
	in := t.heard.room()
	switch m.Type {
	case codec.TypeInvocation:
		m.own(t.link.Conn)
		m.invocation = &in.invocation
		if err = m.invocation.DecodeBehind(&m.Head); err == nil {
			m.parent = t.realm.proxy.contextOf(cluster.Serializer, m.invocation.Payload, m.invocation.Passthru)
			err = m.invocation.Payload.Validate(cluster.Serializer)
		}
	case codec.TypeInterrupt:
		m.interrupt = &in.interrupt
		err = m.interrupt.DecodeBehind(&m.Head)
	case codec.TypeEvent:
		var event codec.Event
		if err = event.Decode(cluster.Serializer, raw); err == nil {
			err, said = t.said.read(&event), true
		}
	case codec.TypeGoodbye, codec.TypeAbort:
		return errPeerGoodbye
	default:
		err = fmt.Errorf("%s is not expected from a peer", m.Type)
	}
	if err != nil {
		return t.violation(err)
	}
	r := t.realm
	r.mu.Lock()
	defer r.unlock(&t.out, nil)
	defer r.arm()
	switch {
	case said:
		r.hear(&t.out, t.link.Peer, &t.said)
	case m.interrupt != nil:
		r.driver.Perform(&t.out, r.dealer.Cancel(r.now(), t.origin, m.Request, m.interrupt.Mode),
			driver.Hand{Serializer: cluster.Serializer, Interrupt: m.interrupt})
	default:
		t.call(m)
	}
	return nil
}

// violation says that a peer has broken the protocol, which ends its link.
func (t *taker) violation(err error) error {
	if more, say := t.realm.proxy.peersWrong.now(); say {
		t.log.Warn().Str("violation", err.Error()).Int("more_since_last_line", more).Msg("link dropped: the peer broke the protocol")
	}
	return err
}

// call takes a forwarded call, or a further part of one: for a pool that this sidecar
// holds at the router itself, in the peer's role, and for no other.
func (t *taker) call(heard *message) {
	r, m := t.realm, heard.invocation
	state, pool := r.dealer.CallState(t.origin, m.Request)
	match, procedure, details, kept, named := driver.PoolOf(cluster.Serializer, m, r.details)
	r.details = kept
	switch state {
	case dealer.Over, dealer.Complete:
		return
	case dealer.Unknown:
		p := r.pools[match+" "+procedure]
		if !named || !r.isShared(p) || !r.isHeldBy(p, t.link.Role) {
			r.driver.SendFull(&t.out, t.origin, m.Request, "this sidecar does not hold the procedure, or shares it with nobody")
			missed := dealer.Missed{
				Origin: t.origin, Request: m.Request, Bytes: m.Payload.Len(), Outcome: dealer.ReasonFull.Outcome(), Parts: m.Progress,
			}
			if p != nil {
				missed.Key = p.key
			}
			r.driver.Perform(&t.out, r.dealer.Miss(r.now(), missed), driver.Hand{})
			return
		}
		pool = p.id
		p.matching.said.Land()
	}
	before := r.dealer.Outstanding(t.origin)
	r.driver.Perform(&t.out, r.deal(heard, dealer.Call{
		Pool: pool, Origin: t.origin, Request: m.Request,
		Body:            codec.Body{Serializer: cluster.Serializer, Details: details, Payload: m.Payload, Memory: heard.memory},
		ReceiveProgress: m.ReceiveProgress, Progress: m.Progress, Passthru: m.Passthru, Timeout: r.timeoutOf(m.Timeout),
	}), driver.Hand{})
	if r.dealer.Outstanding(t.origin) > before {
		t.got++
	}
}
