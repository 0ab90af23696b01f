package proxy

import "fmt"

// A client takes two sockets: its own, and one to the router.
const (
	filesPerClient = 2
	filesBesides   = 128 // listeners, pool sessions, clients that are turned away, logs
)

const lackOfFiles = "the limit of open files is too low for limits.connections: raise it (ulimit -n, LimitNOFILE of systemd) or lower that"

// filesFor returns how many files so many clients need, and whether that is
// within most, which is 0 where it is not known.
func filesFor(connections int, most uint64) (needed uint64, enough bool) {
	needed = filesPerClient*uint64(connections) + filesBesides //nolint:gosec // not negative by the configuration
	return needed, most == 0 || most >= needed
}

// warnOfFiles says where the process may not open as many sockets as
// limits.connections allows for: clients would be turned away before.
func (p *Proxy) warnOfFiles(most uint64) {
	connections := p.config().Limits.Connections
	if needed, enough := filesFor(connections, most); !enough {
		room := (max(most, filesBesides) - filesBesides) / filesPerClient
		p.log.Warn().Uint64("open_files", most).Uint64("needed", needed).Int("connections", connections).Uint64("room_for", room).Msg(lackOfFiles)
	}
}

// LackOfFiles returns a sentence where a process started like this one may not
// open as many sockets as that many connections of clients need, else "".
func LackOfFiles(connections int) string {
	most := mostOpenFiles()
	needed, enough := filesFor(connections, most)
	if enough {
		return ""
	}
	return fmt.Sprintf("%s; it is %d, and %d connections need %d", lackOfFiles, most, connections, needed)
}
