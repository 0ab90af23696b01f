package harness

import "sync"

// shared are the programs that many tests of a package use, each started by the
// first that does.
var shared = struct {
	mu       sync.Mutex
	routers  map[string]Router
	programs map[string]*Program
}{routers: make(map[string]Router), programs: make(map[string]*Program)}

// sharedRouter returns the router of that name, and starts it if need be.
func sharedRouter[R Router](name string, start func() (R, error)) R {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if r, running := shared.routers[name]; running {
		return r.(R)
	}
	r, err := start()
	if err != nil {
		giveUp(err)
	}
	shared.routers[name] = r
	return r
}

func stopShared() {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	for _, p := range shared.programs {
		p.Process.Kill()
	}
	for _, r := range shared.routers {
		r.Kill()
	}
}
