package cluster

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wampool/wampool/codec"
)

// greeting is what both sides of a link tell one another, beside WAMP's own: x_wampool in
// the details of HELLO and of WELCOME.
type greeting struct {
	version int
	node    Node
	role    string // of the pool session at the router
	nonce   string // of HELLO
	proof   string // of WELCOME: that nonce, signed
}

const greetingKey = "x_wampool"

func (g *greeting) field() codec.Field {
	fields := []codec.Field{
		{Key: "v", Value: codec.FieldUint(uint64(g.version))}, //nolint:gosec // not negative
		{Key: "node", Value: codec.FieldString(Text(g.node))},
		{Key: "authrole", Value: codec.FieldString(g.role)},
	}
	if g.nonce != "" {
		fields = append(fields, codec.Field{Key: "nonce", Value: codec.FieldString(g.nonce)})
	}
	if g.proof != "" {
		fields = append(fields, codec.Field{Key: "proof", Value: codec.FieldString(g.proof)})
	}
	return codec.Field{Key: greetingKey, Value: codec.FieldDict(fields)}
}

// mostText bounds each text of a greeting.
const mostText = 256

// readGreeting reads what the other side tells in its details.
func readGreeting(details codec.Dict) (g greeting, err error) {
	v, found := details.Lookup(Serializer, greetingKey)
	if !found {
		return g, errors.New("no x_wampool in its details: it is no wampool")
	}
	dict, isDict := v.Dict()
	if !isDict {
		return g, errors.New("x_wampool is no dictionary")
	}
	v, found = dict.Lookup(Serializer, "v")
	if !found {
		return g, errors.New("x_wampool has no version")
	}
	n, isNumber := v.Uint()
	if !isNumber || n > mostVersion {
		return g, errors.New("x_wampool.v is no version")
	}
	g.version = int(n)
	for key, into := range map[string]*string{"authrole": &g.role, "nonce": &g.nonce, "proof": &g.proof} {
		if *into, err = textOf(dict, key); err != nil {
			return g, err
		}
	}
	node, err := textOf(dict, "node")
	if err == nil {
		g.node, err = ParseNode(node)
	}
	return g, err
}

// mostVersion is beyond all that there will be.
const mostVersion = 1 << 16

// textOf reads a text, "" for none.
func textOf(d codec.Dict, key string) (string, error) {
	v, found := d.Lookup(Serializer, key)
	if !found {
		return "", nil
	}
	text, isText := v.Str()
	if !isText || len(text) > mostText {
		return "", fmt.Errorf("%s is no text of at most %d bytes", key, mostText)
	}
	return string(text), nil
}

// challengeOf is the text that a supplier signs: who it is, whom it joins, and where, so
// that nobody can have it sign for another one.
func challengeOf(taker, supplier Node, realm, nonce string) string {
	return fmt.Sprintf("wampool link %s %s %q %s", Text(taker), Text(supplier), realm, nonce)
}

// asksFor tells whether a challenge is that of a taker for this supplier.
func asksFor(challenge string, taker, supplier Node, realm string) bool {
	return strings.HasPrefix(challenge, challengeOf(taker, supplier, realm, ""))
}

// proofOf is the text that a taker signs.
func proofOf(taker, supplier Node, realm, nonce string) string {
	return fmt.Sprintf("wampool welcome %s %s %q %s", Text(taker), Text(supplier), realm, nonce)
}
