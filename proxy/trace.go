package proxy

import (
	"slices"

	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/admin"
)

// tracer is one who follows the calls of a pool by the admin listener, also of one
// that is given up meanwhile and opened again. It is never changed.
type tracer struct {
	key  string // of the pool
	what admin.Trace
	to   *admin.Followed
}

func (t *tracer) wants(e *dealer.End) bool {
	return t.key == e.Key && t.what.Wants(e.Outcome.HasFailed(), e.Waited+e.Ran)
}

// Trace has the calls of a pool told to one who follows them.
func (v view) Trace(what admin.Trace, to *admin.Followed) (name string, stop func(), err error) {
	r, key, err := v.proxy.poolNamed(&poolRequest{Realm: what.Realm, Pool: what.Pool})
	if err != nil {
		return "", nil, err
	}
	t := &tracer{key: key, what: what, to: to}
	if !r.addTracer(t) {
		return "", nil, errPoolGone
	}
	return r.name, func() { r.removeTracer(t) }, nil
}

// addTracer is false if the pool has just gone.
func (r *realm) addTracer(t *tracer) (known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known = r.knows(t.key); known {
		r.following.tracers = append(r.following.tracers, t)
		r.followCalls()
	}
	return known
}

func (r *realm) removeTracer(t *tracer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.following.tracers = slices.DeleteFunc(r.following.tracers, func(other *tracer) bool { return other == t })
	r.followCalls()
}
