package proxy

import (
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/match"
	"github.com/wampool/wampool/proxy/cluster"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// What sidecars say of their pools, by EVENTs on their links: loads to the pool's
// matchmaker, and matches to the taker. An EVENT has all that is to be said to somebody
// when a reader has read what there was: several loads, or several matches, one behind
// the other in its arguments.

// The topics, and what one load or match consists of.
const (
	topicLoad  = "wampool.cluster.load"  // match, uri, seq, free, waiting, oldest_ms, matched, landed
	topicMatch = "wampool.cluster.match" // match, uri, supplier, n
	loadWords  = 8
	matchWords = 4
	// A load that stands alone may leave out what of matches and calls has come.
	loadWordsAtLeast = 6
)

// mostSaid is the most loads or matches of one EVENT.
const mostSaid = 256

// tidings are what is to be said to one peer.
type tidings struct {
	to    cluster.Node
	topic string
	words []codec.FieldValue
}

// subscriptions stand for the topics in EVENTs, which name them beside: nobody has
// subscribed.
var subscriptions = map[string]uint64{topicLoad: 1, topicMatch: 2}

// tellRounds bounds how often what was said leads at once to more to be said, where this
// sidecar is the matchmaker.
const tellRounds = 8

// tellLoads says the loads that have changed since. A reader calls it when it is about to
// flush what it has sent.
func (r *realm) tellLoads(out *transport.Outbox) {
	sh := r.sharing
	if sh == nil {
		return
	}
	for range tellRounds {
		if !sh.untold.Swap(false) {
			return
		}
		r.tellNow(out)
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *realm) tellNow(out *transport.Outbox) {
	r.mu.Lock()
	defer r.unlock(out, nil)
	defer r.arm()
	r.tell(out)
}

// tell says what is due. realm.mu is held.
func (r *realm) tell(out *transport.Outbox) {
	sh, now := r.sharing, r.now()
	due := sh.due
	sh.due = nil
	for _, p := range due {
		p.matching.isDue = false
	}
	for _, p := range due {
		r.tellOf(out, p, now)
	}
	if sh.due == nil {
		sh.due = due[:0]
	}
	for _, t := range sh.letters {
		r.send(out, t)
	}
	sh.letters = sh.letters[:0]
}

// tellOf says a pool's load to its matchmaker, if it is due.
func (r *realm) tellOf(out *transport.Outbox, p *pool, now dealer.Time) {
	sh, load := r.sharing, dealer.Load{}
	to, known := r.matchmakerOf(p)
	if !known {
		return
	}
	if r.isShared(p) {
		if load = r.dealer.LoadOf(now, p.id); p.held == 0 {
			load.Free = 0
		}
	}
	if !p.matching.said.Due(now, load.Free, load.Waiting) {
		return
	}
	sh.sequence++
	matched := p.matching.said.Tell(now, load.Free, load.Waiting)
	if to == sh.cluster.Self() {
		r.handOut(out, sh.matchmaker.Report(now, to, match.Pool{Match: p.match, URI: p.procedure}, match.Load{
			Seq: sh.sequence, Free: load.Free, Waiting: load.Waiting, Oldest: load.Oldest, Matched: matched, Landed: p.matching.said.Landed(),
		}))
		return
	}
	sh.say(to, topicLoad, codec.FieldString(p.match), codec.FieldString(p.procedure), codec.FieldUint(sh.sequence),
		codec.FieldUint(uint64(load.Free)), codec.FieldUint(uint64(load.Waiting)), codec.FieldUint(uint64(load.Oldest.Milliseconds())), codec.FieldUint(matched), codec.FieldUint(p.matching.said.Landed())) //nolint:gosec // not negative
}

// say adds to what is to be said to a peer.
func (sh *sharing) say(to cluster.Node, topic string, words ...codec.FieldValue) {
	for _, t := range sh.letters {
		if t.to == to && t.topic == topic && len(t.words)+len(words) <= mostSaid*loadWords {
			t.words = append(t.words, words...)
			return
		}
	}
	if n := len(sh.letters); n < cap(sh.letters) && sh.letters[:n+1][n] != nil { // one of before
		sh.letters = sh.letters[:n+1]
		t := sh.letters[n]
		t.to, t.topic, t.words = to, topic, append(t.words[:0], words...)
		return
	}
	sh.letters = append(sh.letters, &tidings{to: to, topic: topic, words: words})
}

// send sends an EVENT to a peer, if it is still linked.
func (r *realm) send(out *transport.Outbox, t *tidings) {
	s := r.sharing.suppliers[t.to]
	if s == nil {
		return
	}
	m := codec.Event{
		Subscription: subscriptions[t.topic], Publication: max(1, r.sharing.sequence%codec.MaxID),
		Details: codec.NewDict(cluster.Serializer, codec.Field{Key: "topic", Value: codec.FieldString(t.topic)}),
		Payload: codec.ListPayload(cluster.Serializer, r.details, t.words),
	}
	r.message = m.Append(r.message[:0], cluster.Serializer)
	out.Send(s.link.Conn, r.message)
}

// handOut tells matches to their takers.
func (r *realm) handOut(out *transport.Outbox, matches []match.Match) {
	sh := r.sharing
	for _, m := range matches {
		if m.Taker == sh.cluster.Self() {
			r.takeMatch(out, m.Pool, m.Supplier, m.N)
			continue
		}
		sh.say(m.Taker, topicMatch, codec.FieldString(m.Pool.Match), codec.FieldString(m.Pool.URI),
			codec.FieldString(cluster.Text(m.Supplier)), codec.FieldUint(uint64(m.N))) //nolint:gosec // not negative
	}
}

// takeMatch lets a peer have some calls of a pool, if it is near enough. A peer that
// there is no link with is dialed, for the next time.
func (r *realm) takeMatch(out *transport.Outbox, of match.Pool, from cluster.Node, n int) {
	sh, p := r.sharing, r.pools[of.Match+" "+of.URI]
	if !r.isShared(p) || n <= 0 {
		return
	}
	p.matching.said.Match(n) // what is declined as well, so that another match may come
	sh.dueOf(p)
	s := sh.suppliers[from]
	if s == nil {
		sh.cluster.Need(from)
		return
	}
	trip, known := s.link.RoundTrip()
	if !known || trip > sh.cluster.MaxRTT() {
		r.dealer.Withdraw(p.id, s.callee) // what it has promised before, as well
		return
	}
	if s.oneWay != trip/2 {
		s.oneWay = trip / 2
		r.driver.Perform(out, r.dealer.SetDelay(r.now(), s.callee, s.oneWay), driver.Hand{})
	}
	r.driver.Perform(out, r.dealer.Offer(r.now(), p.id, s.callee, min(n, match.MaxClaim)), driver.Hand{})
}

// hear takes what a peer says by an EVENT. An error is its violation of the protocol.
// realm.mu is held.
func (r *realm) hear(out *transport.Outbox, from cluster.Node, said *tidingsHeard) {
	sh, now := r.sharing, r.now()
	for i := range said.loads {
		l := &said.loads[i]
		r.handOut(out, sh.matchmaker.Report(now, from, l.pool, l.load))
	}
	for i := range said.matches {
		m := &said.matches[i]
		r.takeMatch(out, m.Pool, m.Supplier, m.N)
	}
	if len(sh.letters) > 0 {
		sh.untold.Store(true)
	}
}

// tidingsHeard are what an EVENT of a peer says.
type tidingsHeard struct {
	loads   []saidLoad
	matches []match.Match
}

type saidLoad struct {
	pool match.Pool
	load match.Load
}

// mostOldest bounds how long a peer may say that a call has waited, in milliseconds.
const mostOldest = uint64(match.MaxOldest / time.Millisecond)

// read reads an EVENT of a peer. One of another topic says nothing.
func (t *tidingsHeard) read(m *codec.Event) error {
	t.loads, t.matches = t.loads[:0], t.matches[:0]
	v, found := m.Details.Lookup(cluster.Serializer, "topic")
	if !found {
		return nil
	}
	topic, _ := v.Str()
	size := map[string]int{topicLoad: loadWords, topicMatch: matchWords}[string(topic)]
	if size == 0 {
		return nil
	}
	words, ok := m.Payload.List(cluster.Serializer, mostSaid*loadWords)
	if string(topic) == topicLoad && len(words) == loadWordsAtLeast {
		size = loadWordsAtLeast
	}
	if !ok || len(words)%size != 0 {
		return errTidings
	}
	for ; len(words) > 0; words = words[size:] {
		if string(topic) == topicLoad {
			ok = t.readLoad(words[:size])
		} else {
			ok = t.readMatch(words)
		}
		if !ok {
			return errTidings
		}
	}
	return nil
}

func (t *tidingsHeard) readLoad(words []codec.Value) bool {
	of, ok := poolIn(words)
	if !ok {
		return false
	}
	var numbers [6]uint64
	for i := range numbers[:len(words)-2] {
		if numbers[i], ok = words[2+i].Uint(); !ok {
			return false
		}
	}
	t.loads = append(t.loads, saidLoad{of, match.Load{
		Seq: numbers[0], Free: int(min(numbers[1], match.MaxClaim)), Waiting: int(min(numbers[2], match.MaxClaim)), //nolint:gosec // bounded
		Oldest: time.Duration(min(numbers[3], mostOldest)) * time.Millisecond, Matched: numbers[4], Landed: numbers[5], //nolint:gosec // bounded
	}})
	return true
}

func (t *tidingsHeard) readMatch(words []codec.Value) bool {
	of, ok := poolIn(words)
	if !ok {
		return false
	}
	text, _ := words[2].Str()
	supplier, err := cluster.ParseNode(string(text))
	n, isNumber := words[3].Uint()
	t.matches = append(t.matches, match.Match{Pool: of, Supplier: supplier, N: int(min(n, match.MaxClaim))}) //nolint:gosec // bounded
	return err == nil && isNumber
}

// poolIn reads the pool that the first two words name.
func poolIn(words []codec.Value) (match.Pool, bool) {
	how, isText := words[0].Str()
	uri, isText2 := words[1].Str()
	ok := isText && isText2 && (string(how) == "exact" || string(how) == "prefix" || string(how) == "wildcard")
	return match.Pool{Match: string(how), URI: string(uri)}, ok
}
