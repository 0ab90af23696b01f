package proxy_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/proxy"
	"github.com/wampool/wampool/proxy/cluster"
	"github.com/wampool/wampool/proxy/transport"
)

// rogue is a peer that knows the secret, and says what it likes.
type rogue struct {
	*cluster.Cluster
	taken    chan *cluster.Link // that a sidecar has dialed: calls and events may be sent there
	supplied chan *cluster.Link // that was dialed to a sidecar: answers may be sent there
	listens  atomic.Bool
	stop     context.CancelFunc
	stopped  chan struct{}
}

func (r *rogue) Realms() []string           { return []string{"realm1"} }
func (r *rogue) Role(string) (string, bool) { return "anonymous", true }
func (r *rogue) Meet([]cluster.Peer)        {}
func (r *rogue) Take(l *cluster.Link)       { r.taken <- l; <-l.Conn.Done() }

// Supply leaves the link to the test, or reads what comes, and answers pings alone.
func (r *rogue) Supply(l *cluster.Link) {
	if r.supplied <- l; r.listens.Load() {
		for {
			if _, err := l.Conn.Read(); err != nil {
				return
			}
		}
	}
	<-l.Conn.Done()
}

func (r *rogue) limits(k *transport.Keepalive) transport.Limits {
	return transport.Limits{Keepalive: k}
}

// invade has a rogue join the others.
func (q *quarter) invade() *rogue {
	q.t.Helper()
	r := &rogue{taken: make(chan *cluster.Link, 10), supplied: make(chan *cluster.Link, 10), stopped: make(chan struct{})}
	var err error
	r.Cluster, err = cluster.Open(q.t.Context(), cluster.Options{
		Config: &configs.Cluster{Name: configs.DefaultClusterName, Listen: "rs://10.1.0.99:7947", Secret: configs.NewSecret("known to all of them"), MaxRTT: time.Second},
		Log:    zerolog.Nop(), Host: r, Budget: transport.NewBudget(0), Quota: transport.NewQuota(100, 0), Limits: r.limits, DialLimits: r.limits,
		Connect: q.network.Dial, Socket: q.network.Listen, Membership: q.members.join,
	})
	if err != nil {
		q.t.Fatal(err)
	}
	var ctx context.Context
	ctx, r.stop = context.WithCancel(context.Background())
	go func() {
		defer close(r.stopped)
		_ = r.Run(ctx)
	}()
	return r
}

func (r *rogue) leave() {
	r.stop()
	r.Close()
	<-r.stopped
}

// say sends something on a link, and returns whether the link stands afterwards.
func say(l *cluster.Link, messages ...[]byte) bool {
	for _, m := range messages {
		if l.Conn.Send(m) != nil {
			break
		}
	}
	l.Conn.Flush()
	time.Sleep(500 * time.Millisecond)
	synctest.Wait()
	go func() { // what comes is read, so that an end is seen
		for {
			if _, err := l.Conn.Read(); err != nil {
				return
			}
		}
	}()
	time.Sleep(100 * time.Millisecond)
	return l.Conn.Err() == nil
}

func eventOf(topic string, words ...codec.FieldValue) []byte {
	m := codec.Event{
		Subscription: 1, Publication: 1, Details: codec.NewDict(codec.CBOR, codec.Field{Key: "topic", Value: codec.FieldString(topic)}),
		Payload: codec.ListPayload(codec.CBOR, nil, words),
	}
	return m.Append(nil, codec.CBOR)
}

// What a peer may say that breaks the protocol ends its link, and costs nobody else
// anything; what is only untrue is borne.
func TestRoguePeers(t *testing.T) {
	text, number := codec.FieldString, codec.FieldUint
	load := func(free, waiting uint64) []codec.FieldValue {
		return []codec.FieldValue{text("exact"), text(shared), number(1), number(free), number(waiting), number(1 << 50), number(1 << 52), number(1 << 53)}
	}
	var many []codec.FieldValue
	for range 2000 {
		many = append(many, load(1, 1)...)
	}
	details := codec.NewDict(codec.CBOR, codec.Field{Key: "x_match", Value: text("exact")}, codec.Field{Key: "procedure", Value: text("com.example.other")})
	invocation := func(d codec.Dict) []byte {
		return (&codec.Invocation{Request: 1, Registration: 1, Details: d}).Append(nil, codec.CBOR)
	}
	yield := (&codec.Yield{Request: 77}).Append(nil, codec.CBOR)
	const load7, match4 = "wampool.cluster.load", "wampool.cluster.match"
	for name, tt := range map[string]struct {
		asTaker  bool // on the link that the sidecar has dialed
		messages [][]byte
		stands   bool
	}{
		"a YIELD that nobody has asked for":  {false, [][]byte{yield}, false},
		"an ERROR that nobody has asked for": {false, [][]byte{(&codec.Error{RequestType: codec.TypeInvocation, Request: 5, URI: []byte("com.example.error")}).Append(nil, codec.CBOR)}, false},
		"an ERROR for a CALL":                {false, [][]byte{(&codec.Error{RequestType: codec.TypeCall, Request: 5, URI: []byte("com.example.error")}).Append(nil, codec.CBOR)}, false},
		"garbage of a supplier":              {false, [][]byte{[]byte("garbage")}, false},
		"a REGISTER":                         {false, [][]byte{(&codec.Register{Request: 1, Procedure: "com.example.mine"}).Append(nil, codec.CBOR)}, false},
		"an INVOCATION of a supplier":        {false, [][]byte{invocation(details)}, false},
		"garbage of a taker":                 {true, [][]byte{[]byte("garbage")}, false},
		"a YIELD of a taker":                 {true, [][]byte{yield}, false},
		"a call of what is not shared":       {true, [][]byte{invocation(details)}, true},
		"a call of nothing":                  {true, [][]byte{invocation(codec.Dict{})}, true},
		"a call whose payload is no list":    {true, [][]byte{append(invocation(details)[:len(invocation(details)):len(invocation(details))], 1)}, false},
		"a load like a giant":                {true, [][]byte{eventOf(load7, load(1<<53, 1<<53)...)}, true},
		"a load of nothing":                  {true, [][]byte{eventOf(load7)}, true},
		"a load that leaves out what came":   {true, [][]byte{eventOf(load7, load(1, 1)[:6]...)}, true},
		"half a load":                        {true, [][]byte{eventOf(load7, load(1, 1)[:3]...)}, false},
		"a load of no pool":                  {true, [][]byte{eventOf(load7, append([]codec.FieldValue{text("odd")}, load(1, 1)[1:]...)...)}, false},
		"a load in words":                    {true, [][]byte{eventOf(load7, text("exact"), text(shared), text("1"), text("1"), text("1"), text("1"), text("1"), text("1"))}, false},
		"too many loads":                     {true, [][]byte{eventOf(load7, many...)}, false},
		"a match with nobody":                {true, [][]byte{eventOf(match4, text("exact"), text(shared), text(strings.Repeat("0", 32)), number(1<<53))}, true},
		"a match of no pool":                 {true, [][]byte{eventOf(match4, text("exact"), text("com.example.other"), text(strings.Repeat("0", 32)), number(1))}, true},
		"a match with no node":               {true, [][]byte{eventOf(match4, text("exact"), text(shared), text("0"), number(1))}, false},
		"an EVENT of something else":         {true, [][]byte{eventOf("com.example.topic", text("x"))}, true},
		"an INTERRUPT of what never was":     {true, [][]byte{(&codec.Interrupt{Request: 9}).Append(nil, codec.CBOR)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			inQuarter(t, queued, []int{2, 1}, work, func(q *quarter) {
				r := q.invade()
				q.settle()
				links := r.supplied
				if tt.asTaker {
					links = r.taken
				}
				l := <-links
				if stands := say(l, tt.messages...); stands != tt.stands {
					t.Errorf("the link stands: %t\n%s", stands, q.sides[0].log.text.String()+q.sides[1].log.text.String())
				}
				var o outcome
				q.burst(&o, 20)
				o.pending.Wait()
				if len(o.failed) > 0 {
					t.Errorf("%d answered, the others: %v", o.answered, o.failed)
				}
				r.leave()
			})
		})
	}
}

// A peer that promises slots, takes calls and never answers, costs those calls alone, and
// those only until its link ends.
func TestRogueTakesAndIsSilent(t *testing.T) {
	slow := func(*side) { time.Sleep(2 * time.Second) }
	inQuarter(t, queued, []int{1, 1}, slow, func(q *quarter) {
		r := q.invade()
		r.listens.Store(true)
		q.settle()
		matched := eventOf("wampool.cluster.match", codec.FieldString("exact"), codec.FieldString(shared), codec.FieldString(cluster.Text(r.Self())), codec.FieldUint(256))
		var o outcome
		q.burst(&o, 40)
		for range 2 {
			l := <-r.taken // to each sidecar: it may have 256 calls of the rogue's slots
			if !say(l, matched, matched) {
				t.Error("the link was dropped")
			}
		}
		n := proxy.Forwarded(q.sides[0].Proxy, "realm1") + proxy.Forwarded(q.sides[1].Proxy, "realm1")
		if n == 0 {
			t.Error("it got no call")
		}
		r.leave()
		o.pending.Wait()
		if lost := o.failed["wamp.error.canceled"]; len(o.failed) != 1 || o.answered+lost != 40 {
			t.Errorf("%d answered, the others: %v", o.answered, o.failed)
		}
	})
}
