package proxy

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// poolState is the pool session as the realm sees it, under realm.mu.
type poolState struct {
	conn          *transport.Conn // nil: down
	serializer    codec.Serializer
	session       uint64
	authRole      string
	lastRequest   uint64
	requests      map[uint64]*uplink // REGISTER and UNREGISTER without an answer
	registrations map[uint64]*uplink // by the router's registration ID
	leaving       bool               // GOODBYE was sent
}

// request draws the request ID of a message to the router, and notes whom the
// answer concerns.
func (p *poolState) request(up *uplink) uint64 {
	p.lastRequest++
	p.requests[p.lastRequest] = up
	return p.lastRequest
}

const (
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 5 * time.Second
	loginTimeout = 10 * time.Second
)

// What the pool session takes is more than one client may: nobody's large
// message is to cost all callees their registrations. A call larger than a
// client's limit, and an answer that the router is too slow for, get an error.
const (
	poolMessageBytes    = 256 << 20
	poolSendBufferBytes = 256 << 20
)

// poolSession is wampool's own session at the router, which holds the
// registrations of all pools of a realm. Its run method joins the realm, and
// joins again whenever the session ends.
type poolSession struct {
	realm *realm
	out   transport.Outbox // owned by run
}

// run keeps the pool session up until ctx ends.
func (p *poolSession) run(ctx context.Context) {
	r := p.realm
	backoff := firstBackoff
	for ctx.Err() == nil {
		conn, welcome, err := p.join(ctx)
		if err == nil {
			p.up(conn, welcome)
			since := time.Now()
			stop := context.AfterFunc(ctx, func() { conn.Abort(errStopped) })
			err = p.read(conn)
			stop()
			p.down(conn, err)
			if time.Since(since) > lastBackoff { // it was not turned away at once
				backoff = firstBackoff
			}
		} else if ctx.Err() == nil {
			r.mu.Lock()
			r.notJoined = err.Error()
			r.mu.Unlock()
			r.log.Warn().Err(err).Dur("retry_in", backoff).Msg("pool session can't join the router; waiting and retrying")
		}
		if ctx.Err() != nil || r.stopping() {
			return
		}
		// Between half of the backoff and all of it, so that many sidecars do
		// not come back to a restarted router in step.
		timer := time.NewTimer(backoff/2 + rand.N(backoff/2))
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
		backoff = min(2*backoff, lastBackoff)
	}
}

// up makes the session the realm's: every registration that is wanted is asked for.
func (p *poolSession) up(conn *transport.Conn, welcome *codec.Welcome) {
	r := p.realm
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pool = poolState{
		conn: conn, serializer: conn.Serializer(), session: welcome.Session, authRole: welcome.AuthRole,
		requests: make(map[uint64]*uplink), registrations: make(map[uint64]*uplink),
	}
	r.notJoined = ""
	r.origins[r.poolOrigin] = origin{conn: conn, serializer: conn.Serializer()}
	r.log.Info().Uint64("session", welcome.Session).Str("authrole", welcome.AuthRole).
		Stringer("serializer", conn.Serializer()).Msg("pool session up")
	for _, up := range r.uplinks {
		up.retryIn = 0
		if up.wanted {
			r.askUplink(&p.out, up)
		}
	}
	r.resumeRegisters(&p.out)
	r.arm()
}

// down takes the end of the session. The router has answered the callers of
// all its calls; no callee is told, and their slots stay taken until they answer.
func (p *poolSession) down(conn *transport.Conn, cause error) {
	r := p.realm
	r.mu.Lock()
	r.perform(&p.out, r.dealer.DropOrigin(r.now(), r.poolOrigin), hand{})
	leaving := r.pool.leaving
	r.pool = poolState{}
	r.notJoined = "its connection ended: " + cause.Error()
	r.origins[r.poolOrigin] = origin{}
	for _, up := range r.uplinks {
		up.state, up.registration, up.revoked = absent, 0, false
		if !up.wanted {
			r.leaveUplink(&p.out, up)
		}
	}
	r.arm()
	r.mu.Unlock()
	p.out.Flush()
	conn.Close(1000, "", time.Second)
	if leaving {
		r.log.Info().Msg("pool session left")
		return
	}
	r.log.Warn().Err(cause).Msg("pool session down")
}

var errRouterGoodbye = errors.New("router said GOODBYE")

// read takes the router's messages until the session ends.
func (p *poolSession) read(conn *transport.Conn) error {
	for {
		message, err := conn.Read()
		if err != nil {
			return err
		}
		if err := p.take(conn, message); err != nil {
			p.out.Flush()
			return err
		}
	}
}

// take handles one message of the router.
func (p *poolSession) take(conn *transport.Conn, message []byte) error {
	r, s := p.realm, conn.Serializer()
	t, err := codec.PeekType(s, message)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.arm()
	switch t {
	case codec.TypeInvocation:
		var m codec.Invocation
		if err := m.Decode(s, message); err != nil {
			return err
		}
		p.invocation(&m, len(message))
	case codec.TypeInterrupt:
		var m codec.Interrupt
		if err := m.Decode(s, message); err != nil {
			return err
		}
		r.perform(&p.out, r.dealer.Cancel(r.now(), r.poolOrigin, m.Request, m.Mode), hand{serializer: s, interrupt: &m})
	case codec.TypeRegistered:
		var m codec.Registered
		if err := m.Decode(s, message); err != nil {
			return err
		}
		if up := p.answered(m.Request); up != nil {
			r.uplinkRegistered(&p.out, up, m.Registration)
		}
	case codec.TypeUnregistered:
		var m codec.Unregistered
		if err := m.Decode(s, message); err != nil {
			return err
		}
		p.unregistered(&m)
	case codec.TypeError:
		var m codec.Error
		if err := m.Decode(s, message); err == nil {
			p.refused(&m)
		} else if answersOurs(s, message) {
			return err
		} // else of an answer of a callee, which concerns nobody any more
	case codec.TypeGoodbye:
		if !r.pool.leaving {
			bye := codec.Goodbye{Reason: uriGoodbyeAndOut}
			p.out.Send(conn, bye.Append(nil, s))
		}
		return errRouterGoodbye
	case codec.TypeAbort:
		var m codec.Abort
		if err := m.Decode(s, message); err != nil {
			return err
		}
		return fmt.Errorf("router aborted the pool session: %s: %s", m.Reason, m.Message)
	}
	return nil
}

// answersOurs tells whether an ERROR is the answer to a REGISTER or UNREGISTER.
// Routers send others, not all of them well formed: fox-wamp answers a YIELD
// for a call that is over by an ERROR whose URI is a number.
func answersOurs(s codec.Serializer, message []byte) bool {
	t, err := codec.ID(s, message, 1)
	return err == nil && (t == uint64(codec.TypeRegister) || t == uint64(codec.TypeUnregister))
}

// answered returns whom the answer to our request concerns, once.
func (p *poolSession) answered(request uint64) *uplink {
	up := p.realm.pool.requests[request]
	delete(p.realm.pool.requests, request)
	return up
}

func (p *poolSession) invocation(m *codec.Invocation, size int) {
	r := p.realm
	if most := r.proxy.config.Limits.MessageBytes; int64(size) > most {
		r.message = r.errorMessage(&r.origins[r.poolOrigin], m.Request, uriPayloadSize, codec.TextPayload(r.pool.serializer, nil,
			fmt.Sprintf("the call has %d bytes, and %d is the most that a callee may get (limits.message_bytes)", size, most), nil))
		p.out.Send(r.pool.conn, r.message)
		return
	}
	up := r.pool.registrations[m.Registration]
	if up == nil || r.uplinkOf(up.pool) != up {
		// The registration is being given up, or the router errs: the call is
		// answered all the same.
		procedure := "an unknown registration"
		if up != nil {
			procedure = up.procedure
		}
		r.message = r.errorMessage(&r.origins[r.poolOrigin], m.Request, uriNoCallee,
			refusalPayload(r.pool.serializer, nil, dealer.Refusal{Reason: dealer.ReasonNoCallee}, procedure))
		p.out.Send(r.pool.conn, r.message)
		return
	}
	r.perform(&p.out, r.dealer.Call(r.now(), dealer.Call{
		Pool: up.pool, Origin: r.poolOrigin, Request: m.Request,
		Body:            codec.Body{Serializer: r.pool.serializer, Details: m.Details, Payload: m.Payload},
		ReceiveProgress: m.ReceiveProgress, Progress: m.Progress, Passthru: m.Passthru, Timeout: r.timeoutOf(m.Timeout),
	}), hand{})
}

// unregistered takes the end of a registration: the answer to our UNREGISTER,
// or the router's revocation (request 0, "Registration Revocation").
func (p *poolSession) unregistered(m *codec.Unregistered) {
	r := p.realm
	if m.Request != 0 {
		if up := p.answered(m.Request); up != nil && up.state == leaving {
			r.uplinkUnregistered(&p.out, up)
		}
		return
	}
	if up := r.pool.registrations[m.Registration]; up != nil {
		r.log.Warn().Str("procedure", up.procedure).Str("reason", m.Reason).Msg("router revoked the pool's registration")
		up.revoked = up.wanted
		r.uplinkUnregistered(&p.out, up)
	}
}

func (p *poolSession) refused(m *codec.Error) {
	r := p.realm
	switch m.RequestType {
	case codec.TypeRegister:
		if up := p.answered(m.Request); up != nil {
			r.uplinkRefused(&p.out, up, m)
		}
	case codec.TypeUnregister: // it was gone already
		if up := p.answered(m.Request); up != nil && up.state == leaving {
			r.uplinkUnregistered(&p.out, up)
		}
	}
}
