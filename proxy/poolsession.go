package proxy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// The longest wait before the pool session is tried again: at first, after a
// session that the router had welcomed, and at most, when it turns it away.
const (
	firstBackoff   = 100 * time.Millisecond
	welcomeBackoff = 800 * time.Millisecond
	lastBackoff    = 5 * time.Second
)

// What the pool session takes is more than one client may: nobody's large
// message is to cost all callees their registrations. A call larger than a
// client's limit, and an answer that the router is too slow for, get an error.
const (
	// A router that takes no longer messages than router.message_bytes may send
	// longer ones, for they grow where it puts them into another serializer: text
	// of control characters 6 times, small floats 9 times.
	poolGrowth          = 16
	poolSendBufferBytes = 256 << 20
)

// run keeps the pool session up until the link is over or ctx ends.
func (l *link) run(ctx context.Context) {
	defer l.forget()
	defer l.end()
	defer context.AfterFunc(ctx, l.end)()
	backoff := firstBackoff
	var failures complaint
	for ctx = l.life; ctx.Err() == nil; {
		conn, welcome, err := l.join(ctx)
		if err == nil {
			failures = complaint{}
			l.up(conn, welcome)
			since := time.Now()
			stop := context.AfterFunc(ctx, func() { conn.Abort(errStopped) })
			err = l.read(conn)
			stop()
			l.down(conn, err)
			backoff = afterWelcome(backoff, time.Since(since))
		} else if ctx.Err() == nil {
			l.turnAway(err)
			l.out.Flush()
			if more, say := failures.now(err.Error(), time.Now()); say {
				l.log.Warn().Err(err).Int("more_since_last_line", more).
					Msg("pool session can't join the router; waiting and retrying, at least every " + lastBackoff.String())
			}
		}
		if l.over() {
			return
		}
		// Between half of the backoff and all of it, so that many sidecars do
		// not come back to a restarted router in step.
		timer := time.NewTimer(backoff/2 + time.Duration(l.jitter.Int64N(int64(backoff/2))))
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
		backoff = min(2*backoff, lastBackoff)
	}
}

// turnAway takes note of why the session is not up.
func (l *link) turnAway(cause error) {
	r := l.realm
	r.mu.Lock()
	defer r.unlock(&l.out, nil)
	l.notJoined = cause.Error()
	if errors.As(cause, new(refusedError)) {
		r.bring(&l.out, func() []admission.Action {
			actions, away := r.registrar.LinkTurnedAway(r.now(), l.id)
			if away {
				l.log.Warn().Msg("the router refuses a pool session of this serializer beside the first one: its pools register on that")
			}
			return actions
		})
		r.arm()
	}
}

// afterWelcome is the backoff after a session that has lasted so long. It was
// welcome: whatever the router ended it for, it is back within a second.
func afterWelcome(backoff, lasted time.Duration) time.Duration {
	if lasted > welcomeBackoff {
		return firstBackoff
	}
	return min(backoff, welcomeBackoff)
}

// up makes the session the realm's: every registration that is wanted is asked for.
func (l *link) up(conn *transport.Conn, welcome *codec.Welcome) {
	r := l.realm
	r.mu.Lock()
	defer r.unlock(&l.out, nil)
	l.linkState = linkState{
		conn: conn, serializer: conn.Serializer(), session: welcome.Session, authRole: welcome.AuthRole,
		registrations: make(map[uint64]*pool),
	}
	l.notJoined, l.speaks = "", l.serializer
	r.joins[l.serializer]++
	if r.role, r.hasJoined = l.authRole, true; r.sharing != nil {
		r.sharing.cluster.Poke()
	}
	clear(r.forbidden) // the session may have another role now
	r.takeUnit(l.serializer, welcome)
	_, mute := welcome.Details.Lookup(l.serializer, "x_cb_node") // since 2020
	r.driver.SetOrigin(l.origin, driver.Origin{Conn: conn, Serializer: l.serializer, Most: r.proxy.routerTakes(conn), HasLastWord: mute})
	r.log.Info().Uint64("session", welcome.Session).Str("authrole", welcome.AuthRole).
		Stringer("serializer", conn.Serializer()).Msg("pool session up")
	r.tellRoleless()
	r.bring(&l.out, func() []admission.Action {
		return r.registrar.LinkUp(r.now(), l.id, admission.LinkSession{Serializer: l.serializer, Role: l.authRole, RoundTrip: l.loginTrip})
	})
	r.arm()
}

// down takes the end of the session. The router has answered the callers of
// all its calls ("Callee Leaving During an RPC Invocation",
// #name-callee-leaving-during-an-rp); no callee is told, and their slots stay
// taken until they answer.
func (l *link) down(conn *transport.Conn, cause error) {
	leaving := l.lose(cause)
	l.out.Flush()
	conn.Close(1000, "", time.Second)
	if leaving {
		l.log.Info().Msg("pool session left")
		return
	}
	l.log.Warn().Err(cause).Msg("pool session down")
}

// lose takes the session out of the realm. It returns whether it was leaving.
func (l *link) lose(cause error) (leaving bool) {
	r := l.realm
	r.mu.Lock()
	defer r.unlock(&l.out, nil)
	leaving = l.leaving
	for registration := range l.registrations {
		l.unhold(registration)
	}
	l.linkState = linkState{}
	l.notJoined = "its connection ended: " + cause.Error()
	r.driver.DropOrigin(&l.out, r.now(), l.origin)
	r.bring(&l.out, func() []admission.Action { return r.registrar.LinkDown(r.now(), l.id) })
	r.arm()
	return leaving
}

var (
	errRouterGoodbye = errors.New("router said GOODBYE")
	errRenewed       = errors.New("the router did not answer GOODBYE")
)

// read takes the router's messages until the session ends.
func (l *link) read(conn *transport.Conn) (err error) {
	defer l.contain(&err)
	for {
		message, err := conn.Read()
		if err != nil {
			return err
		}
		if err := l.take(conn, message); err != nil {
			l.out.Flush()
			return err
		}
	}
}

// flush flushes what the reader has sent, before it waits.
func (l *link) flush() {
	l.realm.tellLoads(&l.out)
	l.out.Flush()
}

// take handles one message of the router, after all of its head was read.
func (l *link) take(conn *transport.Conn, raw []byte) error {
	m, err := l.heard.read(conn.Serializer(), raw)
	if err != nil {
		return err
	}
	switch m.Type {
	case codec.TypeGoodbye:
		l.answerGoodbye(conn)
		return errRouterGoodbye
	case codec.TypeAbort:
		return abortOf(conn.Serializer(), raw)
	}
	if m.Type == codec.TypeInvocation {
		m.own(conn)
	}
	l.readOn(conn.Serializer(), m)
	isCall := m.Type == codec.TypeInvocation || m.Type == codec.TypeInterrupt
	if m.wrong != nil && (m.Request == 0 || !isCall) {
		l.unreadable(m)
		return nil
	}
	r := l.realm
	r.mu.Lock()
	defer l.unlock(m)
	defer r.arm()
	l.dispatch(m)
	return nil
}

// readOn reads on in a message behind its head, without the realm's lock.
func (l *link) readOn(s codec.Serializer, m *message) {
	in := l.heard.room()
	switch m.Type {
	case codec.TypeInvocation:
		m.invocation = &in.invocation
		if m.wrong = m.invocation.DecodeBehind(&m.Head); m.wrong == nil {
			m.parent = l.realm.proxy.contextOf(s, m.invocation.Payload, m.invocation.Passthru)
		}
	case codec.TypeInterrupt:
		m.interrupt = &in.interrupt
		if m.wrong = m.interrupt.DecodeBehind(&m.Head); m.wrong != nil {
			// It is canceled all the same, by the mode after which the router takes
			// an answer, whether it waits for one or not.
			*m.interrupt = codec.Interrupt{Request: m.Request, Mode: codec.CancelKill}
		}
	case codec.TypeRegistered:
		m.wrong = m.registered.DecodeBehind(&m.Head) // asked again, as if it had not come
	case codec.TypeUnregistered:
		m.wrong = m.unregistered.DecodeBehind(&m.Head)
	case codec.TypeError:
		// fox-wamp answers a YIELD for a call that is over by an ERROR whose URI is
		// a number.
		m.failure = &in.failure
		m.wrong = m.failure.DecodeBehind(&m.Head)
	}
}

// dispatch handles a message of the router that was read. realm.mu is held.
func (l *link) dispatch(m *message) {
	r := l.realm
	switch {
	case m.Type == codec.TypeInvocation && m.wrong != nil:
		r.endOrMiss(&l.out, l.missed(m, dealer.Failed), uriInvalidArgument, "the call can't be passed on: "+m.wrong.Error())
	case m.Type == codec.TypeInvocation:
		l.invocation(m)
	case m.Type == codec.TypeInterrupt:
		r.driver.Perform(&l.out, r.dealer.Cancel(r.now(), l.origin, m.Request, m.interrupt.Mode),
			driver.Hand{Serializer: l.serializer, Interrupt: m.interrupt})
	case m.Type == codec.TypeRegistered, m.Type == codec.TypeUnregistered, m.Type == codec.TypeError:
		l.answered(m)
	}
}

// answerGoodbye answers the router's GOODBYE, unless it is an answer itself
// ("GOODBYE", #name-goodbye-2).
func (l *link) answerGoodbye(conn *transport.Conn) {
	l.realm.mu.Lock()
	leaving := l.leaving
	l.realm.mu.Unlock()
	if !leaving {
		bye := codec.Goodbye{Reason: uriGoodbyeAndOut}
		l.out.Send(conn, bye.Append(nil, conn.Serializer()))
	}
}

// abortOf is why the session has ended, by the router's ABORT.
func abortOf(s codec.Serializer, raw []byte) error {
	var m codec.Abort
	if err := m.Decode(s, raw); err != nil {
		return err
	}
	return fmt.Errorf("router aborted the pool session: %s: %s", m.Reason, m.Message)
}

// unreadable leaves out a message of the router that can't be decoded. It costs
// no pool its registration.
func (l *link) unreadable(m *message) {
	if more, say := l.realm.proxy.leftOut.now(); say {
		l.log.Warn().Err(m.wrong).Stringer("message", m.Type).Int("more_since_last_line", more).Msg("message of the router to the pool session can't be read: it is left out")
	}
}

// invocation takes a call of the router, or a further part of one.
func (l *link) invocation(heard *message) {
	r, m, size := l.realm, heard.invocation, len(heard.raw)
	p, most := l.registrations[m.Registration], r.proxy.config().Limits.MessageBytes
	if r.isOpen(p) && int64(size) <= most {
		l.call(heard, p.id)
		return
	}
	state, pool := r.dealer.CallState(l.origin, m.Request)
	switch {
	case state == dealer.Over: // it has its answer
	case int64(size) > most:
		r.endOrMiss(&l.out, l.missed(heard, dealer.Failed), uriPayloadSize,
			fmt.Sprintf("the call has %d bytes, and %d is the most that a callee may get (limits.message_bytes)", size, most))
	case state == dealer.Open: // the pool has closed since it began
		l.call(heard, pool)
	default:
		// The registration is being given up, or the router errs: the call is
		// answered all the same.
		procedure := "an unknown registration"
		if p != nil {
			procedure = p.procedure
		}
		r.miss(&l.out, l.missed(heard, dealer.ReasonNoCallee.Outcome()), uriNoCallee,
			refusalPayload(l.serializer, nil, dealer.Refusal{Reason: dealer.ReasonNoCallee}, procedure))
	}
}

// missed is a call of the router that can't come to its pool.
func (l *link) missed(heard *message, outcome dealer.Outcome) dealer.Missed {
	m := heard.invocation
	missed := dealer.Missed{Origin: l.origin, Request: m.Request, Bytes: len(heard.raw), Outcome: outcome, Parts: m.Progress}
	if p := l.registrations[m.Registration]; p != nil {
		missed.Key = p.key
	}
	return missed
}

// call hands a call, or a further part of one, to the dealer.
func (l *link) call(heard *message, pool dealer.PoolID) {
	r, m := l.realm, heard.invocation
	r.driver.Perform(&l.out, r.deal(heard, dealer.Call{
		Pool: pool, Origin: l.origin, Request: m.Request,
		Body:            codec.Body{Serializer: l.serializer, Details: m.Details, Payload: m.Payload, Memory: heard.memory},
		ReceiveProgress: m.ReceiveProgress, Progress: m.Progress, Passthru: m.Passthru, Timeout: r.timeoutOf(m.Timeout),
	}), driver.Hand{})
}
