package configs

import (
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// file reads the whole file.
func (s *scope) file(c *Config) {
	if !s.once(routerShape, func(b *scope) { b.router(&c.Router) }) {
		s.missing(s.head, fault{
			summary: "a router block is missing",
			hint:    `example: router { url = "ws://127.0.0.1:8080/ws" }`,
		})
	}
	s.listen(c)
	s.once(limitsShape, func(b *scope) { b.limits(&c.Limits) })
	s.once(clusterShape, func(b *scope) { b.cluster(c) })
	s.realms(c)
	if len(c.Realms) == 0 && !s.broken {
		s.warn(s.head, fault{summary: "there is no realm block: everything passes to the router, and nothing is pooled", hint: `example: realm "realm1" {}`})
	}
	s.once(adminShape, func(b *scope) { b.admin(c) })
	s.once(traceShape, func(b *scope) {
		c.Trace = &Trace{}
		b.checked("context", &c.Trace.Context, checkTraceContext)
	})
	s.duration("drain_timeout", &c.DrainTimeout, 0, maxTimeout)
	s.once(logShape, func(b *scope) {
		b.choice("level", &c.Log.Level, logLevels)
		b.choice("format", &c.Log.Format, logFormats)
		b.choice("calls", &c.Log.Calls, logCalls)
		b.duration("slow", &c.Log.Slow, minTimeout, maxTimeout)
	})
}

func (s *scope) router(r *Router) {
	if s.body.Attributes["url"] == nil {
		s.missing(s.head, fault{summary: "the router block needs a url", hint: `example: url = "ws://127.0.0.1:8080/ws"`})
	}
	s.checked("url", &r.URL, checkRouterURL)
	s.routerTLS(r)
	s.choice("timeout_unit", &r.TimeoutUnit, timeoutUnits)
	s.duration("dial_timeout", &r.DialTimeout, minTimeout, maxTimeout)
	s.size("message_bytes", &r.MessageBytes, minBytes, maxBytes)
}

// listen reads the listen blocks, and compares each with those before it and
// with the router's address.
func (s *scope) listen(c *Config) {
	count := 0
	var places []hcl.Range // of c.Listen, one for one
	s.each(listenShape, func(b *scope, label string, at hcl.Range) {
		count++
		if at == b.head {
			return // its label is missing, and reported
		}
		if count > maxListeners {
			s.refuse(at, fault{summary: fmt.Sprintf("more than %d listen blocks", maxListeners)})
			return
		}
		if f := checkListenURL(label); f != nil {
			s.refuse(at, *f)
			return
		}
		for i, l := range c.Listen {
			if overlap(l.URL, label) {
				s.refuse(at, repeated("listen block with this address", places[i], at, "choose another port"))
				break
			}
		}
		if c.Router.URL != "" && dialsItself(c.Router.URL, label) {
			s.refuse(at, itself)
		}
		l := Listen{URL: label}
		b.listenTLS(&l, at)
		b.origins(&l)
		c.Listen = append(c.Listen, l)
		places = append(places, at)
	})
	if count == 0 {
		s.missing(s.head, fault{summary: "a listen block is missing", hint: `example: listen "ws://127.0.0.1:9000/ws" {}`})
	}
}

// admin reads the admin block. Its address must be no listener's.
func (s *scope) admin(c *Config) {
	c.Admin = &Admin{Address: DefaultAdminAddress}
	s.checked("address", &c.Admin.Address, checkAddress)
	s.boolean("control", &c.Admin.Control)
	s.boolean("pprof", &c.Admin.PProf)
	s.warnOfControl(c.Admin)
	at := s.head
	if attribute := s.body.Attributes["address"]; attribute != nil {
		at = attribute.Expr.Range()
	}
	claimed := c.Admin.Address
	if c.Admin.Socket() == "" {
		claimed = "ws://" + claimed
	}
	for _, l := range c.Listen {
		if overlap(claimed, l.URL) {
			s.refuse(at, fault{summary: "the admin address is that of a listener", hint: "choose another port"})
			return
		}
	}
	if c.Cluster == nil {
		return
	}
	for name, url := range c.Cluster.claims() {
		if overlap(claimed, url) {
			s.refuse(at, fault{summary: "the admin address is that of the cluster's " + name, hint: "choose another port"})
		}
	}
}

// itself is the fault of a listen address that is also the router's.
var itself = fault{summary: "this is the router's address: wampool would dial itself", hint: "choose another port"}

func (s *scope) limits(l *Limits) {
	s.integer("connections", &l.Connections, 1, maxConnections)
	s.integer("connections_per_address", &l.ConnectionsPerAddress, 0, maxConnections)
	s.size("message_bytes", &l.MessageBytes, minBytes, maxBytes)
	s.size("send_buffer", &l.SendBufferBytes, minBytes, maxBytes)
	s.size("held_bytes", &l.HeldBytes, minBytes, maxBytes)
	if !s.isEmpty("memory") {
		s.size("memory", &l.MemoryBytes, minMemory, maxMemory)
	}
	s.duration("handshake_timeout", &l.HandshakeTimeout, minTimeout, maxTimeout)
	s.duration("ping_interval", &l.PingInterval, 0, maxTimeout)
	s.duration("ping_timeout", &l.PingTimeout, minTimeout, maxTimeout)
}

func (s *scope) realms(c *Config) {
	seen := make(map[string]hcl.Range)
	s.each(realmShape, func(b *scope, name string, at hcl.Range) {
		if at != b.head {
			s.unique(seen, "realm", name, at, checkRealmName)
		}
		realm := defaultRealm(name)
		b.once(authShape, func(a *scope) { a.auth(&realm.Auth) })
		b.boolean("auto", &realm.Auto)
		b.pools(&realm, c.Cluster != nil)
		c.Realms = append(c.Realms, realm)
	})
}

// auth reads the identity of a pool session. What its method does not use is
// refused, what it needs is missed.
func (s *scope) auth(a *Auth) {
	method := a.Method
	if s.body.Attributes["method"] != nil {
		method = "" // until it is seen to be a right one
	}
	s.choice("method", &method, authMethods)
	s.checked("authid", &a.AuthID, func(string) *fault { return nil })
	if method != "anonymous" || !s.isEmpty("secret") {
		s.secret("secret", &a.Secret, func(v string) *fault { return checkSecret(method, v) })
	}
	a.Method = method
	switch method {
	case "anonymous":
		s.unused("authid", "secret")
	case "ticket", "wampcra", "scram":
		s.needed(method, "authid", `authid = "wampool"`)
		s.needed(method, "secret", `secret = env("WAMPOOL_SECRET")`)
	case "cryptosign": // the router may know whose a key is
		s.needed(method, "secret", `secret = file("wampool.key")`)
	}
}

func (s *scope) unused(names ...string) {
	for _, name := range names {
		if attribute := s.body.Attributes[name]; !s.isEmpty(name) {
			s.refuse(attribute.NameRange, fault{
				summary: name + " is not used by the method anonymous",
				hint:    `leave it out, or set method = "ticket"`,
			})
		}
	}
}

func (s *scope) needed(method, name, example string) {
	if attribute := s.body.Attributes[name]; attribute == nil {
		s.missing(s.head, fault{summary: "the method " + method + " needs " + name, hint: "example: " + example})
	} else if name == "authid" && s.isEmpty(name) {
		s.refuse(attribute.Expr.Range(), fault{summary: "authid is empty", hint: "example: " + example})
	}
}

// checkSecret says what is wrong with a method's secret, and quotes none of it.
func checkSecret(method, v string) *fault {
	if b, err := hex.DecodeString(v); method != "cryptosign" || err == nil && len(b) == 32 {
		return nil
	}
	return &fault{
		summary: "the secret of the method cryptosign must be a private key of 64 hex digits",
		hint:    "the 32 bytes of an Ed25519 seed, without blanks and without 0x",
	}
}

func (s *scope) pools(r *Realm, clustered bool) {
	seen := make(map[string]hcl.Range)
	s.each(poolShape, func(b *scope, uri string, at hcl.Range) {
		pool := defaultPool(uri)
		b.choice("match", &pool.Match, matches)
		if at != b.head {
			b.uniquePool(seen, &pool, at)
			b.warnOfOverlap(seen, &pool, at)
		}
		b.choice("policy", &pool.Policy, policies)
		b.concurrency(&pool)
		b.choice("upstream", &pool.Upstream, upstreams)
		b.integer("slots_per_share", &pool.SlotsPerShare, 1, maxConcurrency)
		b.boolean("overflow", &pool.Overflow)
		b.names("admit", &pool.Admit)
		b.names("direct", &pool.Direct)
		b.anyRoleAlone(&pool)
		b.duration("linger", &pool.Linger, 0, maxTimeout)
		b.retries(&pool)
		b.checked("overload_error", &pool.OverloadError, checkErrorURI)
		b.once(queueShape, func(q *scope) {
			pool.Queue = &Queue{Limit: DefaultQueueLimit, Bytes: DefaultQueueBytes, Timeout: DefaultQueueTimeout}
			q.integer("limit", &pool.Queue.Limit, 1, maxQueueLimit)
			q.size("bytes", &pool.Queue.Bytes, minBytes, maxBytes)
			q.duration("timeout", &pool.Queue.Timeout, minTimeout, maxTimeout)
		})
		b.warnOfLinger(&pool, clustered)
		b.warnOfOverflow(&pool, clustered)
		r.Pools = append(r.Pools, pool)
	})
}

// anyRoleAlone checks that AnyRole stands in admit alone, and nowhere else.
func (s *scope) anyRoleAlone(pool *Pool) {
	if len(pool.Admit) > 1 && slices.Contains(pool.Admit, AnyRole) {
		s.refuse(s.body.Attributes["admit"].Expr.Range(), fault{
			summary: `"*" admits every role, and others stand beside it in admit`,
			hint:    `admit = ["*"], or only the roles that may join`,
		})
	}
	if slices.Contains(pool.Direct, AnyRole) {
		s.refuse(s.body.Attributes["direct"].Expr.Range(), fault{
			summary: `direct has no "*": past the router, nobody but the role says who may call`,
			hint:    `name the roles: direct = ["frontend"]`,
		})
	}
}

// uniquePool checks which procedures a block governs: no other block the same.
func (s *scope) uniquePool(seen map[string]hcl.Range, pool *Pool, at hcl.Range) {
	if f := checkPoolURI(pool.URI, pool.Match); f != nil {
		s.refuse(at, *f)
		return
	}
	key := pool.Match + " " + pool.URI
	if first, ok := seen[key]; ok {
		s.refuse(at, repeated(fmt.Sprintf("pool %q", pool.URI), first, at, "bring the two together in one block"))
		return
	}
	seen[key] = at
}

// concurrency reads the limit of a callee, and what it counts.
func (s *scope) concurrency(pool *Pool) {
	before := len(s.mistakes)
	s.integer("concurrency", &pool.Concurrency, 0, maxConcurrency)
	s.choice("scope", &pool.Scope, scopes)
	if pool.Scope == "callee" && pool.Concurrency == 0 && len(s.mistakes) == before {
		s.missing(s.body.Attributes["scope"].NameRange, fault{
			summary: `scope = "callee" needs a concurrency of 1 or more`,
			hint:    "example: concurrency = 4",
		})
	}
}

// retries reads what becomes of a lost callee's calls.
func (s *scope) retries(pool *Pool) {
	s.boolean("retry_lost", &pool.RetryLost)
	s.integer("retries", &pool.Retries, 1, maxRetries)
	if attribute := s.body.Attributes["retries"]; attribute != nil && s.body.Attributes["retry_lost"] == nil {
		s.missing(attribute.NameRange, fault{
			summary: "retries has no effect without retry_lost",
			hint:    "for procedures that may run twice: retry_lost = true",
		})
	}
}

// unique checks a label, which must not be there twice.
func (s *scope) unique(seen map[string]hcl.Range, kind, label string, at hcl.Range, check func(string) *fault) {
	if f := check(label); f != nil {
		s.refuse(at, *f)
	} else if first, ok := seen[label]; ok {
		s.refuse(at, repeated(fmt.Sprintf("%s %q", kind, label), first, at, "bring the two together in one block"))
	} else {
		seen[label] = at
	}
}
