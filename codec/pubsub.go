package codec

// Publish is PUBLISH: [16, Request, Options, Topic] and the payload ("PUBLISH",
// #name-publish).
type Publish struct {
	Request     uint64
	Options     Dict
	Acknowledge bool
	ExcludeMe   bool // true unless the options say otherwise ("Publisher Exclusion", #name-publisher-exclusion)
	Topic       string
	Payload     Payload
}

// Decode reads the message; its raw parts alias msg.
func (m *Publish) Decode(s Serializer, msg []byte) error {
	h, _ := ReadHead(s, msg)
	return m.DecodeBehind(&h)
}

// DecodeBehind is Decode for a message whose head was read.
func (m *Publish) DecodeBehind(h *Head) error {
	*m = Publish{ExcludeMe: true}
	var d decoder
	m.Request = d.behind(h, TypePublish)
	e := d.entries("Options")
	for e.next() {
		switch string(e.key) {
		case "acknowledge":
			m.Acknowledge = e.c.boolValue()
		case "exclude_me":
			if exclude, ok := e.c.boolean(); ok {
				m.ExcludeMe = exclude
			}
		}
	}
	m.Options = d.close("Options", &e)
	m.Topic = string(d.text("Topic"))
	m.Payload = d.payload()
	return d.done()
}

// Append appends the message; Options hold all options.
func (m *Publish) Append(dst []byte, s Serializer) []byte {
	b := begin(dst, s, TypePublish, 4, m.Payload)
	b.id(m.Request)
	b.dict(m.Options)
	text(&b, m.Topic)
	return b.end(m.Payload)
}

// Published is PUBLISHED: [17, PUBLISH.Request, Publication] ("PUBLISHED",
// #name-published).
type Published struct{ Request, Publication uint64 }

// Decode reads the message.
func (m *Published) Decode(s Serializer, msg []byte) error {
	h, _ := ReadHead(s, msg)
	return decodeTwoIDs(&h, TypePublished, "Publication", &m.Request, &m.Publication)
}

// Append appends the message.
func (m *Published) Append(dst []byte, s Serializer) []byte {
	return appendTwoIDs(dst, s, TypePublished, m.Request, m.Publication)
}

// Subscribe is SUBSCRIBE: [32, Request, Options, Topic] ("SUBSCRIBE",
// #name-subscribe).
type Subscribe struct {
	Request uint64
	Options Dict
	Match   string // Options.match; empty: exact ("Pattern-based Subscription", #name-pattern-based-subscription)
	Topic   string
}

// Decode reads the message; Options alias msg.
func (m *Subscribe) Decode(s Serializer, msg []byte) error {
	*m = Subscribe{}
	var d decoder
	d.begin(s, msg, TypeSubscribe)
	m.Request = d.id("Request")
	e := d.entries("Options")
	for e.next() {
		if string(e.key) == "match" {
			m.Match = e.c.textValue()
		}
	}
	m.Options = d.close("Options", &e)
	m.Topic = string(d.text("Topic"))
	d.end()
	return d.done()
}

// Append appends the message; Options hold all options.
func (m *Subscribe) Append(dst []byte, s Serializer) []byte {
	b := begin(dst, s, TypeSubscribe, 4, Payload{})
	b.id(m.Request)
	b.dict(m.Options)
	text(&b, m.Topic)
	return b.end(Payload{})
}

// Subscribed is SUBSCRIBED: [33, SUBSCRIBE.Request, Subscription] ("SUBSCRIBED",
// #name-subscribed).
type Subscribed struct{ Request, Subscription uint64 }

// Decode reads the message.
func (m *Subscribed) Decode(s Serializer, msg []byte) error {
	h, _ := ReadHead(s, msg)
	return decodeTwoIDs(&h, TypeSubscribed, "Subscription", &m.Request, &m.Subscription)
}

// Append appends the message.
func (m *Subscribed) Append(dst []byte, s Serializer) []byte {
	return appendTwoIDs(dst, s, TypeSubscribed, m.Request, m.Subscription)
}

// Unsubscribe is UNSUBSCRIBE: [34, Request, SUBSCRIBED.Subscription]
// ("UNSUBSCRIBE", #name-unsubscribe). Crossbar.io allows options behind it.
type Unsubscribe struct {
	Request, Subscription uint64
	Options               Dict // the zero Dict: absent
}

// Decode reads the message; Options alias msg.
func (m *Unsubscribe) Decode(s Serializer, msg []byte) error {
	h, _ := ReadHead(s, msg)
	return decodeEnd(&h, TypeUnsubscribe, "Subscription", &m.Request, &m.Subscription, &m.Options)
}

// Append appends the message.
func (m *Unsubscribe) Append(dst []byte, s Serializer) []byte {
	return appendEnd(dst, s, TypeUnsubscribe, m.Request, m.Subscription, m.Options)
}

// Unsubscribed is UNSUBSCRIBED: [35, UNSUBSCRIBE.Request] ("UNSUBSCRIBED",
// #name-unsubscribed), or the router's revocation [35, 0, Details] ("Subscription
// Revocation", #name-subscription-revocation).
type Unsubscribed struct {
	Request uint64 // 0: revocation
	Details Dict
}

// Decode reads the message; Details alias msg.
func (m *Unsubscribed) Decode(s Serializer, msg []byte) error {
	*m = Unsubscribed{}
	var d decoder
	d.begin(s, msg, TypeUnsubscribed)
	m.Request = d.idOrZero("Request")
	e := d.confirmation(m.Request)
	for e.next() {
	}
	m.Details = d.close("Details", &e)
	d.end()
	return d.done()
}

// Append appends the message.
func (m *Unsubscribed) Append(dst []byte, s Serializer) []byte {
	return appendConfirmation(dst, s, TypeUnsubscribed, m.Request, m.Details)
}

// Event is EVENT: [36, SUBSCRIBED.Subscription, PUBLISHED.Publication, Details]
// and the payload ("EVENT", #name-event).
type Event struct {
	Subscription, Publication uint64
	Details                   Dict
	Payload                   Payload
}

// Decode reads the message; its raw parts alias msg.
func (m *Event) Decode(s Serializer, msg []byte) error {
	*m = Event{}
	var d decoder
	d.begin(s, msg, TypeEvent)
	m.Subscription = d.id("Subscription")
	m.Publication = d.id("Publication")
	m.Details = d.dict("Details")
	m.Payload = d.payload()
	return d.done()
}

// Append appends the message.
func (m *Event) Append(dst []byte, s Serializer) []byte {
	b := begin(dst, s, TypeEvent, 4, m.Payload)
	b.id(m.Subscription)
	b.id(m.Publication)
	b.dict(m.Details)
	return b.end(m.Payload)
}
