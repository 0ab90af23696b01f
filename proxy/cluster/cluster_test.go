package cluster

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
	"github.com/wampool/wampool/proxy/transport/authority"
	"github.com/wampool/wampool/proxy/transport/cable"
)

const secret = "known to the village"

func roles(pairs ...string) map[string]string {
	m := make(map[string]string)
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

// in runs a test in a village of its own, and stops who is there in the end.
func in(t *testing.T, test func(t *testing.T, v *village)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		v := &village{t: t}
		test(t, v)
		for _, h := range v.houses {
			h.stop()
		}
	})
}

// linked tells whether two have a link in each direction.
func linked(a, b *house, realm string) bool {
	taken, supplied := a.with(b, realm)
	taken2, supplied2 := b.with(a, realm)
	return taken != nil && supplied != nil && taken2 != nil && supplied2 != nil
}

func TestPeersAreLinked(t *testing.T) {
	in(t, func(t *testing.T, v *village) {
		a := v.build(secret, roles("r", "backend", "other", "x"))
		b := v.build(secret, roles("r", "backend"))
		c := v.build(secret, roles("r", "backend", "other", "x"))
		v.introduce()
		for _, pair := range [][2]*house{{a, b}, {a, c}, {b, c}} {
			if !linked(pair[0], pair[1], "r") {
				t.Errorf("no link of %s and %s", pair[0].URL(), pair[1].URL())
			}
		}
		if !linked(a, c, "other") {
			t.Error("no link of a realm that both have")
		}
		if a.links() != 6 || b.links() != 4 {
			t.Errorf("a has %d links, b %d", a.links(), b.links())
		}
		taken, _ := a.with(b, "r")
		if taken.Role != "backend" || taken.Realm != "r" || taken.Dialed || taken.Peer != b.Self() {
			t.Errorf("link is %+v", taken)
		}
		if trip, known := taken.RoundTrip(); !known || trip != 0 { // nothing takes time here
			t.Errorf("round trip is %v, %v", trip, known)
		}
	})
}

func TestRoundTrip(t *testing.T) {
	in(t, func(t *testing.T, v *village) {
		v.network.Opened = func(dialer, listener *cable.End) {
			dialer.Delay(3 * time.Millisecond)
			listener.Delay(3 * time.Millisecond)
		}
		a, b := v.build(secret, roles("r", "")), v.build(secret, roles("r", ""))
		v.introduce()
		for _, pair := range [][2]*house{{a, b}, {b, a}} { // whom calls may go to
			taken, _ := pair[0].with(pair[1], "r")
			if trip, known := taken.RoundTrip(); !known || trip != 6*time.Millisecond {
				t.Errorf("round trip is %v, %v", trip, known)
			}
		}
	})
}

// Who does not know the secret, or has another authrole, is not linked with.
func TestWhoIsNotLinked(t *testing.T) {
	for name, tt := range map[string]struct {
		secret, role, said string
	}{
		"secret": {"known to nobody else", "backend", "it does not know the cluster's secret"},
		"role":   {secret, "frontend", "the router gives it the authrole"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, v *village) {
				a := v.build(secret, roles("r", "backend"))
				b := v.build(tt.secret, roles("r", tt.role))
				v.introduce()
				if a.links()+b.links() > 0 {
					t.Error("they are linked")
				}
				if said := a.log.lines(tt.said); len(said) == 0 || len(said) > 10 {
					t.Errorf("it was said %d times\n%s", len(said), a.log.text.String())
				}
				if strings.Contains(a.log.text.String()+b.log.text.String(), tt.secret) {
					t.Error("a secret is logged")
				}
			})
		})
	}
}

// A node is one start of a sidecar: another one at its address is none of it, nor is the
// sidecar itself.
func TestAnotherNode(t *testing.T) {
	in(t, func(t *testing.T, v *village) {
		a, b := v.build(secret, roles("r", "x")), v.build(secret, roles("r", "x"))
		wrong := b.peer()
		wrong.Node = newNode()
		self := a.peer()
		self.Node = newNode()
		a.known.set(wrong, self)
		v.settle()
		if a.links()+b.links() > 0 {
			t.Error("they are linked")
		}
		if said := a.log.lines("another node"); len(said) != 2 {
			t.Errorf("it was said %d times\n%s", len(said), a.log.text.String())
		}
	})
}

// A peer of the next version, and of the one before, is linked with, and no other.
func TestVersions(t *testing.T) {
	for v, want := range map[int]bool{version - 1: true, version: true, version + 1: true, version + 2: false, version + 100: false} {
		if compatible(v) != want {
			t.Errorf("version %d: %t", v, !want)
		}
	}
	in(t, func(t *testing.T, v *village) {
		a, b := v.build(secret, roles("r", "x")), v.build(secret, roles("r", "x"))
		far := b.peer()
		far.Version = version + 2
		a.known.set(far)
		v.settle()
		v.settle()
		if said := a.log.lines("another version"); len(said) != 1 || a.links() > 0 {
			t.Errorf("%d links, and it was said %d times", a.links(), len(said))
		}
		if len(a.Peers()) > 0 {
			t.Error("one of another version counts as a peer")
		}
	})
}

// Beyond the nearest, peers are dialed on need, and then dial back.
func TestDialOnNeed(t *testing.T) {
	in(t, func(t *testing.T, v *village) {
		for range nearest + 8 {
			v.build(secret, roles("r", "x"))
		}
		v.introduce()
		var far [2]*house
		for _, a := range v.houses {
			for _, b := range v.houses {
				if taken, supplied := a.with(b, "r"); a != b && taken == nil && supplied == nil {
					far = [2]*house{a, b}
				}
			}
		}
		if far[0] == nil {
			t.Error("all are linked")
			return
		}
		far[0].Need(far[1].Self())
		v.settle()
		if !linked(far[0], far[1], "r") {
			t.Error("the one that is needed is not linked")
		}
	})
}

// A link that is silent is lost within three pings, and dialed again.
func TestHalfOpen(t *testing.T) {
	in(t, func(t *testing.T, v *village) {
		var ends []*cable.End
		v.network.Opened = func(dialer, listener *cable.End) {
			v.mu.Lock()
			defer v.mu.Unlock()
			ends = append(ends, dialer, listener)
		}
		a, b := v.build(secret, roles("r", "x")), v.build(secret, roles("r", "x"))
		v.introduce()
		taken, supplied := a.with(b, "r")
		began := time.Now()
		v.mu.Lock()
		for _, end := range ends {
			end.Stall()
		}
		v.mu.Unlock()
		time.Sleep(pingInterval + lateness + time.Millisecond)
		if trip, known := taken.RoundTrip(); !known || trip <= lateness {
			t.Errorf("round trip is %v, %v, while an answer is late", trip, known)
		}
		<-taken.ended
		<-supplied.ended
		if took := time.Since(began); took < 2*time.Second || took > 4*time.Second {
			t.Errorf("lost after %v", took)
		}
		v.settle()
		if !linked(a, b, "r") {
			t.Error("not linked again")
		}
	})
}

// A role that the router changes ends the links of its realm.
func TestRoleChanges(t *testing.T) {
	in(t, func(t *testing.T, v *village) {
		a, b := v.build(secret, roles("r", "x", "s", "x")), v.build(secret, roles("r", "x", "s", "x"))
		v.introduce()
		a.setRole("r", "y")
		v.settle()
		if linked(a, b, "r") || !linked(a, b, "s") {
			t.Error("links are not those between equal roles")
		}
		b.setRole("r", "y")
		v.settle()
		if !linked(a, b, "r") {
			t.Error("not linked again")
		}
	})
}

// One who drains is dialed no more, and keeps its links until it leaves.
func TestDrain(t *testing.T) {
	in(t, func(t *testing.T, v *village) {
		a, b, c := v.build(secret, roles("r", "x")), v.build(secret, roles("r", "x")), v.build(secret, roles("r", "x"))
		a.known.set(b.peer())
		b.known.set(a.peer())
		v.settle()
		a.Drain()
		draining := a.peer()
		draining.Draining = true
		b.known.set(draining)
		c.known.set(draining)
		a.known.set(b.peer(), c.peer())
		v.settle()
		if !linked(a, b, "r") || c.links() > 0 {
			t.Errorf("linked: %t; the newcomer has %d links", linked(a, b, "r"), c.links())
		}
		a.stop()
		v.settle()
		if b.links() > 0 || !slices.Equal(a.known.told, []string{"drain", "leave"}) {
			t.Errorf("%d links are left, and the membership was told %q", b.links(), a.known.told)
		}
		v.houses = []*house{b, c}
	})
}

// With TLS both ends of a link show a certificate of the CA, for whatever host it is.
func TestLinksWithTLS(t *testing.T) {
	certify := func(t *testing.T, ca *authority.Authority, trusted string) func() (server, client *tls.Config) {
		t.Helper()
		cert, key := ca.Issue("whoever")
		c, err := transport.LoadCertificates(transport.CertificateFiles{CertFile: cert, KeyFile: key, CAFile: trusted}, func(err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		return c.Peers
	}
	for name, tt := range map[string]struct{ byOurs, trustsOurs, want bool }{
		"of the same CA": {true, true, true}, "of another": {}, "of another, that trusts ours": {trustsOurs: true},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, v *village) {
				ours, theirs := authority.New(t, "ours"), authority.New(t, "theirs")
				v.tls = certify(t, ours, ours.File)
				a := v.build(secret, roles("r", "x"))
				by, trusted := theirs, theirs.File
				if tt.byOurs {
					by = ours
				}
				if tt.trustsOurs {
					trusted = ours.File
				}
				v.tls = certify(t, by, trusted)
				b := v.build(secret, roles("r", "x"))
				v.introduce()
				if linked(a, b, "r") != tt.want {
					t.Errorf("linked: %t\n%s", !tt.want, a.log.text.String())
				}
			})
		})
	}
}

// Whoever comes is a stranger until it has proved that it knows the secret: it may send
// little, and not for long.
func TestStrangers(t *testing.T) {
	hello := func(fields ...codec.Field) []byte {
		m := codec.Hello{Realm: "r", Details: codec.NewDict(Serializer, fields...)}
		return m.Append(nil, Serializer)
	}
	callee := codec.Field{Key: "roles", Value: codec.FieldDict([]codec.Field{{Key: "callee", Value: codec.FieldDict(nil)}})}
	cra := codec.Field{Key: "authmethods", Value: codec.FieldStrings([]string{"wampcra"})}
	greet := func(v int) codec.Field { return (&greeting{version: v, node: newNode(), role: "x"}).field() }
	authenticate := codec.Authenticate{Signature: "made up"}
	for name, tt := range map[string]struct {
		say  [][]byte
		want string
	}{
		"nothing":     {nil, "no message"},
		"garbage":     {[][]byte{[]byte("no CBOR")}, "protocol_violation"},
		"an event":    {[][]byte{(&codec.Event{Subscription: 1, Publication: 1}).Append(nil, Serializer)}, "protocol_violation"},
		"no greeting": {[][]byte{hello(callee, cra)}, "protocol_violation"},
		"no callee":   {[][]byte{hello(cra, greet(1))}, "protocol_violation"},
		"anonymous":   {[][]byte{hello(callee, greet(1))}, "no_matching_auth_method"},
		"odd version": {[][]byte{hello(callee, cra, greet(mostVersion+1))}, "protocol_violation"},
		"odd node": {[][]byte{hello(callee, cra, codec.Field{Key: greetingKey, Value: codec.FieldDict([]codec.Field{
			{Key: "v", Value: codec.FieldUint(1)}, {Key: "node", Value: codec.FieldString("me")},
		})})}, "protocol_violation"},
		"made up":      {[][]byte{hello(callee, cra, greet(1)), authenticate.Append(nil, Serializer)}, "authentication_failed"},
		"hello, hello": {[][]byte{hello(callee, cra, greet(1)), hello(callee, cra, greet(1))}, "protocol_violation"},
		"too long":     {[][]byte{hello(callee, cra, greet(1), codec.Field{Key: "x", Value: codec.FieldString(strings.Repeat("x", joinBytes))})}, "ended"},
		"slow":         {[][]byte{hello(callee, cra, greet(1))}, "ended"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, v *village) {
				a := v.build(secret, roles("r", "x"))
				if got := v.visit(a, tt.say); !strings.Contains(got, tt.want) && tt.want != "no message" || tt.want == "no message" && got != "ended" {
					t.Errorf("got %q, want %q", got, tt.want)
				}
				if a.links() > 0 {
					t.Error("there is a link")
				}
			})
		})
	}
}

// visit dials a sidecar by hand and says something. It returns the reason of the ABORT, or
// "ended".
func (v *village) visit(at *house, say [][]byte) string {
	conn := v.dial(at)
	defer conn.Wait()
	for _, m := range say {
		if conn.Send(m) == nil {
			conn.Flush()
		}
	}
	for {
		message, err := conn.Read()
		if err != nil {
			return "ended"
		}
		if t, _ := codec.PeekType(Serializer, message); t == codec.TypeChallenge {
			continue
		}
		var m codec.Abort
		if err := m.Decode(Serializer, message); err != nil {
			return fmt.Sprint(err)
		}
		conn.Close(1000, "", time.Second)
		return m.Reason
	}
}

// The keys of two names, and of two uses, differ; without a secret nothing is encrypted.
func TestKeys(t *testing.T) {
	a, _ := deriveKeys("a", secret)
	b, _ := deriveKeys("b", secret)
	none, _ := deriveKeys("a", "")
	if string(a.gossip) == string(b.gossip) || a.link == b.link || fmt.Sprintf("%x", a.gossip) == a.link || none.gossip != nil || none.link == a.link {
		t.Error("keys are equal that should not be")
	}
	if len(a.gossip) != 32 || !a.isSigned("text", a.sign("text")) || a.isSigned("text", b.sign("text")) || a.isSigned("text", "") {
		t.Error("keys are none")
	}
}

// What a node tells of itself goes round, and garbage is none.
func TestMeta(t *testing.T) {
	m := meta{Version: 1, Node: Text(newNode()), Link: "rss://[fd00:1111:2222:3333:4444:5555:6666:7777]:65535", Draining: true}
	p, err := decodeMeta(m.encode())
	if err != nil || p.URL != m.Link || !p.Draining || p.Version != 1 || Text(p.Node) != m.Node {
		t.Errorf("%+v: %v", p, err)
	}
	for _, text := range []string{
		"", "{", "[]", `{"v":1}`, `{"v":"1","node":"` + m.Node + `","link":"rs://a:1"}`, `{"node":"` + m.Node + `","link":"ws://a:1"}`,
		`{"node":"` + m.Node + `","link":"rs://a"}`, `{"node":"` + m.Node[1:] + `x","link":"rs://a:1"}`,
	} {
		if _, err := decodeMeta([]byte(text)); err == nil {
			t.Errorf("%s is read", text)
		}
	}
	if p, err := decodeMeta([]byte(`{"v":2,"node":"` + m.Node + `","link":"rs://a:1","more":[1]}`)); err != nil || p.Version != 2 {
		t.Error(err)
	}
}
