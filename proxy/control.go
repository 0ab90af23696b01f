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
// routes, with events of the dealer and the registrar. A callee drains for as long as
// its session is; a pool is paused until it is resumed, and drains until it is
// undrained, though its callees come and go (control_pools.go, control_drain.go).

// commands are what the admin listener takes.
func (p *Proxy) commands() map[string]admin.Command {
	return map[string]admin.Command{
		"reload":  func(context.Context, json.RawMessage) (any, error) { return ofReload(p.ReloadNow()) },
		"drain":   func(ctx context.Context, in json.RawMessage) (any, error) { return p.drainCommand(ctx, in, true) },
		"undrain": func(ctx context.Context, in json.RawMessage) (any, error) { return p.drainCommand(ctx, in, false) },
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

// read reads a request, which has no other names than those of into.
func read(in json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(in))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return &admin.RequestError{Status: http.StatusBadRequest, Text: "the request is not what is expected: " + err.Error()}
	}
	return nil
}

// calleeNamed finds the callee that a request names and no other one is. Clients choose
// their authid, some routers willing: a session's ID by itself is that alone.
func (p *Proxy) calleeNamed(request *drainRequest) (*session, error) {
	if request.Name == "" && request.Session == 0 {
		return nil, &admin.RequestError{Status: http.StatusBadRequest, Text: `"name" is missing: a callee's session ID, authid or address`}
	}
	name := cmp.Or(request.Name, strconv.FormatUint(request.Session, 10))
	var found []*session
	for _, s := range p.sessions() {
		isMeant := (request.Session == 0 || s.id == request.Session) && (request.Name == "" || s.isNamed(request.Name))
		if isMeant && s.isCallee() {
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

// Drained is a callee that was drained, or is no more.
type Drained struct {
	Session    uint64 `json:"session"`
	AuthID     string `json:"authid"`
	Address    string `json:"address"`
	IsDraining bool   `json:"draining"`
	InFlight   int    `json:"in_flight"` // calls of all its pools that go on
}

// drainCallee drains a callee, or undrains it.
func (p *Proxy) drainCallee(ctx context.Context, request *drainRequest, drain bool) (any, error) {
	s, err := p.calleeNamed(request)
	if err != nil {
		return nil, err
	}
	told := Drained{Session: s.id, AuthID: s.authID, Address: s.conn.RemoteAddr(), IsDraining: drain}
	if told.InFlight, err = s.realm.drainCallee(s, drain, request.Goodbye); err != nil {
		return nil, err
	}
	if drain && request.wait(ctx, s.realm, func() bool { return s.realm.inFlight(s) == 0 }) {
		s.realm.mu.Lock()
		defer s.realm.mu.Unlock()
		told.InFlight = s.realm.inFlight(s)
	}
	return told, nil
}

// inFlight returns how many calls a callee has. r.mu is held.
func (r *realm) inFlight(s *session) int {
	if !r.hasCallee(s) {
		return 0
	}
	return r.dealer.InFlight(s.callee.id)
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
