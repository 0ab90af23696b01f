package proxy

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/transport"
	"github.com/wampool/wampool/proxy/transport/authority"
	"github.com/wampool/wampool/proxy/transport/played"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Messages of sessions, and the options of one who shares a procedure.
const (
	helloOne  = `[1,"realm1",{"roles":{"callee":{}}}]`
	helloTwo  = `[1,"realm2",{"roles":{"callee":{}}}]`
	noRealm   = `[2,7,{"authrole":"backend","roles":{}}]`
	realmOne  = `[2,7,{"realm":"realm1","authrole":"backend","roles":{}}]`
	abort     = `[3,{},"wamp.close.normal"]`
	goodbye   = `[6,{},"wamp.close.normal"]`
	andOut    = `[6,{},"wamp.close.goodbye_and_out"]`
	announced = `[64,2,{"invoke":"roundrobin","concurrency":1},"com.example.p"]`
	shared    = `{"invoke":"roundrobin","concurrency":1}`
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// peer is one end of a connection, played by the test: a client of the sidecar,
// or the router's end of a session. The test writes and reads JSON, whatever
// the serializer.
type peer struct {
	t        testing.TB
	conn     *transport.Conn
	messages <-chan string // closed when the connection ends
}

func newPeer(t testing.TB, conn *transport.Conn) *peer { return newReader(t, conn, played.AsJSON) }

// newReader is newPeer whose messages read otherwise.
func newReader(t testing.TB, conn *transport.Conn, text func(codec.Serializer, []byte) string) *peer {
	return &peer{t: t, conn: conn, messages: played.Read(t, conn, text)}
}

func (p *peer) send(format string, args ...any) {
	p.t.Helper()
	p.sendBytes(played.InSerializer(p.t, p.conn.Serializer(), fmt.Sprintf(format, args...)))
}

func (p *peer) sendBytes(message []byte) {
	p.t.Helper()
	if err := p.conn.Send(message); err != nil {
		p.t.Fatalf("send: %v", err)
	}
	p.conn.Flush()
}

// next returns the next message.
func (p *peer) next() string {
	p.t.Helper()
	select {
	case message, open := <-p.messages:
		if !open {
			p.t.Fatalf("connection ended: %v", p.conn.Err())
		}
		return message
	case <-time.After(patience):
		p.t.Fatal("no message came")
	}
	return ""
}

// expect takes the next message, which must be this one.
func (p *peer) expect(format string, args ...any) {
	p.t.Helper()
	if got, want := p.next(), fmt.Sprintf(format, args...); got != want {
		p.t.Fatalf("got  %s\nwant %s", got, want)
	}
}

// expectPrefix takes the next message, which must begin like this.
func (p *peer) expectPrefix(format string, args ...any) string {
	p.t.Helper()
	got, want := p.next(), fmt.Sprintf(format, args...)
	if !strings.HasPrefix(got, want) {
		p.t.Fatalf("got  %s\nwant %s…", got, want)
	}
	return got
}

// expectEnd waits for the end of the connection; no message may come before.
func (p *peer) expectEnd() {
	p.t.Helper()
	select {
	case message, open := <-p.messages:
		if open {
			p.t.Fatalf("got %s, want the end of the connection", message)
		}
	case <-time.After(patience):
		p.t.Fatal("connection did not end")
	}
}

// world is a sidecar between a router and clients that the test plays.
type world struct {
	t                    *testing.T
	proxy                *Proxy
	router               *transport.Listener
	log                  zerolog.Logger
	speaks               []codec.Serializer      // the router, in order of preference
	limits               transport.Limits        // of the router's connections
	server               *tls.Config             // of the router
	client               *tls.Config             // of clients
	prepare              func(*Proxy)            // before it serves; nil: nothing to do
	tune                 func(*admission.Config) // of the pools, before it serves; nil: nothing to do
	arrived              chan *peer              // the router's ends of new connections
	header               chan http.Header
	offered              chan []codec.Serializer // to the router, in each handshake that somebody looks at
	isSlow               atomic.Bool             // the router's end of the next connection goes to slow
	slow                 chan *transport.Conn    // what is read by the test alone
	stop                 context.CancelFunc
	routerTLS, listenTLS string // blocks of the configuration
	pool                 *peer  // the pool session that was welcomed last
	stopped              chan error
}

// newWorld starts a sidecar with this configuration of its realm, and gives the
// pool session, which the router has welcomed.
func newWorld(t *testing.T, realm string) (*world, *peer) {
	return newWorldOf(t, worldOptions{realm: realm})
}

// newWorldAt is newWorld with the addresses where router and sidecar listen.
func newWorldAt(t *testing.T, router, listen, realm string) (*world, *peer) {
	return newWorldOf(t, worldOptions{router: router, listen: listen, realm: realm})
}

// worldOptions are what a world is made of.
type worldOptions struct {
	router, listen string           // addresses; "": a WebSocket
	realm          string           // of the configuration, in its block
	limits         string           // of the configuration, in its block
	more           string           // of the configuration, beside all blocks
	ofRouter       transport.Limits // of the router's connections
}

func newWorldOf(t *testing.T, o worldOptions) (*world, *peer) {
	w := makeWorld(t)
	w.start(o)
	return w, w.welcomePool()
}

// makeWorld is a world that is to be started: its router speaks JSON, and its
// log goes nowhere.
func makeWorld(t *testing.T) *world {
	return &world{
		t: t, log: zerolog.Nop(), speaks: []codec.Serializer{codec.JSON},
		arrived: make(chan *peer, 64), header: make(chan http.Header, 64), slow: make(chan *transport.Conn, 1),
		offered: make(chan []codec.Serializer, 64), stopped: make(chan error, 1),
	}
}

// start starts router and sidecar. The pool session's HELLO is to be taken next.
// tune changes the bounds of pools, before anything has come.
func (p *Proxy) tune(change func(*admission.Config)) {
	change(&p.admission)
	for _, r := range p.realms {
		r.registrar = admission.New(p.admission, 1)
	}
}

func (w *world) start(o worldOptions) {
	const webSocket = "ws://127.0.0.1:0/ws"
	router, listen := cmp.Or(o.router, webSocket), cmp.Or(o.listen, webSocket)
	t := w.t
	w.limits = o.ofRouter
	a := authority.New(t, "CA")
	cert, key := a.Issue("server")
	certificates, err := transport.LoadCertificates(transport.CertificateFiles{CertFile: cert, KeyFile: key, CAFile: a.File}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.server, w.client = certificates.Server(), certificates.Client()
	w.listen(router)
	if strings.Contains(router, "ss:") {
		w.routerTLS = fmt.Sprintf("tls {\n ca_file = %q\n cert_file = %q\n key_file = %q\n}", a.File, cert, key)
	}
	if strings.Contains(listen, "ss:") {
		w.listenTLS = fmt.Sprintf("tls {\n client_ca_file = %q\n cert_file = %q\n key_file = %q\n}", a.File, cert, key)
	}
	o.listen = listen
	config, err := w.config(o)
	if err != nil {
		t.Fatal(err)
	}
	w.proxy = New(config, w.log)
	if w.tune != nil {
		w.proxy.tune(w.tune)
	}
	if w.prepare != nil {
		w.prepare(w.proxy)
	}
	ctx, stop := context.WithCancel(t.Context())
	w.stop = stop
	if err := w.proxy.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	go func() { w.stopped <- w.proxy.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		w.proxy.Stop()
		<-w.stopped
		_ = w.router.Close()
	})
}

// config reads the configuration of a world.
func (w *world) config(o worldOptions) (*configs.Config, error) {
	return configs.Parse([]byte(fmt.Sprintf(`
		router {
			url = %q
			dial_timeout = "20s"
			%s
		}
		listen %q {
			%s
		}
		limits {
			%s
		}
		realm "realm1" {
			%s
		}
		%s
		drain_timeout = "10s"`, w.router.URL(), w.routerTLS, o.listen, w.listenTLS, o.limits, o.realm, o.more)), "test.hcl")
}

func (w *world) listen(url string) {
	l, err := transport.Listen(w.t.Context(), url, transport.ListenOptions{Limits: w.limits, TLS: w.server})
	if err != nil {
		w.t.Fatal(err)
	}
	w.router = l
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = l.Serve(func(h *transport.Handshake) {
			select {
			case w.offered <- h.Serializers():
			default:
			}
			i := slices.IndexFunc(w.speaks, func(s codec.Serializer) bool { return slices.Contains(h.Serializers(), s) })
			if i < 0 {
				h.Reject(400, "none of these is spoken here")
				return
			}
			conn, err := h.Accept(w.speaks[i], http.Header{"Set-Cookie": {"cbtid=1"}})
			if err == nil {
				if w.isSlow.Swap(false) {
					w.slow <- conn
					return
				}
				header := h.Header()
				header.Set("Query", h.Query()) // which is none, but is looked at beside them
				w.header <- header
				w.arrived <- newPeer(w.t, conn)
			}
		})
	}()
	w.t.Cleanup(func() {
		_ = l.Close()
		<-served
	})
}

// accept takes the next connection that the sidecar makes to the router.
func (w *world) accept() *peer {
	w.t.Helper()
	select {
	case p := <-w.arrived:
		return p
	case <-time.After(patience):
		w.t.Fatal("nobody connects to the router")
	}
	return nil
}

// welcomePool takes the pool session's HELLO.
func (w *world) welcomePool() *peer {
	w.t.Helper()
	pool := w.accept()
	pool.expectPrefix(`[1,"realm1",{"agent":"wampool"`)
	pool.send(`[2,1,{"realm":"realm1","authrole":"backend","roles":{"dealer":{}}}]`)
	w.pool = pool
	return pool
}

// join connects a client, with its end at the router. features are those of
// its role of callee.
func (w *world) join(role, features string) (client, router *peer) {
	w.t.Helper()
	client, router = w.connect()
	w.welcome(client, router, role, features)
	return client, router
}

// welcome opens a session.
func (w *world) welcome(client, router *peer, role, features string) {
	w.t.Helper()
	hello := fmt.Sprintf(`[1,"realm1",{"roles":{"callee":{"features":{%s}}}}]`, features)
	client.send("%s", hello)
	router.expect("%s", hello)
	welcome := fmt.Sprintf(`[2,7,{"realm":"realm1","authid":"joe","authrole":%q,"roles":{}}]`, role)
	router.send("%s", welcome)
	client.expect("%s", welcome)
}

// connect connects a client, with its end at the router.
func (w *world) connect() (client, router *peer) {
	w.t.Helper()
	dialed, err := transport.Dial(w.t.Context(), w.proxy.URLs()[0], transport.DialOptions{
		Timeout: patience, Serializers: []codec.Serializer{codec.JSON}, Header: http.Header{"Cookie": {"a=b"}}, TLS: w.client,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return newPeer(w.t, dialed.Conn), w.accept()
}

// callee connects a client and makes it a member of the pool of com.example.p,
// whose registration at the router is 100. It returns the registration that
// the client got.
func (w *world) callee(pool *peer, options, features string) (client, router *peer, registration uint64) {
	w.t.Helper()
	client, router = w.join("backend", features)
	client.send(`[64,1,%s,"com.example.p"]`, options)
	if pool.conn.Serializer() != codec.JSON { // the callee's has a pool session of its own
		pool = w.welcomePool()
	}
	w.registerPool(pool)
	return client, router, w.admit(client, router)
}

// registerPool answers the pool's own REGISTER, if this is the first callee.
func (w *world) registerPool(pool *peer) {
	w.t.Helper()
	pool.expect(`[64,1,{},"com.example.p"]`)
	pool.send(`[65,1,100]`)
}

// admit answers the probe as a router does that knows the procedure as taken.
func (w *world) admit(client, router *peer) uint64 {
	w.t.Helper()
	router.expect(`[64,1,{},"com.example.p"]`)
	router.send(`[8,64,1,{},"wamp.error.procedure_already_exists",["taken"]]`)
	var registered []uint64
	if err := json.Unmarshal([]byte(client.expectPrefix(`[65,1,`)), &registered); err != nil {
		w.t.Fatal(err)
	}
	return registered[2]
}
