package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rs/zerolog"
)

// oneRequest is how long after the first signal another one is the same request
// to stop: process managers, and timeout(1), send both SIGTERM and SIGINT, or one
// to the process and one to its group.
const oneRequest = time.Second

// heedSignals has signals to stop come to the program, which they end by themselves
// until then: so a command without an end of its own needs none, whatever it waits for.
func heedSignals() <-chan os.Signal {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	return signals
}

// orders are what signals have the program do.
type orders struct {
	clean  func() // stop, once what runs has finished
	now    func() // stop at once
	reload func()
}

// obey stops cleanly at the first signal to stop, and at once at one that comes later
// than oneRequest after it. At SIGHUP it reloads. It ends when the program has stopped.
func obey(signals <-chan os.Signal, log zerolog.Logger, do orders, stopped <-chan struct{}) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	var first time.Time
	for {
		select {
		case <-stopped:
			return
		case <-hangups:
			log.Info().Msg("SIGHUP: the configuration is read again")
			do.reload()
		case signal := <-signals:
			switch {
			case first.IsZero():
				first = time.Now()
				log.Info().Stringer("signal", signal).Msg("signal: stopping cleanly; another one after a second stops at once")
				do.clean()
			case time.Since(first) < oneRequest:
				log.Info().Stringer("signal", signal).Msg("signal: taken for the same request to stop")
			default:
				log.Info().Stringer("signal", signal).Msg("second signal: stopping at once")
				do.now()
			}
		}
	}
}

// outliveReaders lets the program live on when whoever reads its standard output
// or error goes away: else SIGPIPE would end it, and all sessions with it, which
// systemd takes for a clean exit. Writing fails from then on. It holds to the
// end, for the last words too.
func outliveReaders() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
