package driver_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
)

var (
	all   = codec.CalleeFeatures{CallCanceling: true, ProgressiveCallResults: true, ProgressiveCallInvocations: true}
	queue = dealer.PoolConfig{QueueLimit: 10}
)

// What an action becomes on the wire, between any two serializers.
func TestActionsAsMessages(t *testing.T) {
	for _, here := range []codec.Serializer{codec.JSON, codec.MessagePack, codec.CBOR} {
		for _, there := range []codec.Serializer{codec.JSON, codec.MessagePack, codec.CBOR} {
			t.Run(fmt.Sprintf("%s and %s", here, there), func(t *testing.T) {
				d := newDesk(t, queue)
				router, caller, callee := d.addRouter(there), d.addCaller(there), d.addCallee("callee", here, all)
				router.call(7, `[68,7,1,{"x":1},["a"],{"k":2}]`)
				callee.gets(`[68,1,100,{"x":1},["a"],{"k":2}]`)
				callee.yields(`[70,1,{"y":1},["b"]]`)
				router.gets(`[70,7,{"y":1},["b"]]`)
				router.call(8, `[68,8,1,{}]`)
				callee.gets(`[68,2,100,{}]`)
				callee.errors(`[8,68,2,{"z":1},"com.example.error",["c"]]`)
				router.gets(`[8,68,8,{"z":1},"com.example.error",["c"]]`)
				d.logs("invoke 7", "forward 7", "invoke 8", "forward 8")

				caller.call(1, `[68,1,1,{"receive_progress":true},["d"]]`)
				callee.gets(`[68,3,100,{"receive_progress":true},["d"]]`)
				callee.yields(`[70,3,{"progress":true,"y":1},["e"]]`)
				caller.gets(`[50,1,{"progress":true,"callee":6,"callee_authid":"callee","callee_authrole":"tester"},["e"]]`)
				callee.errors(`[8,68,3,{"z":1},"com.example.error"]`)
				caller.gets(`[8,48,1,{},"com.example.error"]`)
				callee.discloses = true
				caller.call(2, `[68,2,1,{"caller":9}]`)
				callee.gets(`[68,4,100,{"caller":6,"caller_authid":"caller","caller_authrole":"tester"}]`)
				caller.call(3, `[68,3,1,{}]`)
				d.Perform(&d.out, d.dealer.Cancel(0, caller.origin, 3, codec.CancelKill), driver.Hand{})
				d.write()
				caller.gets(`[8,48,3,{},"com.example.refused",["canceled"]]`)
				d.Perform(&d.out, d.dealer.Cancel(0, caller.origin, 2, codec.CancelKillNoWait), driver.Hand{})
				d.write()
				callee.gets(`[69,4,{"mode":"killnowait"}]`)
				caller.gets(`[8,48,2,{},"com.example.refused",["canceled"]]`)
			})
		}
	}
}

// Details that not every callee gets, and the time that is left of a call.
func TestDetailsForACallee(t *testing.T) {
	d := newDesk(t, queue)
	router, callee := d.addRouter(codec.JSON), d.addCallee("plain", codec.JSON, codec.CalleeFeatures{CallTimeout: true})
	router.call(1, `[68,1,1,{"receive_progress":true,"x":1}]`)
	callee.gets(`[68,1,100,{"x":1}]`)
	router.call(2, `[68,2,1,{"timeout":5,"receive_progress":true,"x":1}]`, func(c *dealer.Call) { c.Timeout = 5 * time.Second })
	d.Perform(&d.out, d.dealer.Answer(3500*time.Millisecond, callee.callee, 1, dealer.Final), driver.Hand{
		Serializer: codec.JSON, Error: &codec.Error{URI: []byte("com.example.error")},
	})
	d.write()
	callee.gets(`[68,2,100,{"x":1,"timeout":2}]`)
}

// All options of an INTERRUPT reach the callee, in its serializer.
func TestInterruptWithItsOptions(t *testing.T) {
	d := newDesk(t, queue)
	router, callee := d.addRouter(codec.JSON), d.addCallee("callee", codec.CBOR, all)
	router.call(1, `[68,1,1,{}]`)
	callee.gets(`[68,1,100,{}]`)
	var m codec.Interrupt
	if err := m.Decode(codec.JSON, []byte(`[69,1,{"mode":"kill","reason":"why"}]`)); err != nil {
		t.Fatal(err)
	}
	d.Perform(&d.out, d.dealer.Cancel(0, router.origin, 1, m.Mode), driver.Hand{Serializer: codec.JSON, Interrupt: &m})
	d.write()
	callee.gets(`[69,1,{"mode":"kill","reason":"why"}]`)
}

// Options of an INTERRUPT that the callee's serializer can't express stay away, its
// mode does not.
func TestInterruptWithOptionsOfOneSerializer(t *testing.T) {
	d := newDesk(t, queue)
	router, callee := d.addRouter(codec.MessagePack), d.addCallee("callee", codec.JSON, all)
	router.call(1, `[68,1,1,{}]`)
	callee.gets(`[68,1,100,{}]`)
	var m codec.Interrupt
	if err := m.Decode(codec.MessagePack, []byte("\x93\x45\x01\x82\xa4mode\xa4kill\xa1x\xd4\x05\x00")); err != nil {
		t.Fatal(err)
	}
	d.Perform(&d.out, d.dealer.Cancel(0, router.origin, 1, m.Mode), driver.Hand{Serializer: codec.MessagePack, Interrupt: &m})
	d.write()
	callee.gets(`[69,1,{"mode":"kill"}]`)
}

// Origins are told by their numbers, of which some may be of nobody's.
func TestOriginsByNumber(t *testing.T) {
	d := newDesk(t, queue)
	d.addRouter(codec.JSON)
	first, second := d.addCaller(codec.JSON), d.addCaller(codec.CBOR)
	for _, id := range []dealer.OriginID{-1, second.origin + 1} {
		if o := d.Origin(id); o != nil {
			t.Errorf("origin %d: %v", id, o)
		}
	}
	var callers []dealer.OriginID
	for id := range d.Callers() {
		if callers = append(callers, id); id == first.origin {
			break
		}
	}
	if want := []dealer.OriginID{first.origin}; !slices.Equal(callers, want) {
		t.Errorf("callers up to the first: %v, want %v", callers, want)
	}
}

// An answer to an INVOCATION of the router's own goes to the callee's own session
// there, as it came but for its ID.
func TestAnswersOfTheRoutersOwn(t *testing.T) {
	d := newDesk(t, queue)
	callee := d.addCallee("callee", codec.JSON, all)
	for own := range uint64(2) {
		d.dealer.OwnInvocation(callee.callee, 70+own, false)
	}
	callee.yields(`[70, 1, { }, [1.0]]`)
	d.peers["callee's router"].gets(`[70, 70, { }, [1.0]]`)
	callee.errors(`[8,68,2,{},"u"]`)
	d.peers["callee's router"].gets(`[8,68,71,{},"u"]`)
	d.logs("own answered", "own answered")
}

// A call that its callee can't take is answered in the callee's stead, and the
// slot goes to the next one.
func TestCallThatCantBeWritten(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for name, c := range map[string]struct {
		callee codec.Serializer
		body   string
		answer string
	}{
		"too long":              {codec.JSON, `["` + long + `"]`, `[8,68,%d,{},"wamp.error.payload_size_exceeded",["the call has 10…`},
		"too long and foreign":  {codec.JSON, `["` + long + `"]`, `[8,68,%d,{},"wamp.error.payload_size_exceeded",["the call has 10…`},
		"what JSON can't say":   {codec.JSON, `[{"$nan":0}]`, `[8,68,%d,{},"wamp.error.invalid_argument",["the call's payload does not fit…`},
		"and what it can't see": {codec.MessagePack, `[{"$nan":0}]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, queue)
			from := codec.CBOR
			if name == "too long" {
				from = codec.JSON
			}
			router, callee := d.addRouter(from), d.addCallee("callee", c.callee, all)
			router.call(1, `[68,1,1,{}]`)
			callee.gets(`[68,1,100,{}]`)
			unfit := func(in *dealer.Call) {
				if strings.Contains(c.body, "$nan") {
					in.Body.Payload = codec.NewPayload(codec.CBOR, []byte("\x81\xf9\x7e\x00"), nil)
				}
			}
			router.call(2, `[68,2,1,{},`+c.body+`]`, unfit)
			router.call(3, `[68,3,1,{},`+c.body+`]`, unfit)
			router.call(4, `[68,4,1,{},["fits"]]`)
			callee.yields(`[70,1,{}]`)
			router.gets(`[70,1,{}]`)
			if c.answer == "" {
				callee.gets(`954402…`)
				return
			}
			router.gets(c.answer, 2)
			router.gets(c.answer, 3)
			callee.gets(`[68,4,100,{},["fits"]]`)
			callee.yields(`[70,4,{}]`)
			router.gets(`[70,4,{}]`)
		})
	}
}

// A part that its callee can't take ends the call there too; parts behind it are
// not sent.
func TestPartThatCantBeWritten(t *testing.T) {
	for _, there := range []codec.Serializer{codec.JSON, codec.CBOR} {
		t.Run(there.String(), func(t *testing.T) {
			long := strings.Repeat("x", 1000)
			d := newDesk(t, queue)
			router, callee := d.addRouter(there), d.addCallee("callee", codec.JSON, all)
			router.call(1, `[68,1,1,{"progress":true},["a"]]`)
			callee.gets(`[68,1,100,{"progress":true},["a"]]`)
			router.call(1, `[68,1,1,{"progress":true},["`+long+`"]]`)
			router.gets(`[8,68,1,{},"wamp.error.payload_size_exceeded"…`)
			callee.gets(`[69,1,{"mode":"killnowait"}]`)
			router.call(1, `[68,1,1,{},["b"]]`)
			callee.yields(`[70,1,{}]`) // too late

			router.call(2, `[68,2,1,{"progress":true},["c"]]`)
			callee.gets(`[68,2,100,{"progress":true},["c"]]`)
			router.call(3, `[68,3,1,{"progress":true},["`+long+`"]]`) // it waits
			router.call(3, `[68,3,1,{},["d"]]`)
			callee.yields(`[70,2,{}]`)
			router.gets(`[70,2,{}]`)
			router.gets(`[8,68,3,{},"wamp.error.payload_size_exceeded"…`)
			router.call(4, `[68,4,1,{},["e"]]`)
			callee.gets(`[68,4,100,{},["e"]]`)
		})
	}
}

// A caller that can't take an answer is told why, once, and gets no more.
func TestAnswerThatCantBeWritten(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for _, there := range []codec.Serializer{codec.JSON, codec.CBOR} {
		for _, local := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, local %t", there, local), func(t *testing.T) {
				d := newDesk(t, queue)
				from, request := d.addRouter(there), 68
				if local {
					from, request = d.addCaller(there), 48
				}
				callee := d.addCallee("callee", codec.JSON, all)
				from.call(1, `[68,1,1,{"receive_progress":true}]`)
				callee.gets(`[68,1,100,{"receive_progress":true}]`)
				callee.yields(`[70,1,{"progress":true},["` + long + `"]]`)
				from.gets(`[8,%d,1,{},"wamp.error.payload_size_exceeded",["the answer has 10…`, request)
				callee.gets(`[69,1,{"mode":"killnowait"}]`)
				callee.yields(`[70,1,{},["late"]]`)
				from.call(2, `[68,2,1,{}]`)
				callee.gets(`[68,2,100,{}]`)
				callee.yields(`[70,2,{},["` + long + `"]]`)
				from.gets(`[8,%d,2,{},"wamp.error.payload_size_exceeded",["the answer has 10…`, request)
				from.call(3, `[68,3,1,{}]`)
				callee.gets(`[68,3,100,{}]`)
				callee.yields(`[70,3,{},["\u0000no Base64"]]`)
				from.gets(`[8,%d,3,{},"wamp.error.invalid_argument",["the callee's answer can't be passed on: …`, request)
			})
		}
	}
}

// Messages keep the order in which they were decided, whether they are written
// under the lock or after it.
func TestOrderOnTheWire(t *testing.T) {
	d := newDesk(t, dealer.PoolConfig{Concurrency: 0})
	foreign, alike := d.addRouter(codec.JSON), d.addCaller(codec.CBOR)
	callee := d.connect("callee", codec.CBOR)
	callee.callee = d.AddCallee(driver.Callee{Session: callee, Conn: callee.conn, Serializer: codec.CBOR, Most: d.most}, all, 0)
	if _, err := d.dealer.Join(0, dealer.Registration{Pool: d.pool, Callee: callee.callee, ID: 100, Policy: dealer.First}); err != nil {
		t.Fatal(err)
	}
	call := func(p *peer, request uint64) {
		d.Perform(&d.out, d.dealer.Call(0, dealer.Call{
			Pool: d.pool, Origin: p.origin, Request: request, Body: codec.Body{Serializer: p.conn.Serializer()},
		}), driver.Hand{})
	}
	for request := range uint64(3) {
		call(foreign, request+1)
		call(alike, request+1)
	}
	d.out.Flush()
	if n := len(callee.messages); n > 0 {
		t.Errorf("%d messages have overtaken one that is to be written", n)
	}
	d.write()
	for id := range 6 {
		callee.gets(`[68,%d,100,{}]`, id+1)
	}
}

// A call that has waited lies in memory that the dealer gives to the next one.
func TestCallThatHasWaitedIsWrittenLater(t *testing.T) {
	d := newDesk(t, queue)
	router, callee := d.addRouter(codec.JSON), d.addCallee("callee", codec.CBOR, all)
	router.call(1, `[68,1,1,{}]`)
	callee.gets(`[68,1,100,{}]`)
	router.call(2, `[68,2,1,{"x":2},["second"]]`)
	d.Perform(&d.out, d.dealer.Answer(0, callee.callee, 1, dealer.Final), driver.Hand{Serializer: codec.CBOR, Yield: &codec.Yield{}})
	router.call(3, `[68,3,1,{"x":3},["third!"]]`)
	callee.gets(`[68,2,100,{"x":2},["second"]]`)
}

// What follows waits until all actions of an event are carried out.
func TestFollowUpsComeAfterTheActions(t *testing.T) {
	d := newDesk(t, queue)
	router, callee := d.addRouter(codec.JSON), d.addCallee("callee", codec.JSON, all)
	router.call(1, `[68,1,1,{}]`)
	router.call(2, `[68,2,1,{}]`)
	d.logs("invoke 1")
	callee.yields(`[70,9,{}]`) // a violation; it is lost, and with it the pool's last callee
	d.logs("callee violates: answer to an invocation that was never sent", "refuse 1 com.example.refused",
		"refuse 2 com.example.refused", "release", "after it")
	router.gets(`[8,68,1,{},"com.example.refused",["callee_lost"]]`)
	router.gets(`[8,68,2,{},"com.example.refused",["no_callee"]]`)
}

// The registration of a callee that must go ends before the calls of who comes.
func TestRevocation(t *testing.T) {
	d := newDesk(t, queue)
	callee := d.addCallee("callee", codec.JSON, all)
	d.Perform(&d.out, d.dealer.Revoke(0, d.pool), driver.Hand{})
	d.write()
	callee.gets(`[67,0,{"registration":100}]`)
	d.logs("release", "after it")
}

// A router that is told nothing where it can't put an answer into its caller's
// serializer gets an ERROR behind it.
func TestLastWord(t *testing.T) {
	d := newDesk(t, queue)
	router, callee := d.addRouter(codec.CBOR), d.addCallee("callee", codec.CBOR, all)
	router.call(1, `[68,1,1,{}]`)
	callee.gets(`[68,1,100,{}]`)
	m := &codec.Yield{Request: 1, Foreign: true, Payload: codec.NewPayload(codec.CBOR, []byte("\x81\xf9\x7e\x00"), nil)}
	callee.answers(1, dealer.Final, driver.Hand{Serializer: codec.CBOR, Yield: m})
	router.gets(`84184601…`)
	router.gets(`[8,68,1,{},"wamp.error.invalid_argument",["the callee's answer holds what only cbor has…`)
}

// Who has said GOODBYE gets nothing more.
func TestNobodyToWriteTo(t *testing.T) {
	for _, there := range []codec.Serializer{codec.JSON, codec.CBOR} {
		d := newDesk(t, queue)
		caller, callee := d.addCaller(there), d.addCallee("callee", codec.JSON, all)
		d.Callee(callee.callee).Conn, d.Origin(caller.origin).Conn = nil, nil
		caller.call(1, `[68,1,1,{}]`)
		callee.yields(`[70,1,{}]`)
		caller.call(2, `[68,2,1,{}]`)
		d.RemoveOrigin(&d.out, 0, caller.origin)
		d.Lose(&d.out, 0, callee.callee)
		d.write()
		if d.Callee(callee.callee) != nil || d.Origin(caller.origin) != nil {
			t.Error("they are known still")
		}
	}
}
