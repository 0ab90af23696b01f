package proxy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/wampool/wampool/proxy/admin"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// poolRequest names a pool.
type poolRequest struct {
	Realm     string `json:"realm"` // "": any
	Pool      string `json:"pool"`  // its name, as /api/v1/pools tells it: the procedure, or prefix:… or wildcard:…
	Match     string `json:"match"` // or else both of these
	Procedure string `json:"procedure"`
}

// Paused is a pool that was paused, or is no more.
type Paused struct {
	Realm    string `json:"realm"`
	Pool     string `json:"pool"`
	IsPaused bool   `json:"paused"`
	Waiting  int    `json:"waiting"`
}

// names tells whether a request names the pool of a key. A name alone may be that of two:
// a procedure may begin with prefix:, too.
func (q *poolRequest) names(key string) bool {
	match, procedure := shownMatch(matchOf(key)), procedureOf(key)
	if q.Pool != "" {
		return shownName(match, procedure) == q.Pool
	}
	return match == shownMatch(q.Match) && procedure == q.Procedure
}

// name is how a pool is named, for people.
func (q *poolRequest) name() string { return cmp.Or(q.Pool, shownName(q.Match, q.Procedure)) }

// pauseCommand has the calls of a pool wait, or go on.
func (p *Proxy) pauseCommand(in json.RawMessage, pause bool) (any, error) {
	var request poolRequest
	if err := read(in, &request); err != nil {
		return nil, err
	}
	r, key, err := p.poolNamed(&request)
	if err != nil {
		return nil, err
	}
	return r.pause(key, pause)
}

// poolNamed finds the one pool that a request names, be it one that is paused or drains
// and not here: its realm, and its key there. The realm is needed where several have one.
func (p *Proxy) poolNamed(request *poolRequest) (in *realm, key string, err error) {
	if (request.Pool == "") == (request.Match == "" && request.Procedure == "") {
		return nil, "", &admin.RequestError{Status: http.StatusBadRequest, Text: `"pool" is missing, as GET /api/v1/pools lists it, or "match" and "procedure"`}
	}
	var names []string // of realms that have one
	for _, r := range p.inOrder() {
		if request.Realm != "" && request.Realm != r.name {
			continue
		}
		keys := r.keysNamed(request)
		if len(keys) > 1 {
			return nil, "", &admin.RequestError{Status: http.StatusConflict, Text: fmt.Sprintf(`there are %d pools called %q: name one by "match" and "procedure"`, len(keys), request.Pool)}
		}
		if len(keys) == 1 {
			in, key = r, keys[0]
			names = append(names, r.name)
		}
	}
	switch len(names) {
	case 0:
		return nil, "", &admin.RequestError{Status: http.StatusNotFound, Text: fmt.Sprintf("there is no pool %q: GET /api/v1/pools lists them", request.name())}
	case 1:
		return in, key, nil
	}
	return nil, "", &admin.RequestError{Status: http.StatusConflict, Text: fmt.Sprintf("there is a pool %q in the realms %s: name one of them", request.name(), strings.Join(names, ", "))}
}

var errPoolGone = &admin.RequestError{Status: http.StatusNotFound, Text: "the pool has just been given up"}

// keysNamed returns the keys of the pools that a request names, of those that are here,
// that are paused, or that drain.
func (r *realm) keysNamed(request *poolRequest) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var keys []string
	for _, known := range []iter.Seq[string]{maps.Keys(r.pools), maps.Keys(r.paused), slices.Values(r.registrar.Drained())} {
		for key := range known {
			if request.names(key) && !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// knows tells whether a pool is here, is paused, or drains. r.mu is held.
func (r *realm) knows(key string) bool {
	_, isPaused := r.paused[key]
	return r.pools[key] != nil || isPaused || slices.Contains(r.registrar.Drained(), key)
}

// pause has a pool's calls wait, or go on.
func (r *realm) pause(key string, pause bool) (any, error) {
	var out transport.Outbox
	defer out.Flush()
	r.mu.Lock()
	defer r.unlock(&out, nil)
	if !r.knows(key) {
		return nil, errPoolGone
	}
	told := Paused{Realm: r.name, Pool: shownName(matchOf(key), procedureOf(key)), IsPaused: pause}
	if delete(r.paused, key); pause {
		r.paused[key] = struct{}{}
	}
	if p := r.pools[key]; r.isOpen(p) {
		if pause {
			r.dealer.PausePool(p.id)
		} else {
			r.driver.Perform(&out, r.dealer.ResumePool(r.now(), p.id), driver.Hand{})
		}
		told.Waiting = r.dealer.Waiting(p.id)
	}
	r.log.Info().Str("procedure", procedureOf(key)).Int("waiting", told.Waiting).Msg(map[bool]string{true: "pool paused: its calls wait", false: "pool resumed"}[pause])
	r.arm()
	return told, nil
}
