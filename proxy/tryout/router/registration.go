package router

import (
	"errors"
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

// procedure is one that somebody has registered.
type procedure struct {
	pool         dealer.PoolID
	registration uint64 // the same for all who have it ("Shared Registration", #name-shared-registration)
}

func (r *realm) register(s *session, m *codec.Register) {
	r.mu.Lock()
	defer r.unlock(&s.out)
	if uri, text := r.mayRegister(m); uri != "" {
		r.sendError(s, codec.TypeRegister, m.Request, uri, text)
		return
	}
	policy, err := dealer.ParsePolicy(m.Invoke)
	if err != nil {
		r.sendError(s, codec.TypeRegister, m.Request, uriOptionNotAllowed, err.Error())
		return
	}
	of, taken := r.procedures[m.Procedure]
	if !taken {
		of = procedure{r.dealer.OpenPool(m.Procedure, dealer.PoolConfig{Policy: policy}), r.nextID()}
	}
	actions, err := r.dealer.Join(0, dealer.Registration{Pool: of.pool, Callee: s.callee, ID: of.registration, Policy: policy})
	if err != nil {
		uri := uriAlreadyExists
		if errors.As(err, new(*dealer.PolicyConflictError)) {
			uri = uriDifferentPolicy
		}
		r.sendError(s, codec.TypeRegister, m.Request, uri, fmt.Sprintf("procedure %s: %s", m.Procedure, err))
		return
	}
	r.procedures[m.Procedure] = of
	s.registrations[of.registration] = m.Procedure
	registered := codec.Registered{Request: m.Request, Registration: of.registration}
	r.message = registered.Append(r.message[:0], s.serializer)
	r.send(&s.out, s, r.message)
	r.driver.Perform(&s.out, actions, driver.Hand{})
}

// mayRegister returns the error of a REGISTER that nobody is granted, or "".
func (r *realm) mayRegister(m *codec.Register) (uri, text string) {
	switch {
	case m.OptionError != nil:
		return uriInvalidArgument, m.OptionError.Error()
	case !codec.ValidURI(m.Procedure):
		return uriInvalidURI, "the procedure is not a valid URI"
	case reserved(m.Procedure):
		return uriInvalidURI, "procedures that begin with wamp. are reserved"
	case m.Match != "" && m.Match != "exact":
		return uriOptionNotAllowed, "this router has no pattern-based registrations"
	}
	return "", ""
}

func (r *realm) unregister(s *session, m *codec.Unregister) {
	r.mu.Lock()
	defer r.unlock(&s.out)
	if _, known := s.registrations[m.Registration]; !known {
		r.sendError(s, codec.TypeUnregister, m.Request, uriNoSuchRegistration, "the session has no such registration")
		return
	}
	delete(s.registrations, m.Registration)
	actions, _ := r.dealer.Leave(0, s.callee, m.Registration)
	r.driver.Perform(&s.out, actions, driver.Hand{})
	unregistered := codec.Unregistered{Request: m.Request}
	r.message = unregistered.Append(r.message[:0], s.serializer)
	r.send(&s.out, s, r.message)
}
