package proxy

import (
	"strings"
	"sync"

	"github.com/wampool/wampool/codec"
)

// hello is what is kept of a client's HELLO.
type hello struct {
	realm    string
	features codec.CalleeFeatures
	agent    string
}

// maxAgentBytes is how much is kept of what a client says that it is.
const maxAgentBytes = 128

// agentOf is what a client says in HELLO that it is ("agent" of its Details), "" if it
// says nothing.
func agentOf(s codec.Serializer, m *codec.Hello) string {
	v, ok := m.Details.Lookup(s, "agent")
	if !ok {
		return ""
	}
	agent, _ := v.Str()
	return excerpt(string(agent), maxAgentBytes)
}

// excerpt is the beginning of a text that a client has chosen, in UTF-8.
func excerpt(text string, most int) string {
	return strings.ToValidUTF8(text[:min(len(text), most)], "")
}

// entry tells in which realm a client's session is that the router has just
// welcomed. Where WELCOME names it, that is the realm; not all routers do. Else
// it is the one that HELLO asked for, as long as there is no doubt to which HELLO
// the WELCOME belongs: the connection has said exactly one since it opened, or
// since the session of before has ended ("Session Establishment",
// #name-session-establishment). A client may
// abort and say HELLO for another realm, or say two without waiting, and routers
// differ in what they make of that.
type entry struct {
	mu       sync.Mutex
	hello    *hello // the last one; nil if it could not be read
	hellos   int    // since the connection opened or a session on it has ended
	welcomed bool   // there is a session
}

// said takes the client's HELLO; nil is one that could not be read.
func (e *entry) said(h *hello) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hello = h
	e.hellos++
}

// welcome takes WELCOME with the realm that it names, "" for none. It returns
// what HELLO announced, nil if that is not known, and the realm, "" if it is in
// doubt.
func (e *entry) welcome(named string) (h *hello, realm string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.welcomed = true
	if realm = named; realm == "" && e.hellos == 1 && e.hello != nil {
		realm = e.hello.realm
	}
	return e.hello, realm
}

// leave takes a GOODBYE, of whichever side: what comes next is another session.
func (e *entry) leave() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.welcomed {
		e.welcomed, e.hellos = false, 0
	}
}

// refuse takes the router's ABORT. Before WELCOME it answers a HELLO; of several
// it is not known which, and the others may yet be welcomed.
func (e *entry) refuse() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.welcomed || e.hellos == 1 {
		e.welcomed, e.hellos = false, 0
	}
}
