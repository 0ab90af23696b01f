package passing

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wampool/wampool/integration/harness"
	"github.com/wampool/wampool/proxy/transport/played"

	"github.com/wampool/wampool/codec"
)

// What only one serializer can say, in that serializer: a tagged date, a set,
// undefined and an integer key in CBOR; a timestamp and another extension type in
// MessagePack, whose integer keys Crossbar.io does not take; NaN in JSON as
// Python writes it.
var onlyIn = map[codec.Serializer]string{
	codec.CBOR:        "\x84\xc1\x1a\x51\x4b\x67\xb0\xd9\x01\x02\x82\x01\x02\xf7\xa1\x01\x02",
	codec.MessagePack: "\x92\xd6\xff\x51\x4b\x67\xb0\xc7\x03\x05abc",
	codec.JSON:        `[NaN,-Infinity]`,
}

// calleeIn registers a procedure by a serializer.
func calleeIn(t *testing.T, url string, s codec.Serializer, procedure string) *harness.RawSession {
	t.Helper()
	callee := harness.DialRawIn(t, "callee in "+s.String(), url, s)
	callee.Send(rawIn(t, s, harness.RawHello))
	callee.Receive()
	callee.Send(rawIn(t, s, `[64,1,{"invoke":"roundrobin"},"`+procedure+`"]`))
	if registered := callee.Receive(); !strings.HasPrefix(played.AsJSON(s, []byte(registered)), `[65,1,`) {
		t.Fatalf("%s: REGISTER was answered %q", s, registered)
	}
	return callee
}

// rawIn puts a message that is written as JSON into a serializer.
func rawIn(t *testing.T, s codec.Serializer, text string) string {
	t.Helper()
	return string(played.InSerializer(t, s, text))
}

// odd calls a procedure with what only its callee's serializer can say, from a
// caller that speaks it too, and returns what reaches the callee.
func odd(t *testing.T, s codec.Serializer, caller, callee *harness.RawSession, request int, procedure string) string {
	t.Helper()
	call := codec.Call{Request: uint64(request), Procedure: []byte(procedure), Payload: codec.NewPayload(s, []byte(onlyIn[s]), nil)}
	caller.Send(string(call.Append(nil, s)))
	var m codec.Invocation
	if message := callee.Receive(); m.Decode(s, []byte(message)) != nil {
		t.Fatalf("%s: the callee got %q", s, message)
	}
	arguments, _, _ := m.Payload.Arguments(s)
	got := string(arguments)
	yield := codec.Yield{Request: m.Request, Payload: codec.NewPayload(s, arguments, nil)}
	callee.Send(string(yield.Append(nil, s)))
	caller.Receive()
	return got
}

// Callees of three serializers in three pools: each has a pool session that
// speaks as it does, so that what Crossbar.io brings reaches it as if it were at
// Crossbar.io itself.
func TestEachSerializerHasItsPoolSession(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), harness.Auto)
	for s := range onlyIn {
		procedure := "com.example.serializers." + s.String()
		var got [2]string
		for i, url := range []string{c.URL(), w.URL} {
			callee := calleeIn(t, url, s, procedure)
			caller := harness.DialRawIn(t, "caller in "+s.String(), c.URL(), s)
			caller.Send(rawIn(t, s, harness.RawHello))
			caller.Receive()
			got[i] = odd(t, s, caller, callee, 1, procedure)
			callee.Send(rawIn(t, s, `[6,{},"wamp.close.close_realm"]`))
			callee.Receive()
		}
		if got[0] != got[1] {
			t.Errorf("%s: a callee of wampool gets %q, one of Crossbar.io %q", s, got[1], got[0])
		}
		if !w.Process.Said(`"serializer":"` + s.String() + `"`) {
			t.Errorf("no pool session speaks %s", s)
		}
	}
}

// A pool of callees that speak differently is on one pool session, and all that
// each can say arrives.
func TestPoolOfThreeSerializers(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), harness.Auto)
	const procedure = "com.example.serializers.mixed"
	serializers := []codec.Serializer{codec.MessagePack, codec.CBOR, codec.JSON}
	caller := harness.JoinRaw(t, "caller", c.URL())
	var callees []*harness.RawSession
	for _, s := range serializers {
		callees = append(callees, calleeIn(t, w.URL, s, procedure))
	}
	for i, s := range serializers {
		caller.Send(fmt.Sprintf(`[48,%d,{},%q,[1,"é",null,[2.5]],{"k":-7}]`, i+1, procedure))
		invocation := played.AsJSON(s, []byte(callees[i].Receive()))
		if !strings.HasSuffix(invocation, `,[1,"é",null,[2.5]],{"k":-7}]`) {
			t.Errorf("%s: the callee got %s", s, invocation)
		}
		callees[i].Send(rawIn(t, s, fmt.Sprintf(`[70,%d,{},[%d]]`, harness.Element(t, invocation, 1), i)))
		if answer := caller.Expect(fmt.Sprintf(`[50,%d,`, i+1)); !strings.HasSuffix(answer, fmt.Sprintf(`,[%d]]`, i)) {
			t.Errorf("%s: the caller got %s", s, answer)
		}
	}
	if strings.Count(w.Process.Output(), "pool session up") > 2 {
		t.Errorf("more pool sessions than the first callee needs:\n%s", w.Process.Output())
	}
}

// With a shared policy a pool is at Crossbar.io as often as its slots deserve,
// and each call is answered on the session that it came by.
func TestSharedPoolIsRegisteredByItsWeight(t *testing.T) {
	c := harness.SharedCrossbar(t)
	const procedure = "com.example.serializers.weight"
	w := harness.StartWampool(t, c.URL(), harness.Pooled(procedure, `policy = "roundrobin"
		upstream = "roundrobin"
		slots_per_share = 2`))
	callee := harness.Library(t, "asyncio").Join(t, w.URL, nil)
	callee.Register(procedure, "echo", harness.Args{"concurrency": 6}).OK(t)
	w.Process.Await(t, `"registrations":3`)
	caller := harness.Library(t, "twisted").Join(t, c.URL(), nil)
	asker := harness.JoinRaw(t, "asker", c.URL())
	asker.Send(fmt.Sprintf(`[48,1,{},"wamp.registration.lookup",[%q]]`, procedure))
	registration := strings.Split(strings.TrimPrefix(asker.Expect(`[50,1,`), `[50,1,`), "[")[1]
	for request := 2; ; request++ {
		asker.Send(fmt.Sprintf(`[48,%d,{},"wamp.registration.count_callees",[%s`, request, registration)) // which ends in ]]
		if answer := asker.Expect(fmt.Sprintf(`[50,%d,`, request)); strings.HasSuffix(answer, `[3]]`) {
			break
		} else if request > 1000 {
			t.Fatalf("in the end Crossbar.io has %s", answer)
		}
	}
	for range 12 {
		echo(t, caller, procedure, anyLibrary)
	}
}
