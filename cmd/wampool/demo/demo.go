package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Options say how long the demo lasts and where it is seen.
type Options struct {
	For time.Duration // from Shortest to Longest
	Out io.Writer
	// Size returns the terminal's columns and rows. nil: Out is no terminal, and
	// gets a line a second.
	Size  func() (width, height int, err error)
	Color bool
}

// Shortest is the least time in which all phases can be seen. Longest bounds
// what is kept of each call.
const (
	Shortest = 2 * time.Second
	Longest  = time.Hour
)

const (
	frameEvery = 250 * time.Millisecond
	lineEvery  = time.Second

	// settlePatience is how long the calls under way may take once no more are
	// made; then they count as lost. The queue's timeout ends them before.
	settlePatience = 15 * time.Second
)

// Run plays the demo until its time is over or ctx ends, lets the calls under
// way finish, and prints the summary that it returns. What the summary finds
// wrong is its Err; the error returned here means that the demo could not be
// played.
func Run(ctx context.Context, o Options) (Summary, error) {
	s, err := openStage(context.WithoutCancel(ctx))
	if err != nil {
		return Summary{}, fmt.Errorf("demo: %w", err)
	}
	summary, err := play(ctx, s, o)
	if err := errors.Join(err, s.close()); err != nil {
		return summary, fmt.Errorf("demo: %w", err)
	}
	_, err = io.WriteString(o.Out, summary.String())
	return summary, err
}

// play makes the calls and shows what becomes of them.
func play(ctx context.Context, s *stage, o Options) (Summary, error) {
	ctx, cancel := context.WithCancel(ctx)
	l := newLoad(s, o.For)
	settled := make(chan struct{})
	defer func() {
		cancel()
		<-settled
	}()
	go func() { // ends when no call is under way any more
		defer close(settled)
		l.run(ctx)
	}()
	view := newView(o)
	if err := view.open(); err != nil {
		return Summary{}, err
	}
	ticker := time.NewTicker(view.every())
	defer ticker.Stop()
	for {
		select {
		case <-settled:
			summary := summarize(s, l)
			if summary.Sent == 0 && ctx.Err() == nil {
				summary.violated("no call was sent")
			}
			return summary, view.close(l.snapshot())
		case <-ticker.C:
			if err := view.show(l.snapshot()); err != nil {
				return Summary{}, err
			}
		}
	}
}
