package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"

	"github.com/wampool/wampool/proxy"
)

// supervisor is systemd, or whoever else starts the program as it does: it is told
// what the program does (sd_notify(3)), and may hand over sockets that it listens on
// (sd_listen_fds(3)). Without one, nothing is told.
type supervisor struct {
	log zerolog.Logger
}

func newSupervisor(log zerolog.Logger) *supervisor { return &supervisor{log} }

// statusPause is how often the status is told, where no watchdog asks more often.
const statusPause = 10 * time.Second

func (s *supervisor) tell(lines ...string) {
	if _, err := daemon.SdNotify(false, strings.Join(lines, "\n")); err != nil {
		s.log.Warn().Err(err).Msg("the supervisor can't be told")
	}
}

// ready tells that listeners are open.
func (s *supervisor) ready() { s.tell(daemon.SdNotifyReady) }

func (s *supervisor) stopping() {
	s.tell(daemon.SdNotifyStopping, "STATUS=stopping: calls in flight may finish")
}

// reloading tells that the configuration is read again, and when that is done.
func (s *supervisor) reloading(reload func()) {
	s.tell(daemon.SdNotifyReloading, strings.TrimSpace(daemon.SdNotifyMonotonicUsec()))
	reload()
	s.ready()
}

// watch tells the status now and then, and that the program is alive as often as the
// supervisor's watchdog wants it: not where a realm is stuck. It ends when the program
// has stopped.
func (s *supervisor) watch(p *proxy.Proxy, stopped <-chan struct{}) {
	pause, signs := statusPause, []string(nil)
	if within, err := daemon.SdWatchdogEnabled(false); err == nil && within > 0 {
		pause, signs = within/2, []string{daemon.SdNotifyWatchdog}
	}
	if os.Getenv("NOTIFY_SOCKET") == "" {
		return
	}
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		s.tell(append(signs[:len(signs):len(signs)], "STATUS="+p.Summary())...)
		select {
		case <-stopped:
			return
		case <-ticker.C:
		}
	}
}

// inherit hands the sockets over that the supervisor listens on for the program, with
// the names that it has for them (FileDescriptorName).
func (s *supervisor) inherit(p *proxy.Proxy) error {
	if os.Getenv("LISTEN_FDS") == "" {
		return nil
	}
	sockets, err := activation.ListenersWithNames()
	if err != nil {
		return fmt.Errorf("sockets of the supervisor: %w", err)
	}
	var all []proxy.Inherited
	for _, name := range slices.Sorted(maps.Keys(sockets)) {
		for _, socket := range sockets[name] {
			all = append(all, proxy.Inherited{Listener: socket, Name: name})
		}
	}
	p.Inherit(all)
	return nil
}
