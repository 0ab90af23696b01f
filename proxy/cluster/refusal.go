package cluster

import (
	"errors"
	"fmt"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// refusal is why a link does not come about, told by ABORT.
type refusal struct{ uri, text string }

func (r *refusal) Error() string { return r.text }

// passes tells whether it is so for a while, in the course of things: who starts, stops,
// or has other realms, does nothing wrong.
func (r *refusal) passes() bool {
	return r.uri == uriStranger || r.uri == uriNoSuchRealm || r.uri == uriDraining
}

// URIs of refusals ("Basic Profile URIs", #name-basic-profile-uris).
const (
	uriNoSuchRealm       = "wamp.error.no_such_realm"
	uriNotAuthorized     = "wamp.error.not_authorized"
	uriAuthentication    = "wamp.error.authentication_failed"
	uriNoAuthMethod      = "wamp.error.no_matching_auth_method"
	uriProtocolViolation = "wamp.error.protocol_violation"
	uriVersion           = "wampool.error.version"
	uriStranger          = "wampool.error.no_member" // the membership does not know it, or not yet
	uriOtherRole         = "wampool.error.authrole"
	uriDraining          = "wamp.close.system_shutdown"
)

func refuse(uri, format string, args ...any) *refusal {
	return &refusal{uri, fmt.Sprintf(format, args...)}
}

// abort tells a peer why it is not linked with, and closes its connection.
func abort(conn *transport.Conn, err error) {
	r := &refusal{uri: uriProtocolViolation, text: "this is no handshake of a link"}
	_ = errors.As(err, &r)
	m := codec.Abort{
		Details: codec.NewDict(Serializer, codec.Field{Key: "message", Value: codec.FieldString(r.text)}),
		Reason:  r.uri,
	}
	if conn.Send(m.Append(nil, Serializer)) == nil {
		conn.Flush()
	}
	conn.Close(1000, "", closeLinger)
}
