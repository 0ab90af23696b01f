package proxy

// A client takes two sockets: its own, and one to the router.
const (
	filesPerClient = 2
	filesBesides   = 128 // listeners, pool sessions, clients that are turned away, logs
)

// warnOfFiles says where the process may not open as many sockets as
// limits.connections allows for: clients would be turned away before.
func (p *Proxy) warnOfFiles(most uint64) {
	connections := p.config.Limits.Connections
	needed := uint64(filesPerClient*connections + filesBesides)
	if most == 0 || most >= needed {
		return
	}
	room := 0
	if most > filesBesides {
		room = int(most-filesBesides) / filesPerClient
	}
	p.log.Warn().Uint64("open_files", most).Uint64("needed", needed).Int("connections", connections).Int("room_for", room).
		Msg("the limit of open files is too low for limits.connections: raise it (ulimit -n, LimitNOFILE of systemd) or lower that")
}
