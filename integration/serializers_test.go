package integration

import (
	"fmt"
	"strings"
	"testing"

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
func calleeIn(t *testing.T, url string, s codec.Serializer, procedure string) *rawSession {
	t.Helper()
	callee := dialRawIn(t, "callee in "+s.String(), url, s)
	callee.send(rawIn(t, s, rawHello))
	callee.receive()
	callee.send(rawIn(t, s, `[64,1,{"invoke":"roundrobin"},"`+procedure+`"]`))
	if registered := callee.receive(); !strings.HasPrefix(jsonOf(t, s, registered), `[65,1,`) {
		t.Fatalf("%s: REGISTER was answered %q", s, registered)
	}
	return callee
}

// rawIn puts a message that is written as JSON into a serializer, and jsonOf
// back.
func rawIn(t *testing.T, s codec.Serializer, text string) string {
	t.Helper()
	return transcoded(t, codec.JSON, s, text)
}

func jsonOf(t *testing.T, s codec.Serializer, message string) string {
	t.Helper()
	return transcoded(t, s, codec.JSON, message)
}

func transcoded(t *testing.T, from, to codec.Serializer, message string) string {
	t.Helper()
	if from == to {
		return message
	}
	payload, _, err := codec.TranscodePayload(nil, codec.NewPayload(from, []byte(message), nil), from, to)
	if err != nil {
		t.Fatalf("%v in %q", err, message)
	}
	raw, _, _ := payload.Arguments(to)
	return string(raw)
}

// odd calls a procedure with what only its callee's serializer can say, from a
// caller that speaks it too, and returns what reaches the callee.
func odd(t *testing.T, s codec.Serializer, caller, callee *rawSession, request int, procedure string) string {
	t.Helper()
	call := codec.Call{Request: uint64(request), Procedure: []byte(procedure), Payload: codec.NewPayload(s, []byte(onlyIn[s]), nil)}
	caller.send(string(call.Append(nil, s)))
	var m codec.Invocation
	if message := callee.receive(); m.Decode(s, []byte(message)) != nil {
		t.Fatalf("%s: the callee got %q", s, message)
	}
	arguments, _, _ := m.Payload.Arguments(s)
	got := string(arguments)
	yield := codec.Yield{Request: m.Request, Payload: codec.NewPayload(s, arguments, nil)}
	callee.send(string(yield.Append(nil, s)))
	caller.receive()
	return got
}

// Callees of three serializers in three pools: each has a pool session that
// speaks as it does, so that what Crossbar.io brings reaches it as if it were at
// Crossbar.io itself.
func TestEachSerializerHasItsPoolSession(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.url(), auto)
	for s := range onlyIn {
		procedure := "com.example.serializers." + s.String()
		var got [2]string
		for i, url := range []string{c.url(), w.url} {
			callee := calleeIn(t, url, s, procedure)
			caller := dialRawIn(t, "caller in "+s.String(), c.url(), s)
			caller.send(rawIn(t, s, rawHello))
			caller.receive()
			got[i] = odd(t, s, caller, callee, 1, procedure)
			callee.send(rawIn(t, s, `[6,{},"wamp.close.close_realm"]`))
			callee.receive()
		}
		if got[0] != got[1] {
			t.Errorf("%s: a callee of wampool gets %q, one of Crossbar.io %q", s, got[1], got[0])
		}
		if !contains(w.process, `"serializer":"`+s.String()+`"`) {
			t.Errorf("no pool session speaks %s", s)
		}
	}
}

// A pool of callees that speak differently is on one pool session, and all that
// each can say arrives.
func TestPoolOfThreeSerializers(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.url(), auto)
	const procedure = "com.example.serializers.mixed"
	serializers := []codec.Serializer{codec.MessagePack, codec.CBOR, codec.JSON}
	caller := joinRaw(t, "caller", c.url())
	var callees []*rawSession
	for _, s := range serializers {
		callees = append(callees, calleeIn(t, w.url, s, procedure))
	}
	for i, s := range serializers {
		caller.send(fmt.Sprintf(`[48,%d,{},%q,[1,"é",null,[2.5]],{"k":-7}]`, i+1, procedure))
		invocation := jsonOf(t, s, callees[i].receive())
		if !strings.HasSuffix(invocation, `,[1,"é",null,[2.5]],{"k":-7}]`) {
			t.Errorf("%s: the callee got %s", s, invocation)
		}
		callees[i].send(rawIn(t, s, fmt.Sprintf(`[70,%d,{},[%d]]`, element(t, invocation, 1), i)))
		if answer := caller.expect(fmt.Sprintf(`[50,%d,`, i+1)); !strings.HasSuffix(answer, fmt.Sprintf(`,[%d]]`, i)) {
			t.Errorf("%s: the caller got %s", s, answer)
		}
	}
	if strings.Count(w.process.output(), "pool session up") > 2 {
		t.Errorf("more pool sessions than the first callee needs:\n%s", w.process.output())
	}
}

// With a shared policy a pool is at Crossbar.io as often as its slots deserve,
// and each call is answered on the session that it came by.
func TestSharedPoolIsRegisteredByItsWeight(t *testing.T) {
	c := router(t)
	const procedure = "com.example.serializers.weight"
	w := startWampool(t, c.url(), pooled(procedure, `policy = "roundrobin"
		upstream = "roundrobin"
		slots_per_share = 2`))
	callee := library(t, "asyncio").join(t, w.url, nil)
	callee.register(procedure, "echo", args{"concurrency": 6}).ok(t)
	if _, err := w.process.waitLine(0, `"registrations":3`); err != nil {
		t.Fatal(err)
	}
	caller := library(t, "twisted").join(t, c.url(), nil)
	asker := joinRaw(t, "asker", c.url())
	asker.send(fmt.Sprintf(`[48,1,{},"wamp.registration.lookup",[%q]]`, procedure))
	registration := strings.Split(strings.TrimPrefix(asker.expect(`[50,1,`), `[50,1,`), "[")[1]
	for request := 2; ; request++ {
		asker.send(fmt.Sprintf(`[48,%d,{},"wamp.registration.count_callees",[%s`, request, registration)) // which ends in ]]
		if answer := asker.expect(fmt.Sprintf(`[50,%d,`, request)); strings.HasSuffix(answer, `[3]]`) {
			break
		} else if request > 1000 {
			t.Fatalf("in the end Crossbar.io has %s", answer)
		}
	}
	for range 12 {
		echo(t, caller, procedure, anyLibrary)
	}
}
