package router

import (
	"errors"
	"fmt"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
)

func (s *session) takeCall(h *codec.Head) error {
	var m codec.Call
	if err := m.DecodeBehind(h); err != nil {
		return err
	}
	if m.Request > s.lastRequest || !s.realm.isPart(s, m.Request) {
		if err := s.nextRequest(codec.TypeCall, m.Request); err != nil {
			return err
		}
	}
	if err := m.Payload.Validate(s.serializer); err != nil {
		return fmt.Errorf("CALL: %w", err)
	}
	s.realm.call(s, &m)
	return nil
}

func (s *session) takeCancel(h *codec.Head) error {
	var m codec.Cancel
	if err := m.DecodeBehind(h); err != nil {
		return err
	}
	if m.Mode == "" {
		if _, given := m.Options.Lookup(s.serializer, "mode"); given {
			return errors.New("CANCEL.Options.mode is none of skip, kill and killnowait")
		}
		m.Mode = codec.CancelKillNoWait
	}
	s.realm.cancel(s, &m)
	return nil
}

func (s *session) takeYield(h *codec.Head) error {
	m := &s.yield
	if err := m.DecodeBehind(h); err != nil {
		return err
	}
	if err := m.Validate(s.serializer); err != nil {
		return err
	}
	kind := dealer.Final
	if m.Progress {
		kind = dealer.Progress
	}
	return s.realm.answer(s, m.Request, kind, driver.Hand{Serializer: s.serializer, Yield: m})
}

func (s *session) takeError(h *codec.Head) error {
	var m codec.Error
	if err := m.DecodeBehind(h); err != nil {
		return err
	}
	if m.RequestType != codec.TypeInvocation {
		return fmt.Errorf("ERROR for %s is not a client's to send", m.RequestType)
	}
	if err := m.Validate(s.serializer); err != nil {
		return err
	}
	return s.realm.answer(s, m.Request, dealer.Error, driver.Hand{Serializer: s.serializer, Error: &m})
}

// isPart tells whether a CALL is a further part of one that has come before
// ("Progressive Call Invocations", #name-progressive-call-invocation): its request ID
// is that one's.
func (r *realm) isPart(s *session, request uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	state, _ := r.dealer.CallState(s.origin, request)
	return state != dealer.Unknown
}

func (r *realm) call(s *session, m *codec.Call) {
	r.mu.Lock()
	defer r.unlock(&s.out)
	state, pool := r.dealer.CallState(s.origin, m.Request)
	registered := state == dealer.Open
	if !registered {
		var of procedure
		of, registered = r.procedures[string(m.Procedure)]
		pool = of.pool
	}
	switch {
	case state == dealer.Over:
		return
	case !codec.ValidURI(m.Procedure):
		r.sendError(s, codec.TypeCall, m.Request, uriInvalidURI, "the procedure is not a valid URI")
		return
	case !registered:
		r.sendError(s, codec.TypeCall, m.Request, uriNoSuchProcedure, fmt.Sprintf("procedure %s is not registered", m.Procedure))
		return
	}
	var details codec.Dict
	details, r.details = m.InvocationDetails(s.serializer, r.details, s.disclosed(m))
	r.driver.Perform(&s.out, r.dealer.Call(0, dealer.Call{
		Pool: pool, Origin: s.origin, Request: m.Request,
		Body:            codec.Body{Serializer: s.serializer, Details: details, Payload: m.Payload},
		ReceiveProgress: m.ReceiveProgress, Progress: m.Progress, Passthru: m.Passthru,
	}), driver.Hand{})
}

// disclosed are who the caller is, if it wants that told ("Caller Identification",
// #name-caller-identification).
func (s *session) disclosed(m *codec.Call) []codec.Field {
	if !m.DiscloseMe {
		return nil
	}
	caller := driver.Identity{Session: s.id, AuthID: s.authID, AuthRole: authRole}
	return caller.AsCaller(nil)
}

func (r *realm) cancel(s *session, m *codec.Cancel) {
	r.mu.Lock()
	defer r.unlock(&s.out)
	r.driver.Perform(&s.out, r.dealer.Cancel(0, s.origin, m.Request, m.Mode), driver.Hand{})
}

// answer takes what a callee sent for an invocation. It is an error if the
// callee has never got that one ("Protocol Errors", #name-protocol-errors).
func (r *realm) answer(s *session, id uint64, kind dealer.AnswerKind, h driver.Hand) error {
	r.mu.Lock()
	defer r.unlock(&s.out)
	r.driver.Perform(&s.out, r.dealer.Answer(0, s.callee, id, kind), h)
	if s.violation != "" {
		return errors.New(s.violation)
	}
	return nil
}
