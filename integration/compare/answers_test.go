package main

import (
	"bytes"
	"testing"

	"github.com/wampool/wampool/codec"
)

func TestReply(t *testing.T) {
	for name, s := range serializers {
		hello := codec.Hello{Realm: realm, Details: codec.NewDict(s)}
		answer, err := reply(nil, s, hello.Append(nil, s))
		var welcome codec.Welcome
		if err != nil || welcome.Decode(s, answer) != nil {
			t.Errorf("%s: HELLO: %q, %v", name, answer, err)
		}
		call := codec.Call{Request: 7, Procedure: []byte("com.example.p"), Payload: codec.TextPayload(s, nil, "text", nil)}
		answer, err = reply(nil, s, call.Append(nil, s))
		var result codec.Result
		if err != nil || result.Decode(s, answer) != nil || result.Request != 7 || !bytes.Contains(answer, []byte("text")) {
			t.Errorf("%s: CALL: %q, %v", name, answer, err)
		}
		goodbye := codec.Goodbye{Details: codec.NewDict(s), Reason: "wamp.close.normal"}
		if _, err := reply(nil, s, goodbye.Append(nil, s)); err == nil {
			t.Errorf("%s: GOODBYE is answered", name)
		}
	}
}
