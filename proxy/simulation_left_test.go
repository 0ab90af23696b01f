package proxy_test

import "github.com/wampool/wampool/proxy"

// checkRest looks at what wampool keeps while its clients are there, and nothing is to
// be done.
func (s *simulation) checkRest() {
	b, err := proxy.BooksOf(s.proxy)
	if err != nil {
		s.found(nothingLeft, "%v", err)
	}
	live, members, callers, pools := 0, 0, 0, make(map[string]bool)
	for _, c := range s.live() {
		live++
		if c.role == "frontend" {
			callers++
		}
		for _, m := range c.members {
			if m.isPooled() && !m.ousted {
				members++
				pools[m.procedure] = true
			}
		}
	}
	s.expect("clients", int64(b.Clients), int64(live))
	s.expect("places of connections", int64(b.Taken), int64(live))
	s.expect("members", int64(b.Members), int64(members))
	s.expect("pools", int64(b.Pools), int64(len(pools)))
	s.expect("calls", int64(b.Calls+b.Own+b.Unwritten), 0)
	s.atMost("sessions", b.Sessions, live)
	s.atMost("callees", b.Callees, live)
	s.atMost("callers", b.Callers, callers)
	if !s.world.forgets {
		s.expect("REGISTERs", int64(b.Waiting), 0)
		s.expect("requests of pool sessions", int64(b.Asked), 0)
	}
	if !s.world.weighed {
		s.expect("registrations", int64(b.Claims), int64(len(pools)))
	}
	if !s.world.clientsTLS && !s.world.routerTLS { // crypto/tls keeps what the largest record took
		s.expect("bytes", b.Charged, b.Explained)
	}
}

func (s *simulation) expect(what string, has, want int64) {
	if has != want {
		s.found(nothingLeft, "%d %s are kept, %d are there", has, what, want)
	}
}

func (s *simulation) atMost(what string, has, most int) {
	if has > most {
		s.found(nothingLeft, "%d %s are kept, %d are there", has, what, most)
	}
}

// checkEnd looks at what wampool keeps when it has stopped.
func (s *simulation) checkEnd() {
	b, err := proxy.BooksOf(s.proxy)
	if err != nil {
		s.found(nothingLeft, "%v", err)
	}
	b.Links, b.Asked = 0, 0 // they have stopped, and may have waited for an answer
	if s.steering.lingers { // and the clock that would have ended pools without a callee
		b.Pools, b.Claims = 0, 0
	}
	if b != (proxy.Books{}) {
		s.found(nothingLeft, "when wampool has stopped: %+v", b)
	}
}
