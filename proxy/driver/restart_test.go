package driver_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

func panicOf(f func()) (found string) {
	defer func() { found = fmt.Sprint(recover()) }()
	f()
	return ""
}

// An event cannot begin within another: whoever is told of an action and brings
// one, by whatever way, panics before anything has changed. What was carried out by
// then is known.
func TestNoEventWithinAnEvent(t *testing.T) {
	for name, event := range map[string]func(d *desk){
		"an event":             func(d *desk) { d.dealer.Tick(0) },
		"a further Perform":    func(d *desk) { d.Perform(&d.out, nil, driver.Hand{}) },
		"the end of a call":    func(d *desk) { d.EndCall(&d.out, d.peers["router"].origin, 1, "u", "text") },
		"the loss of a callee": func(d *desk) { d.Lose(&d.out, 0, d.peers["callee"].callee) },
		"the loss of a caller": func(d *desk) { d.RemoveOrigin(&d.out, 0, d.peers["router"].origin) },
		"a new callee":         func(d *desk) { d.AddCallee(driver.Callee{}, all, 0) },
		"a new origin":         func(d *desk) { d.AddOrigin(driver.Origin{}) },
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			d := newDesk(t, queue)
			router, callee := d.addRouter(codec.JSON), d.addCallee("callee", codec.JSON, all)
			router.call(1, `[68,1,1,{}]`)
			router.call(2, `[68,2,1,{},["waits"]]`)
			d.within = func() { event(d) }
			if found := panicOf(func() { callee.yields(`[70,1,{},["answer"]]`) }); !strings.Contains(found, "must be carried out") {
				t.Fatalf("it begins: %s", found)
			}
			d.within = nil
			d.out.Flush()
			callee.gets(`[68,1,100,{}]`)
			router.gets(`[70,1,{},["answer"]]`) // before its owner was told
			if d.Resume() {
				t.Error("the INVOCATION of the second call is not missed")
			}
			answered := d.Restart(&d.out, "wamp.error.canceled", "lost")
			d.write()
			if len(answered) != 1 || answered[0] != (dealer.Owed{Origin: router.origin, Request: 2}) {
				t.Errorf("answered are %v", answered)
			}
			router.gets(`[8,68,2,{},"wamp.error.canceled",["lost"]]`)
			router.call(3, `[68,3,1,{},["next"]]`) // the slot is free
			callee.gets(`[68,3,100,{},["next"]]`)
			callee.yields(`[70,3,{}]`)
			router.gets(`[70,3,{}]`)
		})
	}
}

// A panic after all was carried out costs nothing.
func TestResume(t *testing.T) {
	d := newDesk(t, queue)
	router, callee := d.addRouter(codec.JSON), d.addCallee("callee", codec.JSON, all)
	d.within = func() { panic("bomb") }
	if found := panicOf(func() { router.call(1, `[68,1,1,{}]`) }); found != "bomb" {
		t.Fatal(found)
	}
	d.within = nil
	if !d.Resume() {
		t.Error("something is missed")
	}
	callee.yields(`[70,1,{},["answer"]]`)
	callee.gets(`[68,1,100,{}]`)
	router.gets(`[70,1,{},["answer"]]`)
}

// What was to follow when something panicked follows, but for calls, which are
// answered.
func TestRestartBringsWhatFollows(t *testing.T) {
	d := newDesk(t, queue)
	router, callee := d.addRouter(codec.JSON), d.addCallee("callee", codec.JSON, all)
	router.call(1, `[68,1,1,{}]`)
	callee.gets(`[68,1,100,{}]`)
	router.call(2, `[68,2,1,{},["`+strings.Repeat("x", 1000)+`"]]`)
	router.call(3, `[68,3,1,{}]`)
	d.log = nil
	d.within = func() {
		d.After(func(*transport.Outbox) { d.log = append(d.log, "after it") })
		if len(d.log) == 2 { // the second call has had its answer, the third is not sent
			panic("bomb")
		}
	}
	if found := panicOf(func() { callee.yields(`[70,1,{}]`) }); found != "bomb" {
		t.Fatal(found)
	}
	d.within = nil
	d.logs("forward 1", "after it")
	if d.Resume() {
		t.Error("nothing is missed")
	}
	if answered := d.Restart(&d.out, "wamp.error.canceled", "lost"); len(answered) != 1 || answered[0].Request != 3 {
		t.Errorf("answered are %v", answered)
	}
	d.write()
	d.logs("after it")
	router.gets(`[70,1,{}]`)
	router.gets(`[8,68,2,{},"wamp.error.payload_size_exceeded"…`)
	router.gets(`[8,68,3,{},"wamp.error.canceled",["lost"]]`)
	router.call(4, `[68,4,1,{},["next"]]`)
	callee.gets(`[68,4,100,{},["next"]]`)
}
