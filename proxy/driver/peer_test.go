package driver_test

import (
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport/played"
)

var shared = dealer.PoolConfig{QueueLimit: 10, KeptBytes: 10_000}

// addPeer has another sidecar take calls of the pool.
func (d *desk) addPeer(match, uri string) *peer {
	p := d.connect("peer", codec.CBOR)
	p.callee = d.AddPeer(driver.Callee{
		Session: p, Conn: p.conn, Serializer: codec.CBOR, Most: d.most,
		PoolName: func(dealer.PoolID) (string, string) { return match, uri },
	}, all, 0)
	return p
}

func (d *desk) addTaker() *peer {
	p := d.connect("taker", codec.CBOR)
	p.origin = d.AddPeerOrigin(driver.Origin{Conn: p.conn, Serializer: codec.CBOR, Most: d.most})
	return p
}

// offers gives a peer credits.
func (p *peer) offers(n int) {
	p.Perform(&p.out, p.dealer.Offer(0, p.pool, p.callee, n), driver.Hand{})
	p.write()
}

// isFull brings the ERROR of a peer, which says that it has no room.
func (p *peer) isFull(message string) {
	p.t.Helper()
	m := new(codec.Error)
	if err := m.Decode(codec.CBOR, played.InSerializer(p.t, codec.CBOR, message)); err != nil {
		p.t.Fatal(err)
	}
	if !driver.IsFull(codec.CBOR, m) {
		p.t.Errorf("%s does not say that there is no room", message)
	}
	p.answers(m.Request, dealer.Full, driver.Hand{Serializer: codec.CBOR, Error: m})
}

// A call that goes to a peer is an INVOCATION that says whose it is, and else as it came;
// its answer is the caller's.
func TestCallThatTravels(t *testing.T) {
	for name, c := range map[string]struct{ match, uri, details, sent string }{
		"exact":               {"exact", "com.example.p", `{"x":1}`, `{"x":1,"x_match":"exact","procedure":"com.example.p"}`},
		"exact, as it says":   {"exact", "com.example.p", `{"procedure":"com.example.p"}`, `{"procedure":"com.example.p","x_match":"exact","x_pool":"com.example.p"}`},
		"prefix":              {"prefix", "com.example", `{"procedure":"com.example.p"}`, `{"procedure":"com.example.p","x_match":"prefix","x_pool":"com.example"}`},
		"what a caller gives": {"exact", "com.example.p", `{"x_match":"prefix","x_pool":"com"}`, `{"x_match":"exact","procedure":"com.example.p"}`},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			d := newDesk(t, shared)
			router, callee, other := d.addRouter(codec.JSON), d.addCallee("callee", codec.JSON, all), d.addPeer(c.match, c.uri)
			other.offers(2)
			router.call(1, `[68,1,1,{}]`)
			callee.gets(`[68,1,100,{}]`)
			router.call(2, `[68,2,1,`+c.details+`,["a"],{"k":2}]`)
			other.gets(`[68,1,1,%s,["a"],{"k":2}]`, c.sent)
			other.yields(`[70,1,{},["b"]]`)
			router.gets(`[70,2,{},["b"]]`)

			var m codec.Invocation
			if err := m.Decode(codec.CBOR, played.InSerializer(t, codec.CBOR, `[68,1,1,`+c.sent+`]`)); err != nil {
				t.Fatal(err)
			}
			match, uri, details, _, ok := driver.PoolOf(codec.CBOR, &m, nil)
			want := "[68,1,1," + c.details + "]"
			if name == "what a caller gives" {
				want = "[68,1,1,{}]"
			}
			m.Details = details
			if got := played.AsJSON(codec.CBOR, m.Append(nil, codec.CBOR)); !ok || match != c.match || uri != c.uri || got != want {
				t.Errorf("it is read as of %s %s, %t, with %s", match, uri, ok, got)
			}
		})
	}
}

// One that says nothing of its pool is nobody's.
func TestCallOfNoPool(t *testing.T) {
	for _, details := range []string{`{}`, `{"x_match":"exact"}`, `{"procedure":"com.example.p"}`, `{"x_match":1,"x_pool":"com.example"}`, `{"x_match":"exact","x_pool":[]}`} {
		var m codec.Invocation
		if err := m.Decode(codec.CBOR, played.InSerializer(t, codec.CBOR, `[68,1,1,`+details+`]`)); err != nil {
			t.Fatal(err)
		}
		if match, uri, _, _, ok := driver.PoolOf(codec.CBOR, &m, nil); ok {
			t.Errorf("%s is of pool %s %s", details, match, uri)
		}
	}
}

// What a peer has no room for waits again, and so does what it can't be sent.
func TestCallThatComesBack(t *testing.T) {
	d := newDesk(t, shared)
	router, callee, other := d.addRouter(codec.JSON), d.addCallee("callee", codec.JSON, all), d.addPeer("exact", "com.example.p")
	router.call(1, `[68,1,1,{}]`)
	callee.gets(`[68,1,100,{}]`)
	other.offers(1)
	router.call(2, `[68,2,1,{},["a"]]`)
	other.gets(`[68,1,1,{"x_match":"exact","procedure":"com.example.p"},["a"]]`)
	other.isFull(`[8,68,1,{"x_wampool":"full"},"wamp.error.unavailable"]`)
	callee.yields(`[70,1,{}]`)
	router.gets(`[70,1,{}]`)
	callee.gets(`[68,2,100,{},["a"]]`)

	d.peers["peer"].offers(2)
	d.Callee(other.callee).Most = driver.Bound{Bytes: 40, By: "the peer"}
	router.call(3, `[68,3,1,{},["`+strings.Repeat("b", 100)+`"]]`)
	callee.yields(`[70,2,{}]`)
	router.gets(`[70,2,{}]`)
	callee.gets(`[68,3,100,{},["bbb…`)

	for _, message := range []string{
		`[8,68,2,{},"wamp.error.unavailable"]`, `[8,68,2,{"x_wampool":1},"wamp.error.unavailable"]`,
		`[8,68,2,{"x_wampool":"full"},"com.example.error"]`, `[8,68,2,{"x_wampool":"empty"},"wamp.error.unavailable"]`,
	} {
		m := new(codec.Error)
		if err := m.Decode(codec.CBOR, played.InSerializer(t, codec.CBOR, message)); err != nil {
			t.Fatal(err)
		}
		if driver.IsFull(codec.CBOR, m) {
			t.Errorf("%s says that there is no room", message)
		}
	}
}

// A peer whose call finds no room is told so, and one whose call all have refused that
// it may ask others.
func TestWhatATakerIsTold(t *testing.T) {
	d := newDesk(t, shared)
	callee, taker := d.addCallee("callee", codec.JSON, all), d.addTaker()
	taker.call(1, `[68,1,1,{},["a"]]`)
	callee.gets(`[68,1,100,{},["a"]]`)
	taker.call(2, `[68,2,1,{}]`)
	taker.gets(`[8,68,2,{"x_wampool":"full"},"wamp.error.unavailable",["full"]]`)
	d.Perform(&d.out, d.dealer.Answer(0, callee.callee, 1, dealer.Unavailable), driver.Hand{})
	d.write()
	taker.gets(`[8,68,1,{},"wamp.error.unavailable",["no_callee"]]`)
	d.SendFull(&d.out, taker.origin, 3, "not here")
	d.write()
	taker.gets(`[8,68,3,{"x_wampool":"full"},"wamp.error.unavailable",["not here"]]`)
	taker.call(4, `[68,4,1,{},["a"]]`)
	callee.gets(`[68,2,100,{},["a"]]`)
	d.Perform(&d.out, d.dealer.Cancel(0, taker.origin, 4, codec.CancelKillNoWait), driver.Hand{})
	d.write()
	callee.gets(`[69,2,{"mode":"killnowait"}]`)
	taker.gets(`[8,68,4,{},"com.example.refused",["canceled"]]`)
}
