package proxy

import (
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/transport"
)

// upkeep is what a session makes wampool remember, in bytes that keeping it
// really takes. limits.held_bytes is the most of it: beyond that, the client is
// not read while something waits, and is refused what would last. It is part of
// what the client's account holds. realm.mu guards it.
type upkeep struct {
	account *transport.Account // nil: none counts it
	waiting int64              // held messages and pending REGISTERs, which will be gone by themselves: by the registrar's word
	kept    int64              // what lasts of what the registrar keeps
	lasting int64              // what else the client, or the router, has to end
	noted   int64              // what wampool itself notes of the session, which is bounded and no part of limits.held_bytes

	registrar *admission.Registrar // that is told of lasting; nil: it does not know the session
	candidate admission.SessionID
}

// keep takes the registrar's word of what it keeps.
func (u *upkeep) keep(waiting, lasting int64) {
	u.account.Add(waiting - u.waiting + lasting - u.kept)
	u.waiting, u.kept = waiting, lasting
}

// last adds what lasts, or takes it away. A nil upkeep counts nothing.
func (u *upkeep) last(bytes int64) {
	if u == nil {
		return
	}
	u.lasting += bytes
	u.account.Add(bytes)
	if u.registrar != nil {
		u.registrar.Beside(u.candidate, u.lasting)
	}
}

// note adds what is noted of the session.
func (u *upkeep) note(bytes int64) {
	u.noted += bytes
	u.account.Add(bytes)
}

// tellOf has the registrar told of what else is kept for one of its sessions.
func (u *upkeep) tellOf(registrar *admission.Registrar, candidate admission.SessionID) {
	u.registrar, u.candidate = registrar, candidate
	registrar.Beside(candidate, u.lasting)
}

// giveBack ends it: the account holds nothing of it any more, whatever is still
// taken away.
func (u *upkeep) giveBack() {
	u.account.Add(-u.waiting - u.kept - u.lasting - u.noted)
	*u = upkeep{}
}

// isFull tells whether the client is to be read no further until what waits is
// settled.
func (u *upkeep) isFull(most int64) bool { return u.waiting > 0 && u.waiting > most-u.kept-u.lasting }

// hasRoom tells whether so much may be added that lasts.
func (u *upkeep) hasRoom(bytes, most int64) bool { return bytes <= most-u.kept-u.lasting }

// table is a map by ID that counts what it takes. A map does not shrink: what
// it has once had room for counts until it is empty.
type table[V any] struct {
	of   *upkeep
	each int64 // bytes of an entry in a map that has just grown
	byID map[uint64]V
	most int // entries that there is room for
}

// smallTable is how many entries a table may have room for when it is empty.
const smallTable = 64

func newTable[V any](of *upkeep, each int64) table[V] { return table[V]{of: of, each: each} }

func (t *table[V]) len() int { return len(t.byID) }

func (t *table[V]) get(id uint64) (v V, known bool) {
	v, known = t.byID[id]
	return v, known
}

func (t *table[V]) put(id uint64, v V) {
	if t.byID == nil {
		t.byID = make(map[uint64]V)
	}
	t.byID[id] = v
	if more := len(t.byID) - t.most; more > 0 {
		t.most += more
		t.of.last(int64(more) * t.each)
	}
}

func (t *table[V]) drop(id uint64) {
	delete(t.byID, id)
	if len(t.byID) == 0 && t.most > smallTable {
		t.clear()
	}
}

func (t *table[V]) clear() {
	t.of.last(-int64(t.most) * t.each)
	t.byID, t.most = nil, 0
}
