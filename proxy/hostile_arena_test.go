package proxy

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/transport"
	"github.com/wampool/wampool/proxy/transport/played"
)

// arena is a sidecar with two pools, of com.example.healthy and of
// com.example.hostile, and a session that is in none. Whatever the members of
// the second one do, and others that come, the rest must not notice.
type arena struct {
	t       testing.TB
	s       codec.Serializer // of all sessions
	over    string
	proxy   *Proxy
	arrived chan *transport.Conn // the router's ends of new connections
	pool    *speaker             // the pool session's end at the router
	calls   int                  // INVOCATIONs sent to the pool session

	healthy           *speaker
	healthyID         int     // of its latest INVOCATION
	healthyAtRouter   float64 // the pool's registration
	healthyAtCallee   float64
	bystander         *speaker
	bystanderAtRouter *speaker
}

// Transports, by the URL to listen at.
const (
	webSocket = "ws://127.0.0.1:0/ws"
	rawSocket = "rs://127.0.0.1:0"
)

// overAll runs a test for each serializer and transport.
func overAll(t *testing.T, test func(t *testing.T, s codec.Serializer, over string)) {
	for _, over := range []string{webSocket, rawSocket} {
		for _, s := range []codec.Serializer{codec.JSON, codec.MessagePack, codec.CBOR} {
			t.Run(over[:2]+"/"+s.String(), func(t *testing.T) { test(t, s, over) })
		}
	}
}

// newArena starts a sidecar that is reached, and reaches its router, over one
// transport, with all that is to be there.
func newArena(t testing.TB, s codec.Serializer, over string) *arena {
	a := startArena(t, s, over)
	a.pool = a.accept(t)
	a.welcomePool()
	a.populate()
	return a
}

// startArena starts a sidecar whose pool session has yet to be taken.
func startArena(t testing.TB, s codec.Serializer, over string) *arena {
	a := &arena{t: t, s: s, over: over, arrived: make(chan *transport.Conn, 64)}
	config, err := configs.Parse([]byte(fmt.Sprintf(`
		router {
			url = %q
			dial_timeout = "20s"
		}
		listen %q {}
		realm "realm1" {
			pool "com.example.healthy" {}
			pool "com.example.hostile" {}
			pool "com.example.direct" { direct = ["caller"] }
		}
		drain_timeout = "10s"`, a.listen(over), over)), "test.hcl")
	if err != nil {
		t.Fatal(err)
	}
	a.proxy = New(config, zerolog.Nop())
	a.proxy.tune(func(c *admission.Config) { c.AnswerPatience = time.Hour }) // arenas wait for one another
	ctx, stop := context.WithCancel(context.Background())
	if err := a.proxy.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- a.proxy.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		a.proxy.Stop()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	return a
}

// listen opens the router's port, and gives its URL.
func (a *arena) listen(over string) string {
	l, err := transport.Listen(a.t.Context(), over, transport.ListenOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = l.Serve(func(h *transport.Handshake) {
			conn, err := h.Accept(a.s, http.Header{})
			if err != nil {
				h.Reject(http.StatusBadRequest, "another serializer")
				return
			}
			a.arrived <- conn
		})
	}()
	a.t.Cleanup(func() {
		_ = l.Close()
		<-served
		l.Wait()
	})
	return l.URL()
}

// populate brings the healthy callee and the bystander.
func (a *arena) populate() {
	a.t.Helper()
	var atRouter *speaker
	a.healthy, atRouter = a.join(a.t)
	a.healthyAtCallee, a.healthyAtRouter = a.enrol(a.healthy, atRouter, "com.example.healthy")
	a.bystander, a.bystanderAtRouter = a.join(a.t)
}

// welcomePool takes the pool session's HELLO.
func (a *arena) welcomePool() {
	a.t.Helper()
	a.pool.expectType(codec.TypeHello)
	a.pool.say(list{2, 1, dict{"realm", "realm1", "authrole", "backend", "roles", dict{"dealer", dict{}}}})
}

func (a *arena) speak(t testing.TB, conn *transport.Conn) *speaker {
	return &speaker{newReader(t, conn, played.AsItIs), a.s}
}

// accept takes the next connection that the sidecar makes to the router.
func (a *arena) accept(t testing.TB) *speaker {
	t.Helper()
	select {
	case conn := <-a.arrived:
		return a.speak(t, conn)
	case <-time.After(patience):
		t.Fatal("nobody connects to the router")
	}
	return nil
}

// connect connects a client, with its end at the router.
func (a *arena) connect(t testing.TB) (client, atRouter *speaker) {
	t.Helper()
	dialed, err := transport.Dial(context.Background(), a.proxy.URLs()[0], transport.DialOptions{Timeout: patience, Serializers: []codec.Serializer{a.s}})
	if err != nil {
		t.Fatal(err)
	}
	return a.speak(t, dialed.Conn), a.accept(t)
}

// join connects a client that gets a session.
func (a *arena) join(t testing.TB) (client, atRouter *speaker) {
	t.Helper()
	return a.joinAs(t, "backend")
}

// joinAs connects a client that gets a session with this authrole.
func (a *arena) joinAs(t testing.TB, role string) (client, atRouter *speaker) {
	t.Helper()
	client, atRouter = a.connect(t)
	client.say(helloMessage)
	atRouter.expectBytes(wire(a.s, helloMessage))
	welcome := list{2, 7, dict{"realm", "realm1", "authid", "joe", "authrole", role, "roles", dict{}}}
	atRouter.say(welcome)
	client.expectBytes(wire(a.s, welcome))
	return client, atRouter
}

var (
	helloMessage   = list{1, "realm1", dict{"roles", dict{"caller", dict{}, "callee", dict{}}}}
	welcomeMessage = list{2, 7, dict{"realm", "realm1", "authid", "joe", "authrole", "backend", "roles", dict{}}}
)

// enrol makes a client a member of a procedure's pool, the only one. It
// returns the registration that the client got, and the pool's at the router.
func (a *arena) enrol(client, atRouter *speaker, procedure string) (atCallee, atPool float64) {
	client.t.Helper()
	client.say(list{64, 1, dict{}, procedure})
	request := a.pool.expectType(codec.TypeRegister)[1].(float64)
	atPool = 100 + request
	a.pool.say(list{65, int(request), int(atPool)})
	return a.admitted(client, atRouter, procedure), atPool
}

// call sends an INVOCATION to the pool session, and returns its ID there.
func (a *arena) call(registration float64) int {
	a.calls++
	a.pool.say(list{68, a.calls, int(registration), dict{}, list{"ping"}})
	return a.calls
}

// giveUp takes the UNREGISTER of a pool without a callee.
func (a *arena) giveUp() {
	a.t.Helper()
	request := a.pool.expectType(codec.TypeUnregister)[1].(float64)
	a.pool.say(list{67, int(request)})
}

// ping proves that nobody has noticed anything: the pool session still has its
// connection, and has sent nothing that was not looked at already; the healthy
// callee gets a call, under the next ID, and its answer arrives; the bystander's
// messages pass.
func (a *arena) ping() {
	a.t.Helper()
	id := a.call(a.healthyAtRouter)
	a.healthyID++
	a.healthy.expect(`[68,%d,%.0f,{},["ping"]]`, a.healthyID, a.healthyAtCallee)
	a.healthy.say(list{70, a.healthyID, dict{}, list{"pong"}})
	a.pool.expect(`[70,%d,{},["pong"]]`, id)
	a.passes()
}

// passes proves that the bystander's messages pass.
func (a *arena) passes() {
	a.t.Helper()
	publish := list{16, 5, dict{}, "com.example.topic", list{"é"}}
	a.bystander.say(publish)
	a.bystanderAtRouter.expectBytes(wire(a.s, publish))
}

// by lets all that goes wrong from now on be this test's failure.
func (a *arena) by(t testing.TB) {
	a.t = t
	for _, p := range []*speaker{a.pool, a.healthy, a.bystander, a.bystanderAtRouter} {
		p.t = t
	}
}
