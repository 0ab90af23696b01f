package router

import (
	"errors"
	"fmt"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

func (s *session) takeCall(message []byte) error {
	var m codec.Call
	if err := m.Decode(s.serializer, message); err != nil {
		return err
	}
	if err := s.nextRequest(codec.TypeCall, m.Request); err != nil {
		return err
	}
	if err := m.Payload.Validate(s.serializer); err != nil {
		return fmt.Errorf("CALL: %w", err)
	}
	s.realm.call(s, &m)
	return nil
}

func (s *session) takeCancel(message []byte) error {
	var m codec.Cancel
	if err := m.Decode(s.serializer, message); err != nil {
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

func (s *session) takeYield(message []byte) error {
	var m codec.Yield
	if err := m.Decode(s.serializer, message); err != nil {
		return err
	}
	if err := m.Validate(s.serializer); err != nil {
		return err
	}
	if m.Passthru {
		return errors.New("YIELD in payload passthru mode, which this router did not announce")
	}
	return s.realm.answer(s, m.Request, answer{serializer: s.serializer, yield: &m})
}

func (s *session) takeError(message []byte) error {
	var m codec.Error
	if err := m.Decode(s.serializer, message); err != nil {
		return err
	}
	if m.RequestType != codec.TypeInvocation {
		return fmt.Errorf("ERROR for %s is not a client's to send", m.RequestType)
	}
	if err := m.Validate(s.serializer); err != nil {
		return err
	}
	return s.realm.answer(s, m.Request, answer{serializer: s.serializer, err: &m})
}

// receiveProgress are the Details of an INVOCATION whose caller wants progress;
// all others are empty.
var receiveProgress = perSerializer(codec.Field{Key: "receive_progress", Value: codec.FieldBool(true)})

// progress are the Details of a RESULT that others follow.
var progress = perSerializer(codec.Field{Key: "progress", Value: codec.FieldBool(true)})

func perSerializer(field codec.Field) (dicts [codec.CBOR + 1]codec.Dict) {
	for s := codec.JSON; s <= codec.CBOR; s++ {
		dicts[s] = codec.NewDict(s, field)
	}
	return dicts
}

func (r *realm) call(s *session, m *codec.Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	pool, registered := r.procedures[string(m.Procedure)]
	switch {
	case !codec.ValidURI(m.Procedure):
		r.sendError(s, codec.TypeCall, m.Request, uriInvalidURI, "the procedure is not a valid URI")
		return
	case m.Progress, m.Passthru:
		r.sendError(s, codec.TypeCall, m.Request, uriFeature, "this router has neither progressive call invocations nor payload passthru mode")
		return
	case !registered:
		r.sendError(s, codec.TypeCall, m.Request, uriNoSuchProcedure, fmt.Sprintf("procedure %s is not registered", m.Procedure))
		return
	}
	r.perform(&s.out, r.dealer.Call(0, dealer.Call{
		Pool: pool, Origin: s.origin, Request: m.Request, ReceiveProgress: m.ReceiveProgress,
		Body: codec.Body{Serializer: s.serializer, Details: invocationDetails(s.serializer, m), Payload: m.Payload},
	}), answer{})
}

// invocationDetails are what a callee is told of a call.
func invocationDetails(s codec.Serializer, m *codec.Call) codec.Dict {
	if m.ReceiveProgress {
		return receiveProgress[s]
	}
	return codec.Dict{}
}

func (r *realm) cancel(s *session, m *codec.Cancel) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.perform(&s.out, r.dealer.Cancel(0, s.origin, m.Request, m.Mode), answer{})
}

// answer takes what a callee sent for an invocation. It is an error if the
// callee has never got that one ("Protocol Errors").
func (r *realm) answer(s *session, id uint64, a answer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	kind := dealer.Final
	if a.yield != nil && a.yield.Progress {
		kind = dealer.Progress
	}
	actions := r.dealer.Answer(0, s.callee, id, kind)
	if len(actions) > 0 && actions[0].Kind == dealer.Violate {
		return fmt.Errorf("answer to invocation %d, which was never sent", id)
	}
	r.perform(&s.out, actions, a)
	return nil
}
