package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Options are one measurement.
type Options struct {
	Caller, Callee Target
	Callers        CallerOptions
	Callees        CalleeOptions // none: the procedure is somebody else's
	InFlight       int           // calls kept in flight, over all callers
	Rate           float64       // calls sent each second instead; 0: none
	Warmup         time.Duration // before what counts
	Duration       time.Duration
}

// Check tells what is wrong with the options.
func (o *Options) Check() error {
	switch {
	case o.Callers.Procedure == "":
		return errors.New("there must be a procedure to call")
	case o.Callers.Callers < 1:
		return errors.New("there must be a caller")
	case o.Rate == 0 && o.InFlight < 1:
		return errors.New("there must be a call in flight")
	case o.Rate < 0:
		return errors.New("a rate can't be negative")
	case o.Callees.Callees < 0, o.Callees.Concurrency < 0, o.Callers.Payload < 0:
		return errors.New("numbers can't be negative")
	case o.Duration <= 0:
		return errors.New("the duration must be longer than nothing")
	}
	return nil
}

// Run measures until Duration is over or ctx ends, and returns what came of
// it: also where that was cut short, as by a connection that is lost, and then
// together with that error. A line a second goes to progress.
func Run(ctx context.Context, o Options, progress io.Writer) (*Result, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	callees, err := Register(ctx, o.Callee, o.Callees)
	if err != nil {
		return nil, err
	}
	defer callees.Close()
	callers, err := Dial(ctx, o.Caller, o.Callers)
	if err != nil {
		return nil, err
	}
	defer callers.Close()
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	watching.Go(func() { // ends with the measurement
		select {
		case <-callees.losses.any:
			cancel()
		case <-ctx.Done():
		}
	})
	if o.Warmup > 0 {
		_, err := callers.measure(ctx, &o, o.Warmup, io.Discard)
		if err = errors.Join(err, callees.losses.err()); err != nil {
			return nil, fmt.Errorf("before what counts: %w", err)
		}
	}
	before := callees.Stats()
	result, err := callers.measure(ctx, &o, o.Duration, progress)
	err = errors.Join(err, callees.losses.err())
	if o.Callees.Callees > 0 {
		stats := callees.Stats()
		stats.Calls -= before.Calls
		result.Callees = &stats
	}
	return result, err
}

func (c *Callers) measure(ctx context.Context, o *Options, duration time.Duration, progress io.Writer) (*Result, error) {
	ctx, cancel := context.WithTimeout(ctx, duration)
	told := make(chan struct{})
	go func() {
		defer close(told)
		c.tell(ctx, progress)
	}()
	defer func() {
		cancel()
		<-told
	}()
	if o.Rate > 0 {
		return c.SendAtRate(ctx, o.Rate)
	}
	return c.KeepInFlight(ctx, o.InFlight)
}

// tell writes each second what has come of it since the last. It ends with ctx.
func (c *Callers) tell(ctx context.Context, progress io.Writer) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	var answered, refused int64
	for second := 1; ; second++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := c.Snapshot()
		now.took(time.Duration(second) * time.Second)
		_, _ = fmt.Fprintf(progress, "%4d s  %7d calls/s  %6d errors/s  p99 %.3f ms\n",
			second, now.Answered-answered, now.Refused()-refused, now.Latency.P99)
		answered, refused = now.Answered, now.Refused()
	}
}
