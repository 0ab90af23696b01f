package configs

import (
	"fmt"
	"slices"
	"strings"
)

// shape says which names a block may hold.
type shape struct {
	name       string // as written in the file; "" for the file itself
	of         string // the block that holds it, where the name alone does not say
	label      string // an example of its label; "" for a block without one
	attributes []string
	blocks     []string
}

var (
	fileShape = &shape{
		attributes: []string{"drain_timeout"},
		blocks:     []string{"router", "listen", "limits", "realm", "cluster", "admin", "trace", "log"},
	}
	routerShape = &shape{
		name:       "router",
		attributes: []string{"url", "timeout_unit", "dial_timeout", "message_bytes"},
		blocks:     []string{"tls"},
	}
	routerTLSShape = &shape{
		name:       "tls",
		of:         "router",
		attributes: []string{"ca_file", "cert_file", "key_file", "server_name"},
	}
	listenShape = &shape{
		name:       "listen",
		label:      "ws://127.0.0.1:9000/ws",
		attributes: []string{"allowed_origins"},
		blocks:     []string{"tls"},
	}
	listenTLSShape = &shape{
		name:       "tls",
		of:         "listener",
		attributes: []string{"cert_file", "key_file", "client_ca_file"},
	}
	limitsShape = &shape{
		name: "limits",
		attributes: []string{
			"connections", "connections_per_address", "message_bytes", "send_buffer", "held_bytes", "memory",
			"handshake_timeout", "ping_interval", "ping_timeout",
		},
	}
	realmShape = &shape{
		name:       "realm",
		label:      "realm1",
		attributes: []string{"auto"},
		blocks:     []string{"auth", "pool"},
	}
	authShape = &shape{
		name:       "auth",
		attributes: []string{"method", "authid", "secret"},
	}
	poolShape = &shape{
		name:  "pool",
		label: "com.example.compute",
		attributes: []string{
			"match", "policy", "concurrency", "scope", "upstream", "slots_per_share", "overflow", "admit", "direct",
			"linger", "retry_lost", "retries", "overload_error",
		},
		blocks: []string{"queue"},
	}
	queueShape = &shape{
		name:       "queue",
		attributes: []string{"limit", "bytes", "timeout"},
	}
	clusterShape = &shape{
		name:       "cluster",
		attributes: []string{"name", "join", "gossip", "listen", "advertise", "secret", "max_rtt"},
		blocks:     []string{"tls"},
	}
	clusterTLSShape = &shape{
		name:       "tls",
		of:         "cluster",
		attributes: []string{"ca_file", "cert_file", "key_file"},
	}
	adminShape = &shape{
		name:       "admin",
		attributes: []string{"address", "control", "pprof"},
	}
	traceShape = &shape{
		name:       "trace",
		attributes: []string{"context"},
	}
	logShape = &shape{
		name:       "log",
		attributes: []string{"level", "format", "calls", "slow"},
	}

	shapes = []*shape{
		fileShape, routerShape, routerTLSShape, listenShape, listenTLSShape, limitsShape, realmShape, authShape, poolShape,
		queueShape, clusterShape, clusterTLSShape, adminShape, traceShape, logShape,
	}
)

// place is the block in the words of a sentence: "in a pool block".
func (s *shape) place() string {
	switch {
	case s.name == "":
		return "at the top of the file"
	case s.of != "":
		return "in a " + s.of + "'s " + s.name + " block"
	case strings.ContainsRune("aeiou", rune(s.name[0])):
		return "in an " + s.name + " block"
	}
	return "in a " + s.name + " block"
}

// header is the block's first line as an example.
func (s *shape) header() string {
	if s.label == "" {
		return s.name + " {"
	}
	return fmt.Sprintf("%s %q {", s.name, s.label)
}

func (s *shape) names() []string { return slices.Concat(s.attributes, s.blocks) }

// unknown is the mistake of a name that this block does not have. kind is
// what it was written as, "attribute" or "block".
func (s *shape) unknown(kind, name string) fault {
	f := fault{summary: fmt.Sprintf("unknown %s %q %s", kind, name, s.place())}
	if near := nearest(name, s.names()); near != "" {
		f.hint = fmt.Sprintf("did you mean %q?", near)
	} else if homes := homesOf(name); len(homes) > 0 {
		f.hint = fmt.Sprintf("%q belongs %s", name, strings.Join(homes, " or "))
	} else if names := s.names(); len(names) > 0 {
		f.hint = "known here: " + strings.Join(names, ", ")
	} else {
		f.hint = "a " + s.name + " block is empty: " + s.header() + "}"
	}
	return f
}

// homesOf lists the places where a name is known.
func homesOf(name string) []string {
	var places []string
	for _, s := range shapes {
		if slices.Contains(s.names(), name) && !slices.Contains(places, s.place()) {
			places = append(places, s.place())
		}
	}
	return places
}

// choices are the values of an attribute that takes one of a few words.
type choices struct {
	allowed []string
	empty   bool // "" too
}

// check returns the mistake in a value, nil where there is none. It does not
// quote the value, which may come from env() or file().
func (c choices) check(name, value string) *fault {
	switch {
	case slices.Contains(c.allowed, value), c.empty && value == "":
		return nil
	}
	f := &fault{summary: name + " must be one of " + c.list()}
	if near := nearest(value, c.allowed); near != "" {
		f.hint = fmt.Sprintf("did you mean %q?", near)
	}
	return f
}

func (c choices) list() string {
	quoted := make([]string, 0, len(c.allowed)+1)
	for _, v := range c.allowed {
		quoted = append(quoted, fmt.Sprintf("%q", v))
	}
	if c.empty {
		quoted = append(quoted, `""`)
	}
	return strings.Join(quoted, ", ")
}
