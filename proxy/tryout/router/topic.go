package router

import (
	"slices"

	"github.com/wampool/wampool/codec"
)

// topic is what at least one session subscribes to.
type topic struct {
	uri          string
	subscription uint64
	subscribers  []*session // oldest first
}

func (s *session) takeSubscribe(message []byte) error {
	var m codec.Subscribe
	if err := m.Decode(s.serializer, message); err != nil {
		return err
	}
	if err := s.nextRequest(codec.TypeSubscribe, m.Request); err != nil {
		return err
	}
	if codec.ValidURI(m.Topic) { // else ERROR, for Validate does not tell it from a violation
		if err := m.Validate(s.serializer); err != nil {
			return err
		}
	}
	s.realm.subscribe(s, &m)
	return nil
}

func (s *session) takeUnsubscribe(message []byte) error {
	var m codec.Unsubscribe
	if err := m.Decode(s.serializer, message); err != nil {
		return err
	}
	if err := s.nextRequest(codec.TypeUnsubscribe, m.Request); err != nil {
		return err
	}
	s.realm.takeBack(s, &m)
	return nil
}

func (s *session) takePublish(h *codec.Head) error {
	var m codec.Publish
	if err := m.DecodeBehind(h); err != nil {
		return err
	}
	if err := s.nextRequest(codec.TypePublish, m.Request); err != nil {
		return err
	}
	if codec.ValidURI(m.Topic) { // else ERROR, for Validate does not tell it from a violation
		if err := m.Validate(s.serializer); err != nil {
			return err
		}
	}
	s.realm.publish(s, &m)
	return nil
}

// subscribe adds s to a topic. Who subscribes twice gets the same subscription
// ("Subscribing and Unsubscribing", #name-subscribing-and-unsubscribi).
func (r *realm) subscribe(s *session, m *codec.Subscribe) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !codec.ValidURI(m.Topic):
		r.sendError(s, codec.TypeSubscribe, m.Request, uriInvalidURI, "the topic is not a valid URI")
		return
	case m.Match != "" && m.Match != "exact":
		r.sendError(s, codec.TypeSubscribe, m.Request, uriOptionNotAllowed, "this router has no pattern-based subscriptions")
		return
	}
	t := r.topics[m.Topic]
	if t == nil {
		t = &topic{uri: m.Topic, subscription: r.nextID()}
		r.topics[m.Topic] = t
	}
	if s.subscriptions[t.subscription] == nil {
		s.subscriptions[t.subscription] = t
		t.subscribers = append(t.subscribers, s)
	}
	subscribed := codec.Subscribed{Request: m.Request, Subscription: t.subscription}
	r.message = subscribed.Append(r.message[:0], s.serializer)
	r.send(&s.out, s, r.message)
}

// takeBack ends the subscription that an UNSUBSCRIBE names.
func (r *realm) takeBack(s *session, m *codec.Unsubscribe) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := s.subscriptions[m.Subscription]
	if t == nil {
		r.sendError(s, codec.TypeUnsubscribe, m.Request, uriNoSuchSubscription, "the session has no such subscription")
		return
	}
	delete(s.subscriptions, m.Subscription)
	r.unsubscribe(t, s)
	unsubscribed := codec.Unsubscribed{Request: m.Request}
	r.message = unsubscribed.Append(r.message[:0], s.serializer)
	r.send(&s.out, s, r.message)
}

// unsubscribe takes s out of a topic, which ends with its last subscriber.
func (r *realm) unsubscribe(t *topic, s *session) {
	if i := slices.Index(t.subscribers, s); i >= 0 {
		t.subscribers = slices.Delete(t.subscribers, i, i+1)
	}
	if len(t.subscribers) == 0 {
		delete(r.topics, t.uri)
	}
}

// publish sends an event to a topic's subscribers, but for the publisher
// unless it wants that ("Publisher Exclusion", #name-publisher-exclusion). An event that a subscriber's
// serializer can't express does not reach it.
func (r *realm) publish(s *session, m *codec.Publish) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if uri, text := mayPublish(s, m); uri != "" {
		if m.Acknowledge {
			r.sendError(s, codec.TypePublish, m.Request, uri, text)
		}
		return
	}
	publication := randomID()
	if t := r.topics[m.Topic]; t != nil {
		r.sendEvents(s, m, t, publication)
	}
	if m.Acknowledge {
		published := codec.Published{Request: m.Request, Publication: publication}
		r.message = published.Append(r.message[:0], s.serializer)
		r.send(&s.out, s, r.message)
	}
}

// mayPublish returns the error of a PUBLISH that can't be granted, or "".
func mayPublish(s *session, m *codec.Publish) (uri, text string) {
	switch {
	case !codec.ValidURI(m.Topic):
		return uriInvalidURI, "the topic is not a valid URI"
	case reserved(m.Topic):
		return uriInvalidURI, "topics that begin with wamp. are reserved"
	}
	for _, option := range []string{"ppt_scheme", "enc_algo"} {
		if _, opaque := m.Options.Lookup(s.serializer, option); opaque {
			return uriFeature, "this router has no payload passthru mode"
		}
	}
	return "", ""
}

// sendEvents encodes the event once for each serializer among the subscribers.
func (r *realm) sendEvents(from *session, m *codec.Publish, t *topic, publication uint64) {
	var encoded [codec.CBOR + 1]bool
	for _, to := range t.subscribers {
		if to == from && m.ExcludeMe {
			continue
		}
		if !encoded[to.serializer] {
			encoded[to.serializer] = true
			r.encodeEvent(from, m, to.serializer, codec.Event{Subscription: t.subscription, Publication: publication})
		}
		if message := r.eventMessages[to.serializer]; len(message) > 0 {
			r.send(&from.out, to, message)
		}
	}
}

// encodeEvent builds the event in serializer s, or nothing if s can't express it.
func (r *realm) encodeEvent(from *session, m *codec.Publish, s codec.Serializer, event codec.Event) {
	var err error
	if event.Payload = m.Payload; s != from.serializer {
		event.Payload, r.payload, err = codec.TranscodePayload(r.payload, m.Payload, from.serializer, s)
	}
	if err != nil {
		from.router.log.Debug().Str("topic", m.Topic).Stringer("serializer", s).
			Err(err).Msg("router: event left out where it can't be expressed")
		r.eventMessages[s] = r.eventMessages[s][:0]
		return
	}
	r.eventMessages[s] = event.Append(r.eventMessages[s][:0], s)
}
