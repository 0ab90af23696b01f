package bench

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sync/errgroup"

	"github.com/wampool/wampool/codec"
)

// CallerOptions are what callers are like.
type CallerOptions struct {
	Callers   int    // connections
	Procedure string // ending with a dot: those with the numbers of Spread in turn
	Spread    int
	Payload   int // bytes of text in each call
}

// Callers send calls over some connections.
type Callers struct {
	procedures [][]byte // in turn
	payload    codec.Payload
	sessions   []*session
	callers    []*caller // with the same numbers
	reading    sync.WaitGroup
	losses     *losses
	patience   time.Duration // for calls in flight at the end
}

// caller is one connection.
type caller struct {
	*session
	callers *Callers
	idle    chan struct{} // a message when nothing is in flight, or nothing will come any more

	mu       sync.Mutex
	last     uint64
	began    map[uint64]time.Time // calls in flight
	open     bool                 // an answer is followed by another call
	sent     int64
	latency  *hdrhistogram.Histogram // microseconds, of RESULTs
	errors   map[string]int64
	over     bool // the connection has ended
	lastSent []byte
}

// Latencies are recorded in microseconds up to an hour, to three digits.
const (
	longestMicros = int64(time.Hour / time.Microsecond)
	digits        = 3
)

// Dial opens the callers' sessions. They end with Close.
func Dial(ctx context.Context, at Target, o CallerOptions) (*Callers, error) {
	c := &Callers{
		sessions: make([]*session, o.Callers), callers: make([]*caller, o.Callers),
		losses: newLosses(), patience: answerPatience,
		payload: codec.TextPayload(at.Serializer, nil, strings.Repeat("x", o.Payload), nil),
	}
	for i := range max(1, o.Spread) {
		c.procedures = append(c.procedures, []byte(numbered(o.Procedure, i)))
	}
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i := range c.callers {
		group.Go(func() error {
			s, err := join(ctx, &at, fmt.Sprintf("caller %d of %d", i+1, o.Callers))
			if err != nil {
				return err
			}
			caller := &caller{session: s, callers: c, idle: make(chan struct{}, 1), began: make(map[uint64]time.Time)}
			caller.reset()
			c.sessions[i], c.callers[i] = s, caller
			c.reading.Go(caller.read)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the callers.
func (c *Callers) Close() {
	closeAll(c.sessions)
	c.reading.Wait()
}

// KeepInFlight keeps so many calls in flight until ctx ends, and returns what
// came of them once all are answered. A connection that is lost ends it early,
// with an error.
func (c *Callers) KeepInFlight(ctx context.Context, calls int) (*Result, error) {
	c.reset()
	began := time.Now()
	for i, s := range c.callers {
		s.begin(share(calls, len(c.callers), i))
	}
	select {
	case <-ctx.Done():
	case <-c.losses.any:
	}
	return c.end(began)
}

// reset begins the books anew.
func (c *Callers) reset() {
	for _, s := range c.callers {
		s.mu.Lock()
		s.reset()
		s.mu.Unlock()
	}
}

// share is the i-th of n shares of a number, as equal as they can be.
func share(number, n, i int) int {
	if i < number%n {
		return number/n + 1
	}
	return number / n
}

// SendAtRate sends so many calls each second, whatever comes back, until ctx
// ends, and returns what came of them as KeepInFlight does. Each call has its time,
// at equal distances, and takes as long as its answer is behind that: also where it
// was sent late, because the machine was busy.
func (c *Callers) SendAtRate(ctx context.Context, perSecond float64) (*Result, error) {
	c.reset()
	began := time.Now()
	for sent := 0; ; sent++ {
		due := began.Add(time.Duration(float64(sent) / perSecond * float64(time.Second)))
		if !c.awaitTime(ctx, due) {
			return c.end(began)
		}
		c.callers[sent%len(c.callers)].sendOne(due)
	}
}

// shortWait is a wait in which nobody looks at anything else.
const shortWait = 2 * time.Millisecond

// awaitTime is false if ctx ends before that time, or a connection is lost.
func (c *Callers) awaitTime(ctx context.Context, due time.Time) bool {
	if end, limited := ctx.Deadline(); limited && !due.Before(end) {
		due = end.Add(time.Hour)
	}
	if wait := time.Until(due); wait > shortWait {
		timer := time.NewTimer(wait - shortWait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		case <-c.losses.any:
		}
	}
	select {
	case <-ctx.Done():
		return false
	case <-c.losses.any:
		return false
	default:
	}
	for wait := time.Until(due); wait > 0; wait = time.Until(due) {
		sleep(wait)
	}
	return true
}

// answerPatience is how long calls in flight at the end may take.
const answerPatience = 60 * time.Second

// end waits for the answers and adds them up.
func (c *Callers) end(began time.Time) (*Result, error) {
	for _, s := range c.callers {
		s.mu.Lock()
		s.open = false
		s.mu.Unlock()
	}
	patience, cancel := context.WithTimeout(context.Background(), c.patience)
	defer cancel()
	total := newResult()
	for _, s := range c.callers {
		s.end(patience, total)
	}
	total.took(time.Since(began))
	return total, c.losses.err()
}

// Snapshot returns what has come of the calls so far.
func (c *Callers) Snapshot() *Result {
	total := newResult()
	for _, s := range c.callers {
		s.mu.Lock()
		s.addTo(total)
		s.mu.Unlock()
	}
	return total
}

// begin puts calls in flight; each answer is followed by another one.
func (s *caller) begin(inFlight int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = inFlight > 0 && !s.over
	for range inFlight {
		s.send(time.Now())
	}
	s.conn.Flush()
}

// sendOne sends the call that is due at a time.
func (s *caller) sendOne(due time.Time) {
	s.mu.Lock()
	s.send(due)
	s.mu.Unlock()
	s.conn.Flush()
}

// send sends one call, unless the connection is lost. s.mu is held.
func (s *caller) send(began time.Time) {
	if !s.over && s.conn.Send(s.call(began)) != nil {
		s.sent--
		delete(s.began, s.last)
	}
}

// call notes a call as sent and returns it, valid until the next. s.mu is held.
func (s *caller) call(began time.Time) []byte {
	s.last++
	s.sent++
	s.began[s.last] = began
	of := s.callers.procedures
	m := codec.Call{Request: s.last, Procedure: of[s.last%uint64(len(of))], Payload: s.callers.payload}
	s.lastSent = m.Append(s.lastSent[:0], s.serializer)
	return s.lastSent
}

// end waits until nothing is in flight, and adds up. A session whose calls are
// not answered in time is of no use any more.
func (s *caller) end(patience context.Context, total *Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.began) > 0 && !s.over {
		s.mu.Unlock()
		select {
		case <-s.idle:
			s.mu.Lock()
		case <-patience.Done():
			s.mu.Lock()
			s.giveUp()
		}
	}
	s.addTo(total)
	total.Lost += int64(len(s.began))
	clear(s.began)
}

// giveUp ends a session that has been waited for in vain. s.mu is held.
func (s *caller) giveUp() {
	if len(s.began) == 0 || s.over {
		return
	}
	late := fmt.Errorf("%s: %d calls were not answered within %s", s.name, len(s.began), s.callers.patience)
	s.over = true
	s.callers.losses.add(late)
	s.conn.Abort(late)
}

func (s *caller) addTo(total *Result) {
	total.Sent += s.sent
	total.latency.Merge(s.latency)
	for uri, n := range s.errors {
		total.Errors[uri] += n
	}
}

// reset begins the books anew.
func (s *caller) reset() {
	s.sent, s.latency, s.errors = 0, hdrhistogram.New(1, longestMicros, digits), make(map[string]int64)
}

// read takes the answers until the connection ends.
func (s *caller) read() {
	for {
		message, t, err := s.next()
		if err == nil {
			err = s.take(message, t)
		}
		if err != nil {
			s.leave(err)
			return
		}
	}
}

// leave notes that no further answer will come.
func (s *caller) leave(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = false
	if !s.over {
		s.over = true
		s.callers.losses.add(s.lost(cause))
	}
	s.wake()
}

func (s *caller) wake() {
	select {
	case s.idle <- struct{}{}:
	default:
	}
}

func (s *caller) take(message []byte, t codec.MessageType) error {
	element := 1
	switch t {
	case codec.TypeResult:
	case codec.TypeError:
		element = 2
	default:
		return s.unexpected(t, message)
	}
	id, err := codec.ID(s.serializer, message, element)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	began, known := s.began[id]
	if !known {
		return fmt.Errorf("the router answered call %d, which is not in flight", id)
	}
	if t == codec.TypeResult {
		_ = s.latency.RecordValue(min(longestMicros, max(1, time.Since(began).Microseconds())))
	} else if err := s.countError(message); err != nil {
		return err
	}
	delete(s.began, id)
	if s.open {
		s.out.Send(s.conn, s.call(time.Now()))
	} else if len(s.began) == 0 {
		s.wake()
	}
	return nil
}

func (s *caller) countError(message []byte) error {
	var m codec.Error
	if err := m.Decode(s.serializer, message); err != nil {
		return err
	}
	s.errors[string(m.URI)]++
	return nil
}
