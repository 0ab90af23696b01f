package bench

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wampool/wampool/codec"
)

// CalleeOptions are what callees are like.
type CalleeOptions struct {
	Callees     int
	Procedure   string // ending with a dot: each callee has its own, by its number
	Invoke      string // REGISTER.Options.invoke; "": none
	Concurrency int    // REGISTER.Options.concurrency; 0: none
	Work        time.Duration
}

// Callees answer calls with their own arguments, at once or after some work.
type Callees struct {
	work     time.Duration
	sessions []*session
	serving  sync.WaitGroup
	losses   *losses

	calls, peak, worked atomic.Int64
}

// CalleeStats are what callees have done.
type CalleeStats struct {
	Calls        int64         `json:"calls"`
	PeakInFlight int64         `json:"peak_in_flight"` // most at one callee; counted with work alone
	MeanWork     time.Duration `json:"mean_work_ns"`
}

// atOnce is how many connections are opened at the same time.
const atOnce = 32

// Register opens the callees' sessions, and answers calls until Close.
func Register(ctx context.Context, at Target, o CalleeOptions) (*Callees, error) {
	c := &Callees{work: o.Work, sessions: make([]*session, o.Callees), losses: newLosses()}
	var options []codec.Field
	if o.Invoke != "" {
		options = append(options, codec.Field{Key: "invoke", Value: codec.FieldString(o.Invoke)})
	}
	if o.Concurrency > 0 {
		options = append(options, codec.Field{Key: "concurrency", Value: codec.FieldUint(uint64(o.Concurrency))})
	}
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i := range c.sessions {
		group.Go(func() error {
			s, err := join(ctx, &at, fmt.Sprintf("callee %d of %d", i+1, o.Callees))
			if err != nil {
				return err
			}
			c.sessions[i] = s
			if err := s.register(numbered(o.Procedure, i), options...); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			c.serving.Go(func() { c.serve(s) })
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// numbered puts a number behind a procedure that has room for it.
func numbered(procedure string, i int) string {
	if strings.HasSuffix(procedure, ".") {
		return fmt.Sprintf("%s%d", procedure, i)
	}
	return procedure
}

// Close ends the callees.
func (c *Callees) Close() {
	closeAll(c.sessions)
	c.serving.Wait()
}

// Stats returns what they have done so far.
func (c *Callees) Stats() CalleeStats {
	stats := CalleeStats{Calls: c.calls.Load(), PeakInFlight: c.peak.Load()}
	if stats.Calls > 0 {
		stats.MeanWork = time.Duration(c.worked.Load() / stats.Calls)
	}
	return stats
}

// serve answers one callee's calls until its connection ends.
func (c *Callees) serve(s *session) {
	var m codec.Invocation
	var buffer []byte
	worker := worker{callees: c, session: s}
	for {
		message, t, err := s.next()
		if err != nil {
			c.losses.add(s.lost(err))
			return
		}
		if t != codec.TypeInvocation || m.Decode(s.serializer, message) != nil {
			continue
		}
		if c.work > 0 {
			worker.begin(m.Request)
			continue
		}
		answer := codec.Yield{Request: m.Request, Payload: m.Payload}
		buffer = answer.Append(buffer[:0], s.serializer)
		s.out.Send(s.conn, buffer)
		c.calls.Add(1)
	}
}

// worker is a callee that takes its time.
type worker struct {
	callees  *Callees
	session  *session
	inFlight atomic.Int64

	mu     sync.Mutex
	buffer []byte
}

func (w *worker) begin(request uint64) {
	now := w.inFlight.Add(1)
	for most := w.callees.peak.Load(); now > most && !w.callees.peak.CompareAndSwap(most, now); {
		most = w.callees.peak.Load()
	}
	began := time.Now()
	time.AfterFunc(w.callees.work, func() {
		w.inFlight.Add(-1)
		w.callees.calls.Add(1)
		w.callees.worked.Add(int64(time.Since(began)))
		w.mu.Lock()
		defer w.mu.Unlock()
		answer := codec.Yield{Request: request}
		w.buffer = answer.Append(w.buffer[:0], w.session.serializer)
		if w.session.conn.Send(w.buffer) == nil {
			w.session.conn.Flush()
		}
	})
}
