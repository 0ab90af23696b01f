package router_test

import (
	"context"
	"testing"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
	"github.com/wampool/wampool/proxy/tryout/router"
	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

// BenchmarkCall measures calls through the router, 256 under way at a time, of
// a caller and a callee that do as little as they can.
func BenchmarkCall(b *testing.B) {
	r := tryouttest.StartRouter(b)
	caller, callee := benchPeer(b, r), benchPeer(b, r)
	register := codec.Register{Request: 1, Procedure: "com.example.echo"}
	if err := callee.Send(register.Append(nil, codec.CBOR)); err != nil {
		b.Fatal(err)
	}
	callee.Flush()
	if _, err := callee.Read(); err != nil { // REGISTERED
		b.Fatal(err)
	}
	answered := make(chan struct{})
	callee.BeforeBlock(callee.Flush)
	go func() {
		defer close(answered)
		answer(callee)
	}()

	payload := codec.TextPayload(codec.CBOR, nil, string(make([]byte, 100)), nil)
	call := codec.Call{Procedure: []byte("com.example.echo"), Payload: payload}
	caller.BeforeBlock(caller.Flush)
	var buffer []byte
	b.ReportAllocs()
	sent, done := 0, 0
	for b.Loop() {
		for ; sent < done+256; sent++ {
			call.Request = uint64(sent + 1)
			buffer = call.Append(buffer[:0], codec.CBOR)
			if err := caller.Send(buffer); err != nil {
				b.Fatal(err)
			}
		}
		if message, err := caller.Read(); err != nil {
			b.Fatalf("%v after %s", err, message)
		}
		done++
	}
	b.StopTimer()
	r.Close()
	<-answered
	caller.Abort(context.Canceled)
	caller.Wait()
	callee.Wait()
}

// answer echoes every INVOCATION. It ends with the connection.
func answer(callee *transport.Conn) {
	var buffer []byte
	var in codec.Invocation
	for {
		message, err := callee.Read()
		if err != nil || in.Decode(codec.CBOR, message) != nil {
			callee.Abort(context.Canceled)
			return
		}
		out := codec.Yield{Request: in.Request, Payload: in.Payload}
		buffer = out.Append(buffer[:0], codec.CBOR)
		if callee.Send(buffer) != nil {
			return
		}
	}
}

func benchPeer(b *testing.B, r *router.Router) *transport.Conn {
	b.Helper()
	dialed, err := transport.Dial(b.Context(), r.URL(), transport.DialOptions{Serializers: []codec.Serializer{codec.CBOR}})
	if err != nil {
		b.Fatal(err)
	}
	role := func(name string) codec.Field { return codec.Field{Key: name, Value: codec.FieldDict(nil)} }
	hello := codec.Hello{Realm: "realm1", Details: codec.NewDict(codec.CBOR,
		codec.Field{Key: "roles", Value: codec.FieldDict([]codec.Field{role("caller"), role("callee")})})}
	if err := dialed.Conn.Send(hello.Append(nil, codec.CBOR)); err != nil {
		b.Fatal(err)
	}
	dialed.Conn.Flush()
	if _, err := dialed.Conn.Read(); err != nil { // WELCOME
		b.Fatal(err)
	}
	return dialed.Conn
}
