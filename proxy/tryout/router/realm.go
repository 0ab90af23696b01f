package router

import (
	crand "crypto/rand"
	"math/rand/v2"
	"sync"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// realm is one routing namespace: its sessions, procedures and topics.
type realm struct {
	name string // immutable

	mu         sync.Mutex
	dealer     *dealer.Dealer
	driver     *driver.Driver
	sessions   map[uint64]*session // by WAMP session ID
	procedures map[string]procedure
	topics     map[string]*topic
	lastID     uint64 // of registrations and subscriptions, router scope

	// Buffers, each valid until the next use of its kind.
	message       []byte                 // an answer under construction
	details       []byte                 // of the CALL at hand, until its INVOCATION is sent
	payload       []byte                 // of the event under construction, in another serializer
	eventMessages [codec.CBOR + 1][]byte // the event at hand
}

func newRealm(name string) *realm {
	r := &realm{
		name: name, dealer: dealer.New(0), sessions: make(map[uint64]*session),
		procedures: make(map[string]procedure), topics: make(map[string]*topic),
	}
	r.driver = driver.New(r.dealer, r)
	return r
}

// randomID draws an ID of global scope, uniformly ("IDs", #name-ids).
func randomID() uint64 { return rand.Uint64N(codec.MaxID) + 1 }

// nextID is an ID of router scope.
func (r *realm) nextID() uint64 {
	r.lastID++
	return r.lastID
}

// join opens a session and welcomes it.
func (r *realm) join(s *session, features codec.CalleeFeatures) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.id = randomID()
	for r.sessions[s.id] != nil {
		s.id = randomID()
	}
	r.sessions[s.id] = s
	s.silent, s.authID = false, crand.Text()
	s.registrations, s.subscriptions = make(map[uint64]string), make(map[uint64]*topic)
	r.dealing(s, features)
	r.send(&s.out, s, s.welcome())
}

// part ends a session: it gets nothing more, and all that it had is disposed of.
func (r *realm) part(s *session) {
	r.mu.Lock()
	defer r.unlock(&s.out)
	r.silence(s)
	delete(r.sessions, s.id)
	for _, t := range s.subscriptions {
		r.unsubscribe(t, s)
	}
	// As a caller first: its calls at itself need no answer then.
	r.driver.RemoveOrigin(&s.out, 0, s.origin)
	r.driver.Lose(&s.out, 0, s.callee)
}

// farewell says GOODBYE to every session, for the router stops.
func (r *realm) farewell() {
	r.mu.Lock()
	defer r.mu.Unlock()
	bye := codec.Goodbye{Reason: uriSystemShutdown}
	for _, s := range r.sessions {
		if r.silence(s); s.conn.Send(bye.Append(nil, s.serializer)) == nil {
			s.conn.Flush()
		}
	}
}

// send appends a message to a session's send buffer, unless it has ended.
func (r *realm) send(out *transport.Outbox, to *session, message []byte) {
	if !to.silent {
		out.Send(to.conn, message)
	}
}

// sendError answers a request of s with ERROR.
func (r *realm) sendError(s *session, t codec.MessageType, request uint64, uri, text string) {
	r.errorTo(&s.out, s, t, request, uri, text)
}

func (r *realm) errorTo(out *transport.Outbox, to *session, t codec.MessageType, request uint64, uri, text string) {
	m := codec.Error{
		RequestType: t, Request: request, URI: []byte(uri),
		Payload: codec.TextPayload(to.serializer, nil, text, nil),
	}
	r.message = m.Append(r.message[:0], to.serializer)
	r.send(out, to, r.message)
}
