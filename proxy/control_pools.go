package proxy

import (
	"encoding/json"
	"fmt"
	"net/http"
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

// pauseCommand has the calls of a pool wait, or go on.
func (p *Proxy) pauseCommand(in json.RawMessage, pause bool) (any, error) {
	var request poolRequest
	if err := read(in, &request); err != nil {
		return nil, err
	}
	r, name, err := p.poolNamed(&request)
	if err != nil {
		return nil, err
	}
	return r.pause(name, pause)
}

// poolNamed finds the one pool that a request names: its realm, and its name there.
func (p *Proxy) poolNamed(request *poolRequest) (in *realm, name string, err error) {
	name = request.Pool
	switch {
	case (name == "") == (request.Procedure == ""):
		return nil, "", &admin.RequestError{Status: http.StatusBadRequest, Text: `"pool" is missing, as GET /api/v1/pools lists it, or "match" and "procedure"`}
	case name == "":
		name = shownName(request.Match, request.Procedure)
	}
	in, err = p.realmOfPool(request.Realm, name)
	return in, name, err
}

// realmOfPool finds the realm that has a pool of that name, be it one that is paused or
// drains and not here. The realm is needed where several have one.
func (p *Proxy) realmOfPool(in, name string) (*realm, error) {
	var found []*realm
	for _, r := range p.inOrder() {
		if (in == "" || in == r.name) && r.hasPool(name) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return nil, &admin.RequestError{Status: http.StatusNotFound, Text: fmt.Sprintf("there is no pool %q: GET /api/v1/pools lists them", name)}
	case 1:
		return found[0], nil
	}
	var names []string
	for _, r := range found {
		names = append(names, r.name)
	}
	return nil, &admin.RequestError{Status: http.StatusConflict, Text: fmt.Sprintf("there is a pool %q in the realms %s: name one of them", name, strings.Join(names, ", "))}
}

var errPoolGone = &admin.RequestError{Status: http.StatusNotFound, Text: "the pool has just been given up"}

// keyNamed returns the key of a pool that is here, or that is paused or drains, by its
// name. r.mu is held.
func (r *realm) keyNamed(name string) (key string, known bool) {
	is := func(key string) bool { return shownName(matchOf(key), procedureOf(key)) == name }
	for key := range r.pools {
		if is(key) {
			return key, true
		}
	}
	for key := range r.paused {
		if is(key) {
			return key, true
		}
	}
	for _, key := range r.registrar.Drained() {
		if is(key) {
			return key, true
		}
	}
	return "", false
}

func (r *realm) hasPool(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, known := r.keyNamed(name)
	return known
}

// pause has a pool's calls wait, or go on.
func (r *realm) pause(name string, pause bool) (any, error) {
	var out transport.Outbox
	defer out.Flush()
	r.mu.Lock()
	defer r.unlock(&out, nil)
	key, known := r.keyNamed(name)
	if !known {
		return nil, errPoolGone
	}
	told := Paused{Realm: r.name, Pool: name, IsPaused: pause}
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
