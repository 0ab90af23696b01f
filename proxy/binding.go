package proxy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// Logins that hold for one TLS connection can't pass a proxy, which has two. To
// strip what binds them would be the attack that it is there to find out, so
// they end here, with an ABORT and a line in the log that name the method:
//
//   - Channel binding has a client prove that its TLS connection is the one that
//     the router has ("TLS Channel Binding", #name-tls-channel-binding; RFC 5056). It is
//     refused whether the client wants it (HELLO) or the router (CHALLENGE), and
//     whichever type it is.
//   - Method tls has the certificate of a client's connection say who it is. The
//     router sees wampool's certificate, if it is shown any: it would take every
//     client for wampool, and Crossbar.io would even lend that name to the cookie
//     that the client was given. So a HELLO that names tls goes no further, among
//     others or alone; and should a router go by the certificate unasked, it is
//     seen in WELCOME. Where wampool shows no certificate, the router has nothing
//     to go by: then a HELLO that names other methods too passes.

// authTLS is the method by which the certificate of a connection is the login.
const authTLS = "tls"

// refuseHello ends a session whose HELLO asks for what can't pass. undecodable
// tells that m is not known.
func (c *client) refuseHello(m *codec.Hello, undecodable bool) bool {
	if undecodable {
		if c.proxy.certified.Load() {
			c.refuseMalformed("malformed HELLO")
		}
		return c.proxy.certified.Load() // else the router tells
	}
	if methods, binds := helloBinds(c.serializer, m); binds {
		c.refuseBinding(&c.clientOut, "client", methods)
		return true
	}
	if asksForTLS(c.serializer, m, c.proxy.certified.Load()) {
		c.refuseTLS(&c.clientOut, "client")
		return true
	}
	return false
}

// asksForTLS tells whether a HELLO may have the router go by the certificate of
// its connection. certified is whether it is shown one.
func asksForTLS(s codec.Serializer, m *codec.Hello, certified bool) bool {
	if certified {
		v, ok := m.Details.Lookup(s, "authmethods")
		if !ok || v.Null() {
			return false // as good as anonymous; what comes of it is seen in WELCOME
		}
		methods, ok := v.Strings()
		return !ok || slices.Contains(methods, authTLS)
	}
	return slices.Contains(m.AuthMethods, authTLS) &&
		!slices.ContainsFunc(m.AuthMethods, func(method string) bool { return method != authTLS })
}

// welcomedByTLS tells whether the router took the client for wampool, by the
// certificate that it was shown.
func (c *client) welcomedByTLS(message []byte) bool {
	var m codec.Welcome
	return c.proxy.certified.Load() && m.Decode(c.serializer, message) == nil && m.AuthMethod == authTLS
}

// helloBinds tells the methods of a client that wants its login bound.
func helloBinds(s codec.Serializer, m *codec.Hello) (methods string, binds bool) {
	v, ok := m.Details.Lookup(s, "authextra")
	if !ok {
		return "", false
	}
	authextra, ok := v.Dict()
	return strings.Join(m.AuthMethods, ", "), ok && binding(s, authextra)
}

// binding tells whether a dictionary asks for channel binding. Null is what
// libraries send that have it and do not use it.
func binding(s codec.Serializer, d codec.Dict) bool {
	v, ok := d.Lookup(s, "channel_binding")
	if !ok || v.Null() {
		return false
	}
	text, ok := v.Str()
	return !ok || len(text) > 0
}

// takeChallenge passes a CHALLENGE on, unless it binds the login.
func (c *client) takeChallenge(message []byte) {
	var m codec.Challenge
	if m.Decode(c.serializer, message) == nil && binding(c.serializer, m.Extra) {
		c.refuseBinding(&c.routerOut, "router", m.AuthMethod)
		return
	}
	c.routerOut.Send(c.conn, message)
}

// refuseBinding ends a session whose login is to be bound to its TLS channel.
func (c *client) refuseBinding(out *transport.Outbox, who, method string) {
	c.refuseLogin(out, &c.proxy.bound, who, method, "a login bound to its TLS channel can't pass a proxy", fmt.Sprintf(
		"authentication by %.100q with channel binding cannot pass a proxy: log in without it, or connect to the router itself", method))
}

// refuseTLS ends a session whose login is the certificate of its connection.
func (c *client) refuseTLS(out *transport.Outbox, who string) {
	c.refuseLogin(out, &c.proxy.byTLS, who, authTLS, "a login by the certificate of its connection can't pass a proxy", fmt.Sprintf(
		"authentication by %q cannot pass a proxy, whose own certificate the router would go by: "+
			"offer other methods only, or connect to the router itself", authTLS))
}

// refuseLogin ends a session: because is for the log, text for the client.
func (c *client) refuseLogin(out *transport.Outbox, log *rarely, who, method, because, text string) {
	if skipped, say := log.now(); say {
		c.logger().Warn().Str("method", fmt.Sprintf("%.100s", method)).Str("asked_by", who).Int("skipped", skipped).
			Msg("client aborted: " + because)
	}
	c.sendAbort(out, uriFeature, text)
	c.conn.Close(1000, "this login cannot pass a proxy", closeLinger)
}

// refuseMalformed ends a session whose message the router might read otherwise
// than it was read here, if it goes by the certificate that it is shown.
func (c *client) refuseMalformed(text string) {
	if skipped, say := c.proxy.malformed.now(); say {
		c.logger().Warn().Str("violation", text).Int("skipped", skipped).Msg("client aborted")
	}
	c.sendAbort(&c.clientOut, uriProtocolViolation, text)
	c.conn.Close(1002, "protocol violation", closeLinger)
}

// sendAbort sends ABORT, to which no answer is expected ("ABORT", #name-abort-2).
func (c *client) sendAbort(out *transport.Outbox, reason, text string) {
	m := codec.Abort{
		Details: codec.NewDict(c.serializer, codec.Field{Key: "message", Value: codec.FieldString(text)}),
		Reason:  reason,
	}
	out.Send(c.conn, m.Append(nil, c.serializer))
}
