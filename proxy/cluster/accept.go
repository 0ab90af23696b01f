package cluster

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/login"
	"github.com/wampool/wampool/proxy/transport"
)

// joinBytes is the most that a stranger may send in a message, and have waiting.
const joinBytes = 64 << 10

var (
	errSlow     = errors.New("it has not joined in time (limits.handshake_timeout)")
	errReplaced = errors.New("the peer has dialed again")
	errClosed   = errors.New("this sidecar stops")
	errRole     = errors.New("the router gives this sidecar another authrole now")
)

// accept takes a connection of whoever it may be, and leaves it to a goroutine that
// ends with it.
func (c *Cluster) accept(h *transport.Handshake) {
	if !slices.Contains(h.Serializers(), Serializer) {
		h.Reject(400, "links speak CBOR")
		return
	}
	conn, err := h.Accept(Serializer, nil)
	if err != nil {
		c.log.Debug().Err(err).Msg("cluster: a connection ended in its handshake")
		return
	}
	until := h.Until()
	if !c.start(func() { c.runAccepted(conn, until) }) {
		conn.Abort(errClosed)
	}
}

// runAccepted joins a peer and has the host take its link until it ends.
func (c *Cluster) runAccepted(conn *transport.Conn, until time.Time) {
	defer conn.Wait()
	account := c.budget.Open(conn.Abort)
	defer account.Close()
	conn.Charge(account)
	conn.Confine(joinBytes)
	timeout := time.AfterFunc(time.Until(until), func() { conn.Abort(errSlow) })
	link, err := c.welcome(conn)
	if !timeout.Stop() && err == nil {
		err = errSlow
	}
	if err != nil {
		c.refused(conn, err)
		return
	}
	conn.Confine(0)
	c.run(link, c.host.Take)
}

// refused tells the peer and the log why there is no link.
func (c *Cluster) refused(conn *transport.Conn, err error) {
	abort(conn, err)
	var why *refusal
	if errors.As(err, &why) && why.passes() { // it comes again
		c.log.Debug().Str("peer", conn.RemoteAddr()).Err(err).Msg("cluster: link refused")
		return
	}
	if more, say := c.unlinked.now(); say {
		c.log.Warn().Str("peer", conn.RemoteAddr()).Str("cause", err.Error()).Int("more_since_last_line", more).Msg("cluster: link refused")
	}
}

// welcome is the taker's part of the handshake.
func (c *Cluster) welcome(conn *transport.Conn) (*Link, error) {
	link := &Link{Conn: conn, ended: make(chan struct{})}
	conn.BeforeBlock(conn.Flush)
	conn.OnPong(link.pong)
	message, err := conn.Read()
	if err != nil {
		return nil, err
	}
	var hello codec.Hello
	if err := hello.Decode(Serializer, message); err != nil {
		return nil, refuse(uriProtocolViolation, "HELLO: %s", err)
	}
	theirs, err := readGreeting(hello.Details)
	switch {
	case err != nil:
		return nil, refuse(uriProtocolViolation, "HELLO: %s", err)
	case !hello.Roles.Callee:
		return nil, refuse(uriProtocolViolation, "HELLO: a peer joins as a callee")
	case !slices.Contains(hello.AuthMethods, login.CRA):
		return nil, refuse(uriNoAuthMethod, "links know the authentication method %s only", login.CRA)
	}
	link.Peer, link.Realm, link.Role = theirs.node, hello.Realm, theirs.role
	if err := c.challenge(conn, &theirs, hello.Realm); err != nil {
		return nil, err
	}
	if err := c.admit(&theirs, hello.Realm); err != nil {
		return nil, err
	}
	m := codec.Welcome{Session: rand.Uint64N(codec.MaxID) + 1, Details: codec.NewDict(Serializer,
		codec.Field{Key: "realm", Value: codec.FieldString(hello.Realm)},
		codec.Field{Key: "authid", Value: codec.FieldString(Text(theirs.node))},
		codec.Field{Key: "authrole", Value: codec.FieldString("peer")},
		codec.Field{Key: "authmethod", Value: codec.FieldString(login.CRA)},
		codec.Field{Key: "authprovider", Value: codec.FieldString("wampool")},
		codec.Field{Key: "roles", Value: codec.FieldDict([]codec.Field{{Key: "broker", Value: codec.FieldDict(nil)}, {Key: "dealer", Value: features()}})},
		(&greeting{version: version, node: c.self, role: link.Role, proof: c.keys.sign(proofOf(c.self, theirs.node, hello.Realm, theirs.nonce))}).field(),
	)}
	return link, conn.Send(m.Append(nil, Serializer))
}

// challenge has a stranger prove that it knows the secret, before it is told anything.
func (c *Cluster) challenge(conn *transport.Conn, theirs *greeting, realm string) error {
	text := challengeOf(c.self, theirs.node, realm, newNonce())
	m := codec.Challenge{AuthMethod: login.CRA, Extra: codec.NewDict(Serializer, codec.Field{Key: "challenge", Value: codec.FieldString(text)})}
	if err := conn.Send(m.Append(nil, Serializer)); err != nil {
		return err
	}
	message, err := conn.Read()
	if err != nil {
		return err
	}
	if t, err := codec.PeekType(Serializer, message); err == nil && t == codec.TypeAbort {
		return errors.New("the peer does not want it")
	}
	var answer codec.Authenticate
	if err := answer.Decode(Serializer, message); err != nil {
		return refuse(uriProtocolViolation, "AUTHENTICATE: %s", err)
	}
	if !c.keys.isSigned(text, answer.Signature) {
		return refuse(uriAuthentication, "it does not know the cluster's secret")
	}
	return nil
}

// admit tells whether there may be a link with a peer that knows the secret.
func (c *Cluster) admit(theirs *greeting, realm string) error {
	role, known := c.host.Role(realm)
	switch {
	case theirs.node == c.self:
		return refuse(uriNotAuthorized, "a link of this sidecar with itself")
	case !compatible(theirs.version):
		return refuse(uriVersion, "it has version %d of links, and this sidecar %d: those that are one apart can be linked", theirs.version, version)
	case c.isDraining():
		return refuse(uriDraining, "this sidecar stops")
	case !known:
		return refuse(uriNoSuchRealm, "no pool session here is in realm %.200q, or not yet", realm)
	case role != theirs.role:
		return refuse(uriOtherRole, "the router gives it the authrole %.100q, and this sidecar %.100q: calls go between equal ones only", theirs.role, role)
	case !c.isMember(theirs.node):
		return refuse(uriStranger, "the membership does not know it yet")
	}
	return nil
}

// features are what a taker announces as a dealer, and a supplier as a callee.
func features() codec.FieldValue {
	fields := make([]codec.Field, len(featureNames))
	for i, name := range featureNames {
		fields[i] = codec.Field{Key: name, Value: codec.FieldBool(true)}
	}
	return codec.FieldDict([]codec.Field{{Key: "features", Value: codec.FieldDict(fields)}})
}

// featureNames are those of calls. A supplier has a callee's call timed, whether that one
// announced it or not.
var featureNames = []string{
	"call_canceling", "call_timeout", "progressive_call_results", "progressive_call_invocations", "caller_identification", "call_trustlevels",
	"payload_passthru_mode", "payload_transparency", "call_reroute",
}

// Features are those of a supplier, as a callee.
var Features = codec.CalleeFeatures{
	CallCanceling: true, ProgressiveCallResults: true, ProgressiveCallInvocations: true, CallTimeout: true,
	PayloadPassthruMode: true, PayloadTransparency: true, CallReroute: true,
}

// logged is an error in the words of a log line.
func logged(err error) string { return fmt.Sprintf("%.300s", err) }
