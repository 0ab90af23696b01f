package proxy

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/wampool/wampool/proxy/admin"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// What people do to callees and pools while calls run: by the admin listener's POST
// routes, with the dealer's events. A callee drains for as long as its session is;
// a pool stays paused until it is resumed, though its callees come and go.

// commands are what the admin listener takes.
func (p *Proxy) commands() map[string]admin.Command {
	return map[string]admin.Command{
		"reload":  func(context.Context, json.RawMessage) (any, error) { return ofReload(p.ReloadNow()) },
		"drain":   func(_ context.Context, in json.RawMessage) (any, error) { return p.drainCommand(in, true) },
		"undrain": func(_ context.Context, in json.RawMessage) (any, error) { return p.drainCommand(in, false) },
		"pause":   func(_ context.Context, in json.RawMessage) (any, error) { return p.pauseCommand(in, true) },
		"resume":  func(_ context.Context, in json.RawMessage) (any, error) { return p.pauseCommand(in, false) },
	}
}

func ofReload(told Reloaded, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return told, nil
}

// drainRequest names a callee.
type drainRequest struct {
	Session uint64 `json:"session"` // its session's ID
	Name    string `json:"name"`    // or that, its authid, or its address, with or without the port
	Goodbye bool   `json:"goodbye"` // of drain: its session is ended once it has no call any more
}

// pauseRequest names a pool.
type pauseRequest struct {
	Realm     string `json:"realm"` // "": any
	Pool      string `json:"pool"`  // its name, as /api/v1/pools tells it: the procedure, or prefix:… or wildcard:…
	Match     string `json:"match"` // or else both of these
	Procedure string `json:"procedure"`
}

// read reads a request, which has no other names than those of into.
func read(in json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(in))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return &admin.RequestError{Status: http.StatusBadRequest, Text: "the request is not what is expected: " + err.Error()}
	}
	return nil
}

func (p *Proxy) drainCommand(in json.RawMessage, drain bool) (any, error) {
	var request drainRequest
	if err := read(in, &request); err != nil {
		return nil, err
	}
	if request.Goodbye && !drain {
		return nil, &admin.RequestError{Status: http.StatusBadRequest, Text: "goodbye is of drain alone"}
	}
	if request.Session != 0 && request.Name == "" {
		request.Name = strconv.FormatUint(request.Session, 10)
	}
	s, err := p.calleeNamed(request.Name)
	if err != nil {
		return nil, err
	}
	inFlight, err := s.realm.drainCallee(s, drain, request.Goodbye)
	if err != nil {
		return nil, err
	}
	return Drained{Session: s.id, AuthID: s.authID, Address: s.conn.RemoteAddr(), IsDraining: drain, InFlight: inFlight}, nil
}

// Drained is a callee that was drained, or is no more.
type Drained struct {
	Session    uint64 `json:"session"`
	AuthID     string `json:"authid"`
	Address    string `json:"address"`
	IsDraining bool   `json:"draining"`
	InFlight   int    `json:"in_flight"` // calls of all its pools that go on
}

// Paused is a pool that was paused, or is no more.
type Paused struct {
	Realm    string `json:"realm"`
	Pool     string `json:"pool"`
	IsPaused bool   `json:"paused"`
	Waiting  int    `json:"waiting"`
}

// calleeNamed finds the callee of a name that is nobody else's.
func (p *Proxy) calleeNamed(name string) (*session, error) {
	if name == "" {
		return nil, &admin.RequestError{Status: http.StatusBadRequest, Text: `"name" is missing: a callee's session ID, authid or address`}
	}
	var found []*session
	for _, s := range p.sessions() {
		if s.isCallee() && s.isNamed(name) {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 0:
		return nil, &admin.RequestError{Status: http.StatusNotFound, Text: fmt.Sprintf("no callee of a pool is called %q: GET /api/v1/sessions lists them", name)}
	case 1:
		return found[0], nil
	}
	slices.SortFunc(found, func(a, b *session) int { return cmp.Compare(a.id, b.id) })
	var names []string
	for _, s := range found {
		names = append(names, fmt.Sprintf("session %d of %s at %s", s.id, admin.Printable(cmp.Or(s.authID, "nobody")), s.conn.RemoteAddr()))
	}
	return nil, &admin.RequestError{Status: http.StatusConflict, Text: fmt.Sprintf("%q is the name of %d callees, name one by its session's ID or its address: %s", name, len(found), strings.Join(names, ", "))}
}

// isCallee tells whether a session is in the dealer's books as a callee.
func (s *session) isCallee() bool {
	if s.realm == nil {
		return false
	}
	s.realm.mu.Lock()
	defer s.realm.mu.Unlock()
	return s.realm.hasCallee(s)
}

func (s *session) isNamed(name string) bool {
	address := s.conn.RemoteAddr()
	host := address
	if i := strings.LastIndexByte(address, ':'); i > 0 {
		host = strings.Trim(address[:i], "[]")
	}
	return name == strconv.FormatUint(s.id, 10) || name == s.authID || name == address || name == host
}

// drainCallee has a callee get no new call, or get calls again. It returns how many
// calls it has.
func (r *realm) drainCallee(s *session, drain, goodbye bool) (inFlight int, err error) {
	var out transport.Outbox
	defer out.Flush()
	r.mu.Lock()
	defer r.unlock(&out, nil)
	if !r.hasCallee(s) {
		return 0, &admin.RequestError{Status: http.StatusNotFound, Text: "the callee has just left"}
	}
	r.setLeaver(s, drain && goodbye)
	if drain {
		r.driver.Perform(&out, r.dealer.DrainCallee(r.now(), s.callee.id), driver.Hand{})
	} else {
		r.driver.Perform(&out, r.dealer.UndrainCallee(r.now(), s.callee.id), driver.Hand{})
	}
	inFlight = r.dealer.InFlight(s.callee.id)
	s.log.Info().Int("in_flight", inFlight).Bool("then_goodbye", goodbye).Msg(map[bool]string{true: "callee drains: it gets no new call", false: "callee drains no more"}[drain])
	r.arm()
	return inFlight, nil
}

// setLeaver says whether a callee is to go once it has nothing in flight any more.
func (r *realm) setLeaver(s *session, leaves bool) {
	r.leavers = slices.DeleteFunc(r.leavers, func(other *session) bool { return other == s })
	if leaves {
		r.leavers = append(r.leavers, s)
	}
}

// hasDrained tells whether a callee that is to go can, or has gone.
func (r *realm) hasDrained(s *session) bool {
	return !r.hasCallee(s) || r.dealer.InFlight(s.callee.id) == 0 && s.calls.open.Load() == 0
}

// dismissDrained ends the sessions of callees that have drained, and are to go then.
func (r *realm) dismissDrained(out *transport.Outbox) {
	for _, s := range slices.Clone(r.leavers) {
		if !r.hasDrained(s) {
			continue
		}
		r.setLeaver(s, false)
		if r.hasCallee(s) {
			s.log.Info().Msg("callee has drained: its session is ended")
			s.client.leave(out, drained)
		}
	}
}

func (p *Proxy) pauseCommand(in json.RawMessage, pause bool) (any, error) {
	var request pauseRequest
	if err := read(in, &request); err != nil {
		return nil, err
	}
	name := request.Pool
	switch {
	case (name == "") == (request.Procedure == ""):
		return nil, &admin.RequestError{Status: http.StatusBadRequest, Text: `"pool" is missing, as GET /api/v1/pools lists it, or "match" and "procedure"`}
	case name == "":
		name = shownName(request.Match, request.Procedure)
	}
	r, err := p.realmOfPool(request.Realm, name)
	if err != nil {
		return nil, err
	}
	return r.pause(name, pause)
}

// realmOfPool finds the realm that has a pool of that name, be it one that is paused and
// not here. The realm is needed where several have one.
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

// keyNamed returns the key of a pool that is here, or that is paused, by its name. r.mu
// is held.
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
