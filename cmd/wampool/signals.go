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

// obey calls clean at the first signal to stop, and now at one that comes later
// than oneRequest after it. SIGHUP is logged, and does nothing else. It ends when
// the program has stopped.
func obey(signals <-chan os.Signal, log zerolog.Logger, clean, now func(), stopped <-chan struct{}) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	var first time.Time
	for {
		select {
		case <-stopped:
			return
		case <-hangups:
			log.Info().Msg("SIGHUP: nothing is done; the configuration is read at the start only")
		case signal := <-signals:
			switch {
			case first.IsZero():
				first = time.Now()
				log.Info().Stringer("signal", signal).Msg("signal: stopping cleanly; another one after a second stops at once")
				clean()
			case time.Since(first) < oneRequest:
				log.Info().Stringer("signal", signal).Msg("signal: taken for the same request to stop")
			default:
				log.Info().Stringer("signal", signal).Msg("second signal: stopping at once")
				now()
			}
		}
	}
}

// outliveReaders lets the program live on when whoever reads its standard output
// or error goes away: else SIGPIPE would end it, and all sessions with it, which
// systemd takes for a clean exit. Writing fails from then on. It holds to the
// end, for the last words too.
func outliveReaders() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
