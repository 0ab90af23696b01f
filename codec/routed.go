package codec

// What a Dealer makes of what it routes: the dictionaries of the message that
// goes out, from that of the message that came in. They keep what concerns the
// other side and nothing else, as routers do.

// payloadKeys are what a payload is described by, from end to end ("Payload
// Passthru Mode", #name-payload-passthru-mode), and by payload transparency of
// Crossbar.io and Autobahn.
var payloadKeys = []string{
	"ppt_scheme", "ppt_serializer", "ppt_cipher", "ppt_keyid", "enc_algo", "enc_key", "enc_serializer",
}

var (
	invocationKeys = append([]string{"receive_progress", "progress", "timeout", "transaction_hash"}, payloadKeys...)
	resultKeys     = append([]string{"progress"}, payloadKeys...)
)

// InvocationDetails returns the Details of the INVOCATION for a CALL, with the
// fields in set behind them. They are built in dst, as by [Dict.Edit].
func (m *Call) InvocationDetails(s Serializer, dst []byte, set []Field) (Dict, []byte) {
	return m.Options.Pick(s, dst, invocationKeys, set)
}

// ResultDetails returns the Details of the RESULT for a YIELD, with the fields in
// set behind them.
func (m *Yield) ResultDetails(s Serializer, dst []byte, set []Field) (Dict, []byte) {
	return m.Options.Pick(s, dst, resultKeys, set)
}

// CallDetails returns the Details of the ERROR for a CALL, from those of the
// callee's ERROR for the INVOCATION.
func (m *Error) CallDetails(s Serializer, dst []byte) (Dict, []byte) {
	return m.Details.Pick(s, dst, payloadKeys, nil)
}
