package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// Trace says which calls are followed, each of which is told when it ends. Where it
// asks for failed and for slow calls, those that are either.
type Trace struct {
	Realm  string        // "": whichever has such a pool
	Pool   string        // its name, see [Pool]
	Failed bool          // those that have not ended by a result
	Slow   time.Duration // those that have waited and run for so long; 0: however long
	Calls  int           // that are told; 0: until nobody follows any more
}

// Wants tells whether a call is among those.
func (t *Trace) Wants(failed bool, took time.Duration) bool {
	return !t.Failed && t.Slow == 0 || t.Failed && failed || t.Slow > 0 && took >= t.Slow
}

// TracedCall is a call that has ended. Nothing of its payload is in it.
type TracedCall struct {
	Time          float64 `json:"time"` // when it ended, in Unix seconds
	Realm         string  `json:"realm"`
	Pool          string  `json:"pool"`
	Origin        string  `json:"origin"`           // router, direct, peer
	Caller        uint64  `json:"caller,omitempty"` // its session, of a direct call
	Request       uint64  `json:"request"`          // as the origin knows it
	Callee        uint64  `json:"callee,omitempty"` // its session; none: no callee had it when it ended
	AuthID        string  `json:"authid,omitempty"` // the callee's
	Peer          string  `json:"peer,omitempty"`   // where no callee here had it: the sidecar that did
	CalleeRequest uint64  `json:"callee_request,omitempty"`
	WaitedSeconds float64 `json:"waited_seconds"` // until it was dispatched last, or ended
	RanSeconds    float64 `json:"ran_seconds"`    // since then
	Outcome       string  `json:"outcome"`        // as in the metrics
	Error         string  `json:"error,omitempty"`
	Bytes         int     `json:"bytes"`
	AnswerBytes   int     `json:"answer_bytes,omitempty"` // none: its caller had no answer, or had it before
}

// What it may cost to tell one who follows of calls. They are told together, and so
// many are held until then, or until the reader takes them: who is slower, or follows
// more calls than that, loses some, and is told how many.
const (
	maxUntold = 1024
	gathering = 50 * time.Millisecond
)

// Followed are calls on their way from the sidecar to one who follows them.
type Followed struct {
	added chan struct{} // has room for one: there is something to take

	mu     sync.Mutex
	calls  []TracedCall
	lost   int
	wanted int // calls that are yet to be told; below 0: all
}

// Follow returns a place for that many calls, 0 for all.
func Follow(calls int) *Followed {
	f := &Followed{added: make(chan struct{}, 1), wanted: calls}
	if calls == 0 {
		f.wanted = -1
	}
	return f
}

// Takes tells whether a call that has ended is to be added. Where there is no room for
// it, it is counted as lost: nobody ever waits for the reader.
func (f *Followed) Takes() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.wanted == 0:
		return false
	case len(f.calls) < maxUntold:
		return true
	}
	f.lost++
	return false
}

// Add adds a call that it takes.
func (f *Followed) Add(c *TracedCall) {
	f.mu.Lock()
	f.calls = append(f.calls, *c)
	f.wanted--
	f.mu.Unlock()
	select {
	case f.added <- struct{}{}:
	default:
	}
}

// take returns the calls that were added, how many were lost behind them, and whether
// more may come. The calls' memory may be an earlier answer's: it is given back.
func (f *Followed) take(back []TracedCall) (calls []TracedCall, lost int, more bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls, lost = f.calls, f.lost
	f.calls, f.lost = back[:0], 0
	return calls, lost, f.wanted != 0
}

// signOfLife is how often a reader gets a line that says nothing, so that one who has
// vanished is noticed.
const signOfLife = 10 * time.Second

// trace answers GET /api/v1/trace, by server-sent events: following once, a call for
// each, lost where some could not be told.
func (s *Server) trace(of Sidecar) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		what, err := traceOf(r.URL.Query())
		if err != nil {
			answer(w, nil, err)
			return
		}
		followed := Follow(what.Calls)
		realm, stop, err := of.Trace(what, followed)
		if err != nil {
			answer(w, nil, err)
			return
		}
		defer stop()
		s.streams.serve(w, r, "text/event-stream", func(ctx context.Context, to *stream) {
			if to.send(appendEvent(nil, "following", &Following{Realm: realm, Pool: what.Pool})) {
				followed.tell(ctx, to)
			}
		})
	}
}

// Following is what a trace begins with.
type Following struct {
	Realm string `json:"realm"`
	Pool  string `json:"pool"`
}

// Lost is how many calls a trace could not tell.
type Lost struct {
	Lost int `json:"lost"`
}

// tell tells a reader of calls, some at a time, until it has had enough, leaves, or ctx
// is done.
func (f *Followed) tell(ctx context.Context, to *stream) {
	ticker := time.NewTicker(signOfLife)
	defer ticker.Stop()
	gathered := time.NewTimer(0)
	defer gathered.Stop()
	var calls []TracedCall
	var piece []byte
	for {
		select {
		case <-ctx.Done():
			return
		case <-gathered.C:
		}
		var lost int
		var more bool
		calls, lost, more = f.take(calls)
		for i := range calls {
			piece = appendEvent(piece, "call", &calls[i])
		}
		if lost > 0 {
			piece = appendEvent(piece, "lost", &Lost{lost})
		}
		if len(piece) > 0 && !to.send(piece) || !more {
			return
		}
		piece = piece[:0]
		select {
		case <-ctx.Done():
			return
		case <-f.added:
		case <-ticker.C:
			piece = append(piece, ":\n\n"...)
		}
		gathered.Reset(gathering)
	}
}

// appendEvent appends a server-sent event.
func appendEvent(to []byte, name string, of any) []byte {
	data, err := json.Marshal(of)
	if err != nil {
		panic("admin: an event must be what JSON can express: " + err.Error())
	}
	return fmt.Appendf(to, "event: %s\ndata: %s\n\n", name, data)
}

// Query is what a request to follow has behind its path.
func (t *Trace) Query() string {
	q := url.Values{"pool": {t.Pool}, "n": {strconv.Itoa(t.Calls)}}
	if t.Realm != "" {
		q.Set("realm", t.Realm)
	}
	if t.Failed {
		q.Set("failed", "true")
	}
	if t.Slow > 0 {
		q.Set("slow", strconv.FormatFloat(t.Slow.Seconds(), 'g', -1, 64))
	}
	return "?" + q.Encode()
}

// DefaultTraced is how many calls are told where nobody says how many.
const DefaultTraced = 10

// maxSlow bounds how slow a call may be that somebody asks for.
const maxSlow = 24 * time.Hour

// traceOf reads such a query.
func traceOf(q url.Values) (Trace, error) {
	t := Trace{Calls: DefaultTraced}
	for name, values := range q {
		ok, wants := false, ""
		switch value := values[len(values)-1]; name {
		case "realm":
			t.Realm, ok = value, true
		case "pool":
			t.Pool, ok = value, true
		case "n":
			n, err := strconv.Atoi(value)
			t.Calls, ok, wants = n, err == nil && n >= 0, "a number of calls, 0 for all until you leave"
		case "failed":
			is, err := strconv.ParseBool(value)
			t.Failed, ok, wants = is, err == nil, "true or false"
		case "slow":
			seconds, err := strconv.ParseFloat(value, 64)
			t.Slow = time.Duration(seconds * float64(time.Second))
			ok, wants = err == nil && seconds >= 0 && seconds <= maxSlow.Seconds(), "seconds, at most a day"
		default:
			return Trace{}, badTrace("%q is no parameter of a trace: pool, realm, n, failed and slow are", name)
		}
		if !ok {
			return Trace{}, badTrace("%q must be %s", name, wants)
		}
	}
	if t.Pool == "" {
		return Trace{}, badTrace(`"pool" is missing: its name, as GET %spools lists it`, apiPath)
	}
	return t, nil
}

func badTrace(format string, args ...any) error {
	return &RequestError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}
