package proxy

import (
	"fmt"
	"strings"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// Channel binding has a client prove that its TLS connection is the one that
// the router has (advanced profile, "TLS Channel Binding"; RFC 5056). Through a
// proxy there are two. To strip it would be the attack that it is there to
// find out, so the login ends here, whether the client wants it (HELLO) or the
// router (CHALLENGE), and whichever type it is.

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
func (s *session) takeChallenge(message []byte) {
	var m codec.Challenge
	if m.Decode(s.serializer, message) == nil && binding(s.serializer, m.Extra) {
		s.refuseBinding(&s.routerOut, "router", m.AuthMethod)
		return
	}
	s.routerOut.Send(s.client, message)
}

// refuseBinding ends a session whose login is to be bound to its TLS channel.
func (s *session) refuseBinding(out *transport.Outbox, who, method string) {
	if skipped, say := s.proxy.bound.now(); say {
		s.log.Warn().Str("method", fmt.Sprintf("%.100s", method)).Str("asked_by", who).Int("skipped", skipped).
			Msg("client aborted: a login bound to its TLS channel can't pass a proxy")
	}
	m := codec.Abort{
		Details: codec.NewDict(s.serializer, codec.Field{Key: "message", Value: codec.FieldString(fmt.Sprintf(
			"authentication by %.100q with channel binding cannot pass a proxy: log in without it, or connect to the router itself", method))}),
		Reason: uriFeature,
	}
	out.Send(s.client, m.Append(nil, s.serializer))
	s.client.Close(1000, "channel binding cannot pass a proxy", closeLinger)
}
