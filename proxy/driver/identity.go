package driver

import "github.com/wampool/wampool/codec"

// Identity is who has a session.
type Identity struct {
	Session          uint64
	AuthID, AuthRole string
}

// The keys under which it is told, in Details of an INVOCATION ("Caller
// Identification", #name-caller-identification) and, by Crossbar.io, of a RESULT.
var (
	callerKeys = [...]string{"caller", "caller_authid", "caller_authrole"}
	calleeKeys = [...]string{"callee", "callee_authid", "callee_authrole"}
)

// AsCaller adds to the Details of an INVOCATION who has called.
func (i *Identity) AsCaller(to []codec.Field) []codec.Field { return i.under(&callerKeys, to) }

func (i *Identity) asCallee(to []codec.Field) []codec.Field { return i.under(&calleeKeys, to) }

func (i *Identity) under(keys *[3]string, to []codec.Field) []codec.Field {
	return append(to,
		codec.Field{Key: keys[0], Value: codec.FieldUint(i.Session)},
		codec.Field{Key: keys[1], Value: codec.FieldString(i.AuthID)},
		codec.Field{Key: keys[2], Value: codec.FieldString(i.AuthRole)})
}
