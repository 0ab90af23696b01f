package proxy_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/proxy"
	"github.com/wampool/wampool/proxy/transport"
	"github.com/wampool/wampool/proxy/transport/authority"
	"github.com/wampool/wampool/proxy/transport/cable"
)

// stage is a sidecar between clients and a router that are played, over
// connections in memory. All of it is in one bubble of testing/synctest.
type stage struct {
	t        *testing.T
	at       string // what is being done, for failures
	network  cable.Network
	settings settings
	config   string // the one in force
	proxy    *proxy.Proxy
	router   *transport.Listener
	stop     context.CancelFunc
	trusted  *tls.Config // by the router and by clients; nil: nobody speaks TLS
	log      journal
	stopped  chan error
	ended    bool // the sidecar, by itself
	closed   bool

	actors  []*actor          // those that have a name, in order of appearance
	drawn   map[string]uint64 // numbers that wampool has drawn, by their names
	session int               // the latest that the router gave
	granted int               // registrations that the router gave by itself

	readiness string // what wampool says of it, if it was asked

	mu         sync.Mutex
	connecting string   // a client that connects
	ends       []opened // of all connections
	unnamed    []*actor // the router's ends of connections that wampool has made by itself
}

// opened is a connection.
type opened struct{ dialer, listener *cable.End }

// endOf returns this side's end of the connection whose peer has an address.
func (s *stage) endOf(peer string) *cable.End {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.ends {
		if o.dialer.LocalAddr().String() == peer {
			return o.listener
		}
	}
	return nil
}

// journal is what wampool has logged.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

// fault returns what it says of a fault of wampool's own, "" if that is nothing.
func (j *journal) fault() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	if i := strings.Index(j.text.String(), "internal error"); i >= 0 {
		return j.text.String()[i:]
	}
	return ""
}

// errLost is how an actor's connection ends by itself.
var errLost = errors.New("the connection is lost")

// heard is what an actor got.
type heard struct {
	message []byte // in JSON; nil: text is all
	text    string
}

// begins tells whether a message, or what is no message, begins like this.
func (h heard) begins(text string) bool {
	return strings.HasPrefix(string(h.message), text) || h.message == nil && strings.HasPrefix(h.text, text)
}

const (
	routerAddress  = "127.0.0.1:8080"
	sidecarAddress = "127.0.0.1:9000"
)

// urlOver returns an address's URL by a transport.
func urlOver(transport, address string) string {
	if isWebSocket(transport) {
		return transport + "://" + address + "/ws"
	}
	return transport + "://" + address
}

func isWebSocket(transport string) bool { return strings.HasPrefix(transport, "ws") }

// isSecure tells of a transport whether TLS is below it.
func isSecure(transport string) bool { return strings.HasSuffix(transport, "ss") }

// certify gives a configuration certificates where it needs some: the same for
// everybody.
func (s *stage) certify(config string) string {
	if !isSecure(s.settings.router) && !isSecure(s.settings.here) {
		return config
	}
	ca := authority.New(s.t, "transcript")
	certFile, keyFile := ca.Issue("wampool")
	certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
	authorities, err2 := os.ReadFile(ca.File)
	if err := errors.Join(err, err2); err != nil {
		s.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authorities)
	s.trusted = &tls.Config{Certificates: []tls.Certificate{certificate}, RootCAs: roots}
	if isSecure(s.settings.router) {
		config = strings.Replace(config, "router {\n", fmt.Sprintf("router {\ntls {\nca_file = %q\n}\n", ca.File), 1)
	}
	if isSecure(s.settings.here) {
		own := fmt.Sprintf("listen %q {", urlOver(s.settings.here, sidecarAddress))
		config = strings.Replace(config, own+"}", fmt.Sprintf("%s\ntls {\ncert_file = %q\nkey_file = %q\n}\n}", own, certFile, keyFile), 1)
	}
	return config
}

// newStage starts a router and a sidecar. They end with the test.
func newStage(t *testing.T, o settings) *stage {
	s := &stage{t: t, settings: o, drawn: make(map[string]uint64), stopped: make(chan error, 1)}
	s.network.Opened = func(dialer, listener *cable.End) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ends = append(s.ends, opened{dialer, listener})
	}
	s.config = s.certify(o.whole())
	s.listen()
	parsed, err := configs.Parse([]byte(s.config), "transcript.hcl")
	if err != nil {
		t.Fatal(err)
	}
	s.proxy = proxy.New(parsed, zerolog.New(&s.log))
	proxy.UseNetwork(s.proxy, s.network.Dial, s.network.Listen)
	proxy.UseSeed(s.proxy, 1)
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	if err := s.proxy.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	go func() { s.stopped <- s.proxy.Serve(ctx) }()
	t.Cleanup(s.close)
	synctest.Wait()
	return s
}

// whole is the configuration with what a script may leave out.
func (o settings) whole() string {
	url := fmt.Sprintf("url = %q\n", urlOver(o.router, routerAddress))
	config, given := o.config, strings.Contains(o.config, "router {")
	if given {
		config = strings.Replace(config, "router {", "router {\n"+url, 1)
	} else {
		config += "router {\n" + url + "}\n"
	}
	if !strings.Contains(config, "listen ") {
		config += fmt.Sprintf("listen %q {}\n", urlOver(o.here, sidecarAddress))
	}
	if !strings.Contains(config, `realm "`) {
		config += "realm \"realm1\" {}\n"
	}
	return config
}

// close ends everything. Nothing may be left then.
func (s *stage) close() {
	if s.closed {
		return
	}
	s.closed = true
	s.stop()
	s.proxy.Stop()
	s.unlisten()
	s.mu.Lock()
	all := append(slices.Clone(s.actors), s.unnamed...)
	s.mu.Unlock()
	all = slices.DeleteFunc(all, func(a *actor) bool { return a.conn == nil })
	for _, a := range all {
		a.leave()
		a.conn.Abort(errLost)
	}
	if !s.ended {
		if err := <-s.stopped; err != nil {
			s.t.Errorf("Serve: %v", err)
		}
	}
	for _, a := range all {
		a.conn.Wait()
	}
	if found := s.log.fault(); found != "" {
		s.t.Errorf("checker %s: wampool has one: %s", fault, found)
	}
	if left := proxy.Left(s.proxy); len(left) > 0 {
		s.t.Errorf("checker %s: %s", nothingLeft, strings.Join(left, "; "))
	}
	if held := proxy.Held(s.proxy); held != 0 {
		s.t.Errorf("checker %s: %d bytes are counted as held by clients that are gone", nothingLeft, held)
	}
}

func (s *stage) fail(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("%s\n%s", s.at, fmt.Sprintf(format, args...))
}

// listen has the router take connections.
func (s *stage) listen() {
	l, err := transport.Listen(context.Background(), urlOver(s.settings.router, routerAddress), transport.ListenOptions{Socket: s.network.Listen, TLS: s.trusted})
	if err != nil {
		s.t.Fatal(err)
	}
	s.router = l
	go func() { _ = l.Serve(s.accept) }()
}

func (s *stage) unlisten() {
	_ = s.router.Close()
	s.router.Wait()
}

// accept takes a connection of wampool's to the router.
func (s *stage) accept(h *transport.Handshake) {
	speaks := func(name string) bool {
		return slices.ContainsFunc(h.Serializers(), func(o codec.Serializer) bool { return o.String() == name })
	}
	i := slices.IndexFunc(s.settings.serializers, speaks)
	if i < 0 {
		h.Reject(http.StatusBadRequest, "none of these is spoken here")
		return
	}
	s.mu.Lock()
	client := "" // who hears of the connection before it is accepted here to the end
	if !isWebSocket(s.settings.router) || strings.Contains(h.Header().Get("X-Forwarded-For"), ",") {
		client, s.connecting = s.connecting, ""
	}
	s.mu.Unlock()
	serializer, _ := serializerCalled(s.settings.serializers[i])
	conn, err := h.Accept(serializer, nil)
	if err != nil {
		return
	}
	a := newActor(conn, s.endOf(h.RemoteAddr()))
	s.mu.Lock()
	defer s.mu.Unlock()
	if client == "" {
		s.unnamed = append(s.unnamed, a)
		return
	}
	a.name = client + "@router"
	s.actors = append(s.actors, a)
}

// serializers are those that a transcript may name.
var serializers = []codec.Serializer{codec.JSON, codec.MessagePack, codec.CBOR}

func serializerCalled(name string) (codec.Serializer, bool) {
	i := slices.IndexFunc(serializers, func(s codec.Serializer) bool { return s.String() == name })
	if i < 0 {
		return 0, false
	}
	return serializers[i], true
}

// find returns the actor of a name that has a connection, else the last one
// that had, nil if there is none.
func (s *stage) find(name string) (found *actor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.actors {
		if a.name == name && (found == nil || found.isOver()) {
			found = a
		}
	}
	return found
}

// connect connects a client.
func (s *stage) connect(name string, serializer codec.Serializer) {
	s.mu.Lock()
	s.connecting = name
	s.mu.Unlock()
	var end *cable.End
	dialed, err := transport.Dial(context.Background(), urlOver(s.settings.here, sidecarAddress), transport.DialOptions{
		Serializers: []codec.Serializer{serializer}, Timeout: time.Minute, TLS: s.trusted,
		Connect: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := s.network.Dial(ctx, network, address)
			end, _ = conn.(*cable.End)
			return conn, err
		},
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connecting = ""
	if err != nil {
		s.actors = append(s.actors, &actor{name: name, seen: []heard{{text: refusedBy(err)}}})
		return
	}
	a := newActor(dialed.Conn, end)
	a.name = name
	at := slices.IndexFunc(s.actors, func(other *actor) bool { return other.name == name+"@router" && !other.isOver() })
	if at < 0 {
		at = len(s.actors)
	}
	s.actors = slices.Insert(s.actors, at, a)
}

func refusedBy(err error) string {
	var refused *transport.RefusedError
	switch {
	case errors.As(err, &refused) && refused.RawSocket != 0:
		return fmt.Sprintf("refused %d", refused.RawSocket)
	case errors.As(err, &refused):
		return fmt.Sprintf("refused %d %q", refused.Status, refused.Body)
	}
	return fmt.Sprintf("refused %q", err)
}

// settle waits until nobody has anything left to do at this time, and takes
// what everybody has got.
func (s *stage) settle() {
	synctest.Wait()
	s.nameLinks()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.actors {
		a.mu.Lock()
		for _, message := range a.came {
			a.seen = append(a.seen, heard{message: message})
		}
		if a.over != "" {
			a.seen = append(a.seen, heard{text: a.over})
		}
		a.came, a.over = nil, ""
		a.mu.Unlock()
	}
}

// nameLinks gives pool sessions their names, once they have said HELLO.
func (s *stage) nameLinks() {
	s.mu.Lock()
	unnamed := s.unnamed
	s.unnamed = nil
	s.mu.Unlock()
	for _, a := range unnamed {
		a.mu.Lock()
		first, isOver := "", a.over != ""
		if len(a.came) > 0 {
			first = string(a.came[0])
		}
		a.mu.Unlock()
		if first == "" {
			if !isOver {
				s.mu.Lock()
				s.unnamed = append(s.unnamed, a)
				s.mu.Unlock()
			}
			continue
		}
		suffix := ""
		if words := elementsOf(s.textOf([]byte(first))); len(words) > 1 && words[1] != `"realm1"` {
			suffix = ":" + strings.Trim(words[1], `"`)
		}
		a.name = "pool" + suffix
		for n := 2; s.find(a.name) != nil && !s.find(a.name).isOver(); n++ {
			a.name = fmt.Sprintf("pool%d%s", n, suffix)
		}
		if len(s.settings.serializers) > 1 {
			a.seen = append(a.seen, heard{text: connectsBy + a.conn.Serializer().String()})
		}
		s.mu.Lock()
		s.actors = append(s.actors, a)
		s.mu.Unlock()
	}
}

// gather returns what everybody has got since the last time, as a transcript
// writes it. What is expected gives names to the numbers that are drawn.
func (s *stage) gather(expected []got) (all []got) {
	s.settle()
	for _, a := range s.actors {
		seen := a.seen
		a.seen = nil
		for _, h := range seen {
			want, text := "", h.text
			if i := slices.IndexFunc(expected, func(g got) bool { return g.actor == a.name }); i >= 0 {
				want = expected[i].text
				expected = slices.Delete(slices.Clone(expected), i, i+1)
			}
			if h.message != nil {
				s.draw(a, h.message, want)
				a.greeted = a.greeted || h.begins("[1,")
				text = s.textOf(h.message)
			}
			all = append(all, got{a.name, text})
		}
	}
	if s.readiness != "" {
		all = append(all, got{"wampool", s.readiness})
		s.readiness = ""
	}
	if s.hasStopped() {
		all = append(all, got{"wampool", hasStopped})
	}
	return all
}

// What wampool itself comes to.
const (
	hasStopped = "has stopped"
	isReady    = "is ready"
	isNotReady = "is not ready: "
)

// hasStopped tells whether the sidecar has ended since it was asked last.
func (s *stage) hasStopped() bool {
	select {
	case err := <-s.stopped:
		if err != nil {
			s.fail("Serve: %v", err)
		}
		s.ended = true
		return true
	default:
		return false
	}
}
