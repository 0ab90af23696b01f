package behaviours

import (
	"flag"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// bareToo has the behaviours tried at the routers alone as well, where nothing
// is expected: to compare, with -v.
var bareToo = flag.Bool("bare", false, "try the behaviours at each router alone as well")

// What each router lacks, and so cannot be had through wampool with callers at
// the router. Direct callers have all of it.
const (
	noPatterns = "it registers no patterns"
	noCancel   = "it knows no CANCEL"
	noTimeout  = "it has no timeouts for calls"
	noGone     = "it tells nobody that a caller has gone"
	noParts    = "arguments come in parts nowhere"
	noDisclose = "it discloses no callers"
	noPassing  = "it drops the options of payloads that pass unread"
)

func TestBehavioursAtCrossbar(t *testing.T) {
	tr := &trial{
		url: harness.SharedCrossbar(t).URL(), role: "anonymous", seconds: true,
		lacks: map[string]string{
			"arguments come in parts":      noParts,
			"a caller can disclose itself": "its permissions alone decide what it discloses",
			"a payload can pass unread":    "it has options of its own for it",
		},
	}
	tr.run(t)
}

func TestBehavioursAtXconn(t *testing.T) {
	const closes = "it closes the session that answers a caller who has gone, and keeps its registrations for good"
	tr := &trial{
		url: harness.SharedRouter(t, "xconn").URL(), role: "anonymous",
		start: func(t *testing.T) harness.Router { return harness.OwnRouter(t, "xconn") },
		wants: map[string]string{
			"an UNREGISTER of what nobody has is refused": "it closes the session that asks",
		},
		lacks: map[string]string{
			"a prefix is shared":                                         noPatterns,
			"a wildcard is shared":                                       noPatterns,
			"a waiting call of a caller that left does not run":          noGone,
			"a call can be canceled":                                     noCancel,
			"a call can be canceled without waiting":                     noCancel,
			"a callee that knows no INTERRUPT gets none":                 noCancel,
			"a call that waits can be canceled":                          noCancel,
			"a callee is told that its caller has gone":                  noGone,
			"an answer for a caller that left harms nobody":              closes,
			"an answer for a caller whose connection broke harms nobody": closes,
			"a call can have a timeout":                                  noTimeout,
			"a timeout holds for waiting too":                            noTimeout,
			"arguments come in parts":                                    "its last part has another ID",
			"a caller can disclose itself":                               noDisclose,
			"a payload can pass unread":                                  noPassing,
		},
	}
	tr.run(t)
}

// jawampa names no authrole: nothing can be direct there.
func TestBehavioursAtJawampa(t *testing.T) {
	const (
		closes = "it closes the connection of a caller that cancels"
		fails  = "it fails the calls in flight of what is unregistered: see linger"
		whole  = "results come in parts nowhere"
	)
	tr := &trial{
		url: harness.SharedRouter(t, "jawampa").URL(),
		lacks: map[string]string{
			"a prefix is shared":                                noPatterns,
			"a wildcard is shared":                              noPatterns,
			"a part of a result frees no place":                 whole,
			"results come in parts":                             whole,
			"registering again frees no place":                  fails,
			"a callee that unregisters ends its calls":          fails,
			"a waiting call of a caller that left does not run": noGone,
			"a callee is told that its caller has gone":         noGone,
			"a call can be canceled":                            closes,
			"a call can be canceled without waiting":            closes,
			"a callee that knows no INTERRUPT gets none":        closes,
			"a call that waits can be canceled":                 closes,
			"a call can have a timeout":                         noTimeout,
			"a timeout holds for waiting too":                   noTimeout,
			"arguments come in parts":                           noParts,
			"a caller can disclose itself":                      noDisclose,
			"a payload can pass unread":                         noPassing,
		},
	}
	tr.run(t)
}

// fox-wamp names no authrole either.
func TestBehavioursAtFoxWamp(t *testing.T) {
	const (
		others = "it makes every error of a callee wamp.error.callee_failure"
		ids    = "each part of the arguments has an ID of its own"
	)
	tr := &trial{
		url: harness.SharedRouter(t, "fox-wamp").URL(),
		lacks: map[string]string{
			"a prefix is shared":                                noPatterns,
			"a wildcard is shared":                              noPatterns,
			"a callee's own limit holds":                        others,
			"a limit can be set for callees that name none":     others,
			"an error frees its place":                          others,
			"a part of a result frees no place":                 others,
			"a caller that goes frees no place":                 others,
			"registering again frees no place":                  others,
			"one limit can hold for all procedures of a callee": others,
			"what waits is bounded":                             others,
			"waiting has a time limit":                          others,
			"an error serves who waits":                         others,
			"who waits is told when the last callee goes":       others,
			"a lost callee's call is answered":                  others,
			"an error passes whole":                             others,
			"a waiting call of a caller that left does not run": noGone,
			"a callee is told that its caller has gone":         noGone,
			"a call can be canceled":                            noCancel,
			"a call can be canceled without waiting":            noCancel,
			"a callee that knows no INTERRUPT gets none":        noCancel,
			"a call that waits can be canceled":                 noCancel,
			"a call can have a timeout":                         noTimeout,
			"a timeout holds for waiting too":                   noTimeout,
			"arguments come in parts":                           ids,
			"a caller can disclose itself":                      noDisclose,
			"a payload can pass unread":                         noPassing,
		},
	}
	tr.run(t)
}

func TestBehavioursAtAGivenRouter(t *testing.T) {
	if *foreign == "" {
		t.Skip("no -router is given")
	}
	tr := &trial{url: *foreign, role: *foreignRole, unknown: true}
	tr.run(t)
}
