package codec_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wampool/wampool/codec"
)

// message is what all messages have in common.
type message interface {
	Decode(s codec.Serializer, msg []byte) error
	Append(dst []byte, s codec.Serializer) []byte
}

var messages = map[codec.MessageType]func() message{
	codec.TypeHello:        func() message { return new(codec.Hello) },
	codec.TypeWelcome:      func() message { return new(codec.Welcome) },
	codec.TypeAbort:        func() message { return new(codec.Abort) },
	codec.TypeChallenge:    func() message { return new(codec.Challenge) },
	codec.TypeAuthenticate: func() message { return new(codec.Authenticate) },
	codec.TypeGoodbye:      func() message { return new(codec.Goodbye) },
	codec.TypeError:        func() message { return new(codec.Error) },
	codec.TypePublish:      func() message { return new(codec.Publish) },
	codec.TypePublished:    func() message { return new(codec.Published) },
	codec.TypeSubscribe:    func() message { return new(codec.Subscribe) },
	codec.TypeSubscribed:   func() message { return new(codec.Subscribed) },
	codec.TypeUnsubscribe:  func() message { return new(codec.Unsubscribe) },
	codec.TypeUnsubscribed: func() message { return new(codec.Unsubscribed) },
	codec.TypeEvent:        func() message { return new(codec.Event) },
	codec.TypeCall:         func() message { return new(codec.Call) },
	codec.TypeCancel:       func() message { return new(codec.Cancel) },
	codec.TypeResult:       func() message { return new(codec.Result) },
	codec.TypeRegister:     func() message { return new(codec.Register) },
	codec.TypeRegistered:   func() message { return new(codec.Registered) },
	codec.TypeUnregister:   func() message { return new(codec.Unregister) },
	codec.TypeUnregistered: func() message { return new(codec.Unregistered) },
	codec.TypeInvocation:   func() message { return new(codec.Invocation) },
	codec.TypeInterrupt:    func() message { return new(codec.Interrupt) },
	codec.TypeYield:        func() message { return new(codec.Yield) },
}

type dict = map[string]any

// samples are messages in the oracles' words, at least one of each type, with
// what all of them look like in the wild.
var samples = [][]any{
	{1, "realm1", dict{"roles": dict{"caller": dict{}, "callee": dict{"features": dict{"call_canceling": true}}}}},
	{2, int64(9007199254740992), dict{"realm": "realm1", "authid": "joe", "authrole": "worker", "authmethod": "ticket"}},
	{3, dict{"message": "no such realm"}, "wamp.error.no_such_realm"},
	{3, dict{}, "wamp.error.protocol_violation", []any{"text"}, dict{"a": 1}},
	{4, "ticket", dict{}},
	{5, "s3cret \"quoted\" \\ \u00fc", dict{"k": []any{1, 2.5, nil}}},
	{6, dict{}, "wamp.close.normal"},
	{8, 68, 77, dict{}, "com.example.error"},
	{8, 68, 77, dict{"callee": 5}, "com.example.error", []any{"sorry"}, dict{"code": -3}},
	{16, 1, dict{"acknowledge": true, "exclude_me": false}, "com.example.topic", []any{1}},
	{17, 1, 2},
	{32, 1, dict{"match": "prefix"}, "com.example"},
	{33, 1, 2},
	{34, 1, 2},
	{34, 1, 2, dict{"forward_for": []any{}}},
	{35, 1},
	{35, 0, dict{"subscription": 7}},
	{36, 1, 2, dict{"topic": "com.example.topic"}, []any{}, dict{"x": "y"}},
	{48, 300, dict{"timeout": 5000, "receive_progress": true, "disclose_me": true}, "com.example.add", []any{2, 3}},
	{48, 300, dict{"enc_algo": "cryptobox"}, "com.example.add", []byte{0, 1, 255}},
	{49, 300, dict{"mode": "killnowait"}},
	{50, 300, dict{"progress": true}, []any{"half"}},
	{64, 70000, dict{"invoke": "roundrobin", "concurrency": 4, "match": "wildcard", "force_reregister": true}, "com..add"},
	{65, 70000, int64(5000000000)},
	{66, 70000, int64(5000000000)},
	{66, 70000, int64(5000000000), dict{}},
	{67, 70000},
	{67, 0, dict{"registration": int64(5000000000), "reason": "wamp.error.unregistered"}},
	{68, 1, int64(5000000000), dict{"timeout": 10, "progress": true, "receive_progress": true, "procedure": "com.a", "unknown": []any{dict{}}}},
	{68, 1, int64(5000000000), dict{}, []any{int64(-9223372036854775808), uint64(18446744073709551615), 1.0, []byte{1}, "\U0001F600"}, dict{"": nil}},
	{68, 1, int64(5000000000), dict{"ppt_scheme": "x_custom"}, []any{[]byte{1, 2}}},
	{69, 1, dict{"mode": "kill", "reason": "wamp.error.canceled"}},
	{70, 1, dict{}},
	{70, 1, dict{"progress": true}, []any{}, dict{}},
}

func typeOf(sample []any) codec.MessageType { return codec.MessageType(sample[0].(int)) }

func TestDecodeThenAppendKeepsEachMessage(t *testing.T) {
	seen := map[codec.MessageType]bool{}
	for _, sample := range samples {
		for _, s := range serializers {
			raw := encode(t, s, sample)
			m := decoded(t, s, raw)
			same(t, s, raw, s, m.Append(nil, s))
			if err := codec.Validate(s, raw); err != nil {
				t.Errorf("%s %v: %v", s, sample, err)
			}
			seen[typeOf(sample)] = true
		}
	}
	if len(seen) != len(messages) {
		t.Errorf("samples of %d types, want all %d", len(seen), len(messages))
	}
}

func TestAppendBehindWhatIsThere(t *testing.T) {
	for _, s := range serializers {
		raw := encode(t, s, samples[0])
		m := decoded(t, s, raw)
		if got := m.Append([]byte("before"), s); string(got[:6]) != "before" || len(got) < 7 {
			t.Errorf("%s: %q", s, got)
		} else {
			same(t, s, raw, s, got[6:])
		}
	}
}

func TestDecodeFillsTheTypedFields(t *testing.T) {
	tests := []struct {
		sample []any
		want   message
	}{
		{[]any{1, "realm1", dict{"authid": "joe", "authmethods": []any{"ticket", "anonymous"}, "roles": dict{
			"caller": dict{}, "publisher": dict{}, "subscriber": dict{},
			"callee": dict{"features": dict{
				"call_canceling": true, "progressive_call_results": true, "progressive_call_invocations": true,
				"call_timeout": true, "registration_revocation": true, "payload_passthru_mode": true,
				"payload_transparency": true, "call_reroute": true, "shared_registration": true,
			}, "agent": dict{"call_timeout": true}}}}},
			&codec.Hello{
				Realm: "realm1", AuthID: "joe", AuthMethods: []string{"ticket", "anonymous"},
				Roles: codec.Roles{Publisher: true, Subscriber: true, Caller: true, Callee: true},
				Callee: codec.CalleeFeatures{
					CallCanceling: true, ProgressiveCallResults: true, ProgressiveCallInvocations: true, CallTimeout: true,
					RegistrationRevocation: true, PayloadPassthruMode: true, PayloadTransparency: true, CallReroute: true,
				},
			}},
		{[]any{1, "r", dict{"roles": dict{"callee": dict{"features": dict{"call_cancelling": true}}}}},
			&codec.Hello{Realm: "r", Roles: codec.Roles{Callee: true}, Callee: codec.CalleeFeatures{CallCanceling: true}}},
		{[]any{1, nil, dict{"roles": 7, "authid": 8, "authmethods": []any{9}}}, &codec.Hello{}},
		{samples[1], &codec.Welcome{Session: 1 << 53, Realm: "realm1", AuthID: "joe", AuthRole: "worker", AuthMethod: "ticket"}},
		{samples[2], &codec.Abort{Reason: "wamp.error.no_such_realm", Message: "no such realm"}},
		{[]any{4, "wampcra", dict{"challenge": "{}"}}, &codec.Challenge{AuthMethod: "wampcra"}},
		{samples[5], &codec.Authenticate{Signature: "s3cret \"quoted\" \\ \u00fc"}},
		{samples[6], &codec.Goodbye{Reason: "wamp.close.normal"}},
		{samples[8], &codec.Error{RequestType: codec.TypeInvocation, Request: 77, URI: []byte("com.example.error")}},
		{samples[9], &codec.Publish{Request: 1, Acknowledge: true, Topic: "com.example.topic"}},
		{[]any{16, 1, dict{}, "a"}, &codec.Publish{Request: 1, ExcludeMe: true, Topic: "a"}},
		{samples[11], &codec.Subscribe{Request: 1, Match: "prefix", Topic: "com.example"}},
		{samples[18], &codec.Call{Request: 300, Timeout: 5000, ReceiveProgress: true, DiscloseMe: true, Procedure: []byte("com.example.add")}},
		{samples[19], &codec.Call{Request: 300, Passthru: true, Procedure: []byte("com.example.add")}},
		{[]any{48, 1, dict{"enc_algo": nil, "progress": true, "timeout": "soon"}, "a"}, &codec.Call{Request: 1, Progress: true, Procedure: []byte("a")}},
		{samples[20], &codec.Cancel{Request: 300, Mode: codec.CancelKillNoWait}},
		{[]any{49, 300, dict{"mode": "sometimes"}}, &codec.Cancel{Request: 300}},
		{samples[21], &codec.Result{Request: 300, Progress: true}},
		{samples[22], &codec.Register{
			Request: 70000, Match: "wildcard", Invoke: "roundrobin", Concurrency: 4,
			HasInvoke: true, HasConcurrency: true, ForceReregister: true, Procedure: "com..add",
		}},
		{[]any{64, 1, dict{"concurrency": -4}, "a"}, &codec.Register{Request: 1, HasConcurrency: true, Concurrency: -4, Procedure: "a"}},
		{[]any{64, 1, dict{"disclose_caller": true}, "a"}, &codec.Register{Request: 1, DiscloseCaller: true, Procedure: "a"}},
		{[]any{64, 1, dict{"match": nil, "invoke": nil, "concurrency": nil}, "a"}, &codec.Register{Request: 1, Procedure: "a"}},
		{samples[27], &codec.Unregistered{Registration: 5000000000, Reason: "wamp.error.unregistered"}},
		{samples[28], &codec.Invocation{
			Request: 1, Registration: 5000000000, Timeout: 10, Progress: true, ReceiveProgress: true, Procedure: []byte("com.a"),
		}},
		{samples[30], &codec.Invocation{Request: 1, Registration: 5000000000, Passthru: true}},
		{samples[31], &codec.Interrupt{Request: 1, Mode: codec.CancelKill}},
		{[]any{70, 1, dict{"progress": true, "ppt_scheme": "mqtt"}}, &codec.Yield{Request: 1, Progress: true, Passthru: true}},
	}
	for _, test := range tests {
		for _, s := range serializers {
			m := decoded(t, s, encode(t, s, test.sample))
			eachPart(m, func(d *codec.Dict) { *d = codec.Dict{} }, func(p *codec.Payload) { *p = codec.Payload{} })
			if !reflect.DeepEqual(m, test.want) {
				t.Errorf("%s %v:\n got %+v\nwant %+v", s, test.sample, m, test.want)
			}
		}
	}
}

// TestDecodeTakesWholeFloatsForIDs is about JavaScript, whose encoders may
// write large integers as floats.
func TestDecodeTakesWholeFloatsForIDs(t *testing.T) {
	for _, s := range serializers {
		raw := encode(t, s, []any{65.0, 70000.0, 9007199254740992.0})
		if got, err := codec.PeekType(s, raw); got != codec.TypeRegistered || err != nil {
			t.Errorf("%s: %v, %v", s, got, err)
		}
		var m codec.Registered
		if err := m.Decode(s, raw); err != nil || m != (codec.Registered{Request: 70000, Registration: 1 << 53}) {
			t.Errorf("%s: %+v, %v", s, m, err)
		}
		if id, err := codec.ID(s, raw, 2); err != nil || id != 1<<53 {
			t.Errorf("%s: %d, %v", s, id, err)
		}
	}
}

func TestDecodeReadsWhatEncodersMayWrite(t *testing.T) {
	tests := []struct {
		name string
		s    codec.Serializer
		raw  string
	}{
		{"white space", codec.JSON, " [ 70 , 7 ,\t{ \"progress\" :\r\n true } , [ 1 ] ] \n"},
		{"escaped key", codec.JSON, `[70,7,{"\u0070rogress":true},[1]]`},
		{"exponent", codec.JSON, `[7e1,0.7e1,{"progress":true},[1]]`},
		{"wide forms", codec.MessagePack, "\xdd\x00\x00\x00\x04\xcf\x00\x00\x00\x00\x00\x00\x00\x46\xd3\x00\x00\x00\x00\x00\x00\x00\x07\xdf\x00\x00\x00\x01\xdb\x00\x00\x00\x08progress\xc3\xdc\x00\x01\x01"},
		{"wide forms", codec.CBOR, "\x9b\x00\x00\x00\x00\x00\x00\x00\x04\x1b\x00\x00\x00\x00\x00\x00\x00\x46\xf9\x47\x00\xb8\x01\x78\x08progress\xf5\x99\x00\x01\x01"},
		{"indefinite lengths", codec.CBOR, "\x9f\x18\x46\x07\xbf\x7f\x64prog\x64ress\xff\xf5\xff\x9f\x01\xff\xff"},
	}
	want, err := value(codec.JSON, []byte(`[70,7,{"progress":true},[1]]`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.s.String()+" "+test.name, func(t *testing.T) {
			var m codec.Yield
			if err := m.Decode(test.s, []byte(test.raw)); err != nil {
				t.Fatal(err)
			}
			if err := m.Validate(test.s); err != nil {
				t.Error(err)
			}
			if m.Request != 7 || !m.Progress {
				t.Errorf("%+v", m)
			}
			got, err := value(test.s, m.Append(nil, test.s))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if id, err := codec.AppendWithID(nil, test.s, []byte(test.raw), 1, 8); err != nil || codec.Validate(test.s, id) != nil {
				t.Errorf("%q, %v", id, err)
			}
		})
	}
}

// decoded peeks at a message's type and decodes it as that.
func decoded(t testing.TB, s codec.Serializer, raw []byte) message {
	t.Helper()
	mt, err := codec.PeekType(s, raw)
	if err != nil {
		t.Fatalf("%s %q: %v", s, raw, err)
	}
	m := messages[mt]()
	if err := m.Decode(s, raw); err != nil {
		t.Fatalf("%s %q: %v", s, raw, err)
	}
	return m
}

// same compares two encodings of a value through the oracles.
func same(t testing.TB, s codec.Serializer, want []byte, as codec.Serializer, got []byte) {
	t.Helper()
	w, err := value(s, want)
	if err != nil {
		t.Fatalf("oracle: %s %q: %v", s, want, err)
	}
	g, err := value(as, got)
	if err != nil {
		t.Fatalf("oracle: %s %q: %v", as, got, err)
	}
	if !reflect.DeepEqual(w, g) { // cmp.Diff takes forever where much is nested
		t.Errorf("%s %.500q is not %s %.500q", s, want, as, got)
	}
}

// eachPart calls the functions with all raw parts of a message.
func eachPart(m message, dict func(*codec.Dict), payload func(*codec.Payload)) {
	fields := reflect.ValueOf(m).Elem()
	for i := range fields.NumField() {
		switch part := fields.Field(i).Addr().Interface().(type) {
		case *codec.Dict:
			dict(part)
		case *codec.Payload:
			payload(part)
		}
	}
}

// transcoded puts a message into another serializer.
func transcoded(m message, from, to codec.Serializer) ([]byte, error) {
	var failed error
	eachPart(m, func(d *codec.Dict) {
		var err error
		if *d, _, err = codec.TranscodeDict(nil, *d, from, to); err != nil {
			failed = err
		}
	}, func(p *codec.Payload) {
		var err error
		if *p, _, err = codec.TranscodePayload(nil, *p, from, to); err != nil {
			failed = err
		}
	})
	return m.Append(nil, to), failed
}
