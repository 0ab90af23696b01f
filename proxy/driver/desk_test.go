package driver_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
	"github.com/wampool/wampool/proxy/transport/played"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errOver = errors.New("the test is over")

// desk is a driver whose owner is a test, and the dealer that it drives. Those to
// whom it writes are at the other ends of real connections.
type desk struct {
	*driver.Driver
	t        testing.TB
	dealer   *dealer.Dealer
	pool     dealer.PoolID
	out      transport.Outbox
	listener *transport.Listener
	near     chan *transport.Conn
	peers    map[string]*peer
	most     driver.Bound
	text     func(codec.Serializer, []byte) string // of a message that a peer gets
	log      []string                              // what the owner was told
	isQuiet  bool                                  // it keeps no log
	within   func()                                // runs where the owner is told that something is carried out
}

// peer is one of them.
type peer struct {
	*desk
	name      string
	conn      *transport.Conn // the driver's end
	messages  <-chan string
	discloses bool
	callee    dealer.CalleeID
	origin    dealer.OriginID
}

// newDesk has one pool, with a queue.
func newDesk(t testing.TB, config dealer.PoolConfig) *desk {
	d := &desk{
		t: t, dealer: dealer.New(1), near: make(chan *transport.Conn, 1), peers: make(map[string]*peer),
		most: driver.Bound{Bytes: 1000, By: "the test"}, text: played.AsJSON,
	}
	d.Driver = driver.New(d.dealer, d)
	d.pool = d.dealer.OpenPool("exact com.example.p", config)
	l, err := transport.Listen(context.Background(), "rs://127.0.0.1:0", transport.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d.listener = l
	served := make(chan error, 1)
	go func() { served <- l.Serve(d.accept) }()
	t.Cleanup(func() {
		_ = l.Close()
		<-served
		l.Wait()
	})
	return d
}

func (d *desk) accept(h *transport.Handshake) {
	conn, err := h.Accept(h.Serializers()[0], nil)
	if err != nil {
		d.t.Error(err)
	}
	d.near <- conn
}

func (d *desk) connect(name string, s codec.Serializer) *peer {
	far := played.Dial(d.t, d.listener.URL(), s)
	p := &peer{desk: d, name: name, conn: <-d.near, messages: played.Read(d.t, far, d.text)}
	d.t.Cleanup(func() {
		p.conn.Abort(errOver)
		p.conn.Wait()
	})
	d.peers[name] = p
	return p
}

func identity(name string) driver.Identity {
	return driver.Identity{Session: uint64(len(name)), AuthID: name, AuthRole: "tester"}
}

// callee joins the pool with room for one call.
func (d *desk) addCallee(name string, s codec.Serializer, features codec.CalleeFeatures) *peer {
	d.t.Helper()
	p := d.connect(name, s)
	router := d.connect(name+"'s router", s)
	p.callee = d.AddCallee(driver.Callee{
		Session: p, Conn: p.conn, Router: router.conn, Serializer: s, Most: d.most, Identity: identity(name),
	}, features, 0)
	actions, err := d.dealer.Join(0, dealer.Registration{Pool: d.pool, Callee: p.callee, ID: 100, Policy: dealer.First, Limit: 1})
	if err != nil {
		d.t.Fatal(err)
	}
	d.Perform(&d.out, actions, driver.Hand{})
	return p
}

func (d *desk) addRouter(s codec.Serializer) *peer {
	p := d.connect("router", s)
	p.origin = d.AddOrigin(driver.Origin{Conn: p.conn, Serializer: s, Most: d.most, HasLastWord: true})
	return p
}

func (d *desk) addCaller(s codec.Serializer) *peer {
	p := d.connect("caller", s)
	p.origin = d.AddOrigin(driver.Origin{Conn: p.conn, Serializer: s, Most: d.most, Session: p, Identity: identity("caller"), NamesCallees: true})
	return p
}

// call brings the call of an INVOCATION, as an origin has sent it.
func (p *peer) call(request uint64, message string, more ...func(*dealer.Call)) {
	s := p.conn.Serializer()
	var m codec.Invocation
	if err := m.Decode(s, played.InSerializer(p.t, s, message)); err != nil {
		p.t.Fatal(err)
	}
	in := dealer.Call{
		Pool: p.pool, Origin: p.origin, Request: request, Body: codec.Body{Serializer: s, Details: m.Details, Payload: m.Payload},
		ReceiveProgress: m.ReceiveProgress, Progress: m.Progress,
	}
	for _, change := range more {
		change(&in)
	}
	p.Perform(&p.out, p.dealer.Call(0, in), driver.Hand{})
	p.write()
}

// yields and errors bring an answer of a callee.
func (p *peer) yields(message string) {
	s := p.conn.Serializer()
	raw := played.InSerializer(p.t, s, message)
	m, kind := new(codec.Yield), dealer.Final
	if err := m.Decode(s, raw); err != nil {
		p.t.Fatal(err)
	}
	err := m.Validate(s)
	if m.Progress {
		kind = dealer.Progress
	}
	p.answers(m.Request, kind, driver.Hand{Serializer: s, Head: headOf(p.t, s, raw), Raw: raw, Yield: m, Unfit: err})
}

func (p *peer) errors(message string) {
	s := p.conn.Serializer()
	raw := played.InSerializer(p.t, s, message)
	m := new(codec.Error)
	if err := m.Decode(s, raw); err != nil {
		p.t.Fatal(err)
	}
	p.answers(m.Request, dealer.Final, driver.Hand{Serializer: s, Head: headOf(p.t, s, raw), Raw: raw, Error: m})
}

func headOf(t testing.TB, s codec.Serializer, raw []byte) *codec.Head {
	h, err := codec.ReadHead(s, raw)
	if err != nil {
		t.Fatal(err)
	}
	return &h
}

func (p *peer) answers(id uint64, kind dealer.AnswerKind, h driver.Hand) {
	p.Perform(&p.out, p.dealer.Answer(0, p.callee, id, kind), h)
	p.write()
}

// write does what an owner does when it has given its lock back.
func (d *desk) write() {
	u := d.Unwritten()
	for u != nil && u.Write(func(x any) { d.log = append(d.log, fmt.Sprintf("reported %v", x)) }) {
		d.Follow(&d.out, u)
		u = d.Unwritten()
	}
	d.out.Flush()
	if err := d.dealer.Audit(); err != nil {
		d.t.Error(err)
	}
}

// gets takes the next message of a peer, which must be this one; … at its end
// stands for anything.
func (p *peer) gets(format string, args ...any) {
	p.t.Helper()
	want := fmt.Sprintf(format, args...)
	select {
	case got := <-p.messages:
		if begin, open := strings.CutSuffix(want, "…"); got != want && (!open || !strings.HasPrefix(got, begin)) {
			p.t.Fatalf("%s got  %s\nwant %s", p.name, got, want)
		}
	case <-time.After(played.Patience):
		p.t.Fatalf("%s got nothing", p.name)
	}
}

// logs takes what the owner was told, which must be this.
func (d *desk) logs(want ...string) {
	d.t.Helper()
	if got := strings.Join(d.log, "\n"); got != strings.Join(want, "\n") {
		d.t.Fatalf("the owner was told\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	d.log = nil
}

func (d *desk) Refusal(a *dealer.Action, s codec.Serializer, dst []byte) (string, codec.Payload) {
	return "com.example.refused", codec.TextPayload(s, dst, a.Refusal.Reason.String(), nil)
}

func (d *desk) TimeoutUnit() time.Duration { return time.Second }

func (d *desk) Release(dealer.PoolID) {
	d.log = append(d.log, "release")
	d.After(func(*transport.Outbox) {
		d.log = append(d.log, "after it")
		d.dealer.OpenPool("exact com.example.other", dealer.PoolConfig{}) // an event
	})
}

func (d *desk) Ended([]dealer.End) {}

func (d *desk) Carried(a *dealer.Action, _ int, uri string) {
	if d.within != nil {
		d.within()
	}
	if d.isQuiet {
		return
	}
	names := map[dealer.ActionKind]string{dealer.Invoke: "invoke", dealer.Forward: "forward", dealer.Refuse: "refuse"}
	d.log = append(d.log, strings.TrimSpace(fmt.Sprintf("%s %d %s", names[a.Kind], a.Request, uri)))
}

func (p *peer) Discloses(uint64) bool { return p.discloses }

func (p *peer) Revoke(out *transport.Outbox, registration uint64) {
	out.Send(p.conn, played.InSerializer(p.t, p.conn.Serializer(), fmt.Sprintf(`[67,0,{"registration":%d}]`, registration)))
}

func (p *peer) OwnAnswered() { p.desk.log = append(p.desk.log, "own answered") }

func (p *peer) Violate(out *transport.Outbox, text string) {
	p.desk.log = append(p.desk.log, p.name+" violates: "+text)
	p.Lose(out, 0, p.callee)
}
