package spans

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	// maxPending is how many calls wait at most to become spans.
	maxPending = 4096
	// gathered is how long calls are gathered before they become spans: waking a
	// goroutine for each would cost more than the spans.
	gathered = 50 * time.Millisecond
)

// Recorder makes spans of calls and sends them, from Start until Stop.
type Recorder struct {
	// Immutable.
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	sampler  sdktrace.Sampler
	losses   *losses
	giveUp   context.CancelFunc // ends what is being sent
	wake     chan struct{}      // has room for one: there are calls
	hurry    chan struct{}      // has room for one: there are many
	stopping chan struct{}
	stopped  chan struct{} // closed when run has ended

	mu      sync.Mutex
	pending []Call
	lost    uint64 // since run has looked
	isOver  bool

	spare []Call // of run
	ids   ids    // of run
}

// Start begins to trace as the OTEL_ variables say; version is that of the program. It
// returns nil where they say that nothing is to be traced, which the log tells. An error
// names the variable that can't be meant.
func Start(log zerolog.Logger, version string) (*Recorder, error) {
	if by := turnedOff(); by != "" {
		log.Info().Str("by", by).Msg("calls are not traced")
		return nil, nil
	}
	if err := check(); err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	listen(log)
	exporter, err := newExporter(context.Background())
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	r, err := New(log, version, exporter)
	if err != nil {
		return nil, fmt.Errorf("trace: %w", errors.Join(err, exporter.Shutdown(context.Background())))
	}
	return r, nil
}

// New begins to trace to an exporter, of which it takes care from then on. What the
// variables say of sampling, resources and queues holds. An error names the one that
// can't be meant.
func New(log zerolog.Logger, version string, exporter sdktrace.SpanExporter) (*Recorder, error) {
	sampler, err := newSampler()
	if err != nil {
		return nil, err
	}
	r := &Recorder{
		sampler: sampler, losses: &losses{log: log},
		wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), stopping: make(chan struct{}), stopped: make(chan struct{}),
	}
	of, err := newResource(context.Background(), version)
	if err != nil { // what could be read of it holds
		log.Warn().Msg("OTEL_RESOURCE_ATTRIBUTES can't be read to its end: what stands behind a mistake is left out of traces")
	}
	var life context.Context
	life, r.giveUp = context.WithCancel(context.Background())
	r.provider = sdktrace.NewTracerProvider(
		sdktrace.WithResource(of),
		sdktrace.WithSampler(sdktrace.AlwaysSample()), sdktrace.WithIDGenerator(&r.ids),
		sdktrace.WithBatcher(&delivery{exporter: exporter, life: life, losses: r.losses}, sdktrace.WithBlocking()),
	)
	r.tracer = r.provider.Tracer("github.com/wampool/wampool", trace.WithInstrumentationVersion(version))
	go r.run()
	return r, nil
}

// Add has a call traced that Sample takes. It waits for nobody: beyond a bound, calls are lost to tracing.
func (r *Recorder) Add(c *Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.isOver:
		return
	case len(r.pending) == maxPending:
		r.lost++
		return
	}
	r.pending = append(r.pending, *c)
	switch len(r.pending) {
	case 1:
		signal(r.wake)
	case maxPending / 4:
		signal(r.hurry)
	}
}

func signal(to chan struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// run makes spans of calls. It ends with Stop, when none is left.
func (r *Recorder) run() {
	defer close(r.stopped)
	pause := time.NewTimer(gathered)
	defer pause.Stop()
	for {
		select {
		case <-r.wake:
		case <-r.stopping:
			r.recordAll()
			return
		}
		pause.Reset(gathered)
		select {
		case <-pause.C:
		case <-r.hurry:
		case <-r.stopping:
		}
		r.recordAll()
	}
}

// recordAll makes spans of the calls that there are.
func (r *Recorder) recordAll() {
	r.mu.Lock()
	calls, lost := r.pending, r.lost
	r.pending, r.lost = r.spare[:0], 0
	r.mu.Unlock()
	for i := range calls {
		r.record(&calls[i])
	}
	clear(calls)
	r.spare = calls
	if lost > 0 {
		r.losses.overrun(lost)
	}
}

// Stop sends what there is, until ctx ends at the latest, and takes no more.
func (r *Recorder) Stop(ctx context.Context) {
	r.mu.Lock()
	wasOver := r.isOver
	r.isOver = true
	r.mu.Unlock()
	if wasOver {
		return
	}
	defer context.AfterFunc(ctx, r.giveUp)() // then all below ends, too
	close(r.stopping)
	<-r.stopped
	if err := r.provider.Shutdown(context.WithoutCancel(ctx)); err != nil {
		r.losses.unsent(0, err)
	}
	r.giveUp()
	r.losses.last()
}
