package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/login"
	"github.com/wampool/wampool/proxy/transport"
)

// The longest waits before a peer is dialed again: at first, and at most.
const (
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 5 * time.Second
	dialTimeout  = 2 * time.Second
	joinTimeout  = 10 * time.Second
	// A link that has lasted so long was welcome: the next one is dialed soon.
	welcomeTime = 2 * time.Second
)

// dialer keeps a link up that this side dials.
type dialer struct {
	// Immutable.
	cluster *Cluster
	peer    Peer
	realm   string
	end     context.CancelFunc

	said   string // owned by run: the cause that the log has last
	saidAt time.Time
}

// run dials until it is not wanted any more, which a link that stands ends by itself.
func (d *dialer) run(ctx context.Context) {
	c, backoff := d.cluster, firstBackoff
	defer d.end()
	for ctx.Err() == nil {
		link, err := d.dial(ctx)
		if err == nil {
			d.said, d.saidAt = "", time.Time{}
			since := time.Now()
			c.run(link, c.host.Supply)
			link.Conn.Wait()
			if backoff = firstBackoff; time.Since(since) < welcomeTime {
				backoff = lastBackoff / 5
			}
			if !c.wants(d) {
				return
			}
		} else if ctx.Err() == nil {
			d.complain(err)
		}
		timer := time.NewTimer(backoff/2 + rand.N(backoff/2))
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
		backoff = min(2*backoff, lastBackoff)
	}
}

// complain says why a peer is not linked with, once for each cause, and once a minute at
// most.
func (d *dialer) complain(err error) {
	if unreached := (*transport.DialError)(nil); errors.As(err, &unreached) {
		err = unreached.Err
	}
	text := logged(err)
	if text == d.said || time.Since(d.saidAt) < time.Minute {
		return
	}
	d.said, d.saidAt = text, time.Now()
	line := d.cluster.log.Info()
	if why := (*refusal)(nil); errors.As(err, &why) && !why.passes() {
		line = d.cluster.log.Warn()
	}
	line.Str("peer", brief(d.peer.Node)).Str("address", d.peer.URL).Str("realm", d.realm).Str("cause", text).
		Msg("cluster: peer can't be linked with; waiting and retrying")
}

// dial is the supplier's part of the handshake.
func (d *dialer) dial(ctx context.Context) (*Link, error) {
	c := d.cluster
	role, known := c.host.Role(d.realm)
	if !known {
		return nil, errors.New("the own pool session has yet to join the router")
	}
	dialed, err := transport.Dial(ctx, d.peer.URL, transport.DialOptions{
		Serializers: []codec.Serializer{Serializer}, Timeout: dialTimeout, TLS: c.clientTLS(), Connect: c.options.Connect,
		Limits: c.options.DialLimits(c.keepalive),
	})
	if err != nil {
		return nil, err
	}
	conn := dialed.Conn
	conn.ChargeTo(c.budget)
	conn.Confine(joinBytes)
	timeout := time.AfterFunc(joinTimeout, func() { conn.Abort(errSlow) })
	defer timeout.Stop()
	stop := context.AfterFunc(ctx, func() { conn.Abort(ctx.Err()) })
	defer stop()
	link := &Link{Conn: conn, Peer: d.peer.Node, Realm: d.realm, Role: role, Dialed: true, ended: make(chan struct{})}
	conn.BeforeBlock(conn.Flush)
	conn.OnPong(link.pong)
	if err := d.join(link); err != nil {
		conn.Close(1000, "", closeLinger)
		conn.Wait()
		return nil, err
	}
	conn.Confine(0)
	return link, nil
}

// join says HELLO and answers the taker's challenge.
func (d *dialer) join(link *Link) error {
	c, conn := d.cluster, link.Conn
	identity, err := login.New(login.CRA, Text(c.self), c.keys.link)
	if err != nil {
		return err
	}
	mine := greeting{version: version, node: c.self, role: link.Role, nonce: newNonce()}
	fields := append([]codec.Field{
		{Key: "agent", Value: codec.FieldString("wampool")},
		{Key: "roles", Value: codec.FieldDict([]codec.Field{{Key: "callee", Value: features()}, {Key: "subscriber", Value: codec.FieldDict(nil)}})},
		mine.field(),
	}, identity.Fields()...)
	hello := codec.Hello{Realm: d.realm, Details: codec.NewDict(Serializer, fields...)}
	if err := conn.Send(hello.Append(nil, Serializer)); err != nil {
		return err
	}
	for {
		message, err := conn.Read()
		if err != nil {
			return err
		}
		t, err := codec.PeekType(Serializer, message)
		if err != nil {
			return err
		}
		switch t {
		case codec.TypeChallenge:
			err = d.authenticate(conn, identity, message)
		case codec.TypeWelcome:
			return d.welcomed(message, &mine)
		case codec.TypeAbort:
			var m codec.Abort
			if err := m.Decode(Serializer, message); err != nil {
				return err
			}
			return refuse(m.Reason, "the peer refuses it: %.100s: %.200s", m.Reason, m.Message)
		default:
			err = fmt.Errorf("the peer sent %s before WELCOME", t)
		}
		if err != nil {
			return err
		}
	}
}

// authenticate signs a challenge that names both nodes.
func (d *dialer) authenticate(conn *transport.Conn, identity *login.Login, message []byte) error {
	var m codec.Challenge
	if err := m.Decode(Serializer, message); err != nil {
		return err
	}
	text, err := textOf(m.Extra, "challenge")
	if _, salted := m.Extra.Lookup(Serializer, "salt"); err != nil || salted || !asksFor(text, d.peer.Node, d.cluster.self, d.realm) {
		return refuse(uriNotAuthorized, "who listens at the peer's address is another node")
	}
	answer, err := identity.Answer(Serializer, &m)
	if err != nil {
		return err
	}
	return conn.Send(answer.Append(nil, Serializer))
}

// welcomed judges the taker's WELCOME.
func (d *dialer) welcomed(message []byte, mine *greeting) error {
	c := d.cluster
	var m codec.Welcome
	if err := m.Decode(Serializer, message); err != nil {
		return err
	}
	theirs, err := readGreeting(m.Details)
	switch {
	case err != nil:
		return err
	case theirs.node == c.self:
		return refuse(uriNotAuthorized, "a link of this sidecar with itself")
	case theirs.node != d.peer.Node:
		return refuse(uriNotAuthorized, "who listens at the peer's address is another node")
	case !compatible(theirs.version):
		return refuse(uriVersion, "it has version %d of links, and this sidecar %d", theirs.version, version)
	case theirs.role != mine.role:
		return refuse(uriOtherRole, "the router gives it the authrole %.100q, and this sidecar %.100q", theirs.role, mine.role)
	case !c.keys.isSigned(proofOf(theirs.node, c.self, d.realm, mine.nonce), theirs.proof):
		return refuse(uriAuthentication, "who listens there does not know the cluster's secret")
	}
	return nil
}
