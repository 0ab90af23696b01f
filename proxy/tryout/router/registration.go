package router

import (
	"fmt"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
)

func (s *session) takeRegister(h *codec.Head) error {
	var m codec.Register
	if err := m.DecodeBehind(h); err != nil {
		return err
	}
	if err := s.nextRequest(codec.TypeRegister, m.Request); err != nil {
		return err
	}
	s.realm.register(s, &m)
	return nil
}

func (s *session) takeUnregister(h *codec.Head) error {
	var m codec.Unregister
	if err := m.DecodeBehind(h); err != nil {
		return err
	}
	if err := s.nextRequest(codec.TypeUnregister, m.Request); err != nil {
		return err
	}
	s.realm.unregister(s, &m)
	return nil
}

func (r *realm) register(s *session, m *codec.Register) {
	r.mu.Lock()
	defer r.unlock(&s.out)
	if uri, text := r.mayRegister(m); uri != "" {
		r.sendError(s, codec.TypeRegister, m.Request, uri, text)
		return
	}
	pool := r.dealer.OpenPool(m.Procedure, dealer.PoolConfig{Policy: dealer.Single})
	id := r.nextID()
	r.procedures[m.Procedure] = pool
	s.registrations[id] = m.Procedure
	registered := codec.Registered{Request: m.Request, Registration: id}
	r.message = registered.Append(r.message[:0], s.serializer)
	r.send(&s.out, s, r.message)
	actions, err := r.dealer.Join(0, dealer.Registration{Pool: pool, Callee: s.callee, ID: id, Policy: dealer.Single})
	if err != nil {
		panic("router: a procedure that nobody has must be free to register: " + err.Error())
	}
	r.driver.Perform(&s.out, actions, driver.Hand{})
}

// mayRegister returns the error of a REGISTER that can't be granted, or "".
func (r *realm) mayRegister(m *codec.Register) (uri, text string) {
	_, taken := r.procedures[m.Procedure]
	switch {
	case m.OptionError != nil:
		return uriInvalidArgument, m.OptionError.Error()
	case !codec.ValidURI(m.Procedure):
		return uriInvalidURI, "the procedure is not a valid URI"
	case reserved(m.Procedure):
		return uriInvalidURI, "procedures that begin with wamp. are reserved"
	case m.Match != "" && m.Match != "exact":
		return uriOptionNotAllowed, "this router has no pattern-based registrations"
	case m.Invoke != "" && m.Invoke != "single":
		return uriOptionNotAllowed, "this router has no shared registrations"
	case taken:
		return uriAlreadyExists, fmt.Sprintf("procedure %s is registered already", m.Procedure)
	}
	return "", ""
}

func (r *realm) unregister(s *session, m *codec.Unregister) {
	r.mu.Lock()
	defer r.unlock(&s.out)
	procedure, known := s.registrations[m.Registration]
	if !known {
		r.sendError(s, codec.TypeUnregister, m.Request, uriNoSuchRegistration, "the session has no such registration")
		return
	}
	delete(s.registrations, m.Registration)
	delete(r.procedures, procedure)
	actions, _ := r.dealer.Leave(0, s.callee, m.Registration)
	r.driver.Perform(&s.out, actions, driver.Hand{})
	unregistered := codec.Unregistered{Request: m.Request}
	r.message = unregistered.Append(r.message[:0], s.serializer)
	r.send(&s.out, s, r.message)
}
