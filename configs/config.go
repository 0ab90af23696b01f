package configs

import (
	"net/url"
	"strings"
	"time"
)

// Config is a whole configuration. What [Load], [Parse] and [Default] return
// is complete and valid: defaults are filled in and every value is in range.
type Config struct {
	Router       Router
	Listen       []Listen // at least one
	Limits       Limits
	Realms       []Realm       // none: everything passes to the router untouched
	Cluster      *Cluster      // nil: this sidecar stands alone
	Admin        *Admin        // nil: no admin listener
	Trace        *Trace        // nil: calls are not traced
	DrainTimeout time.Duration // after SIGTERM, the longest wait for calls in flight; 0: none
	Log          Log
	Warnings     Diagnostics // of what is valid, and probably not meant
}

// Router is the WAMP router that wampool dials.
type Router struct {
	URL          string // ws:// or wss://, with a host; rs:// or rss://, with host and port; unix://, with a path
	TimeoutUnit  string // of call timeouts in INVOCATION: "ms" as specified, "s" for Crossbar.io, "auto" by the router's WELCOME
	DialTimeout  time.Duration
	MessageBytes int64 // longest message that it takes
	TLS          *TLS  // nil for none, or all by default
}

// Listen is one address where clients connect.
type Listen struct {
	URL string // ws://HOST:PORT/PATH or wss, rs://HOST:PORT or rss, unix:///PATH; port 0 lets the system choose
	TLS *TLS   // with a certificate for wss and rss, nil for all others

	// AllowedOrigins are hosts of web pages that may connect, beside the pages of
	// this host where its name leads here for certain: an address, localhost, or
	// the host in URL. * stands for any characters, and no port for any; null and
	// file:// stand for pages that have no host.
	AllowedOrigins []string
}

// Host returns "host:port" as net.Listen takes it, an IPv6 host in brackets; ""
// for a Unix socket.
func (l Listen) Host() string {
	u, err := url.Parse(l.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// Path returns the path of WebSocket requests served here, "/" where the URL
// has none, or that of the Unix socket.
func (l Listen) Path() string {
	u, err := url.Parse(l.URL)
	if err != nil || u.Path == "" {
		return "/"
	}
	return u.Path
}

// Limits bounds what clients may take, each by itself and all together.
type Limits struct {
	Connections           int           // of clients at a time
	ConnectionsPerAddress int           // of them, from one IP address; 0: no bound of its own
	MessageBytes          int64         // longest message accepted, either way
	SendBufferBytes       int64         // bytes that wait for a client: half of it, and its router is read no further; beyond it, it is dropped
	HeldBytes             int64         // what is kept for one client, with what keeping it costs
	MemoryBytes           int64         // what all clients hold together; 0: a quarter of the machine's, or of the cgroup's
	HandshakeTimeout      time.Duration // from a client's connection to its WELCOME
	PingInterval          time.Duration // silence before a client or the router is pinged; 0: never
	PingTimeout           time.Duration // and for its answer
}

// Realm is a realm in which wampool has a pool session.
type Realm struct {
	Name  string
	Auth  Auth
	Auto  bool // pool a REGISTER that asks for it by invoke or concurrency, without a pool block too
	Pools []Pool
}

// Auth is the pool session's identity at the router.
type Auth struct {
	Method string // anonymous, ticket, wampcra, scram, cryptosign
	AuthID string // "" for anonymous; for cryptosign too, where the router knows the key by itself
	Secret Secret // the ticket, the password, or cryptosign's private key as 64 hex digits; unset for anonymous
}

// AnyRole in Pool.Admit admits callees of every authrole, and those to whom the
// router gives none.
const AnyRole = "*"

// Pool is how the callees of a procedure are shared: of each procedure that the
// block governs, for itself.
type Pool struct {
	URI           string   // of the procedures governed, by Match
	Match         string   // exact, prefix, wildcard
	Policy        string   // single, first, last, roundrobin, random, least; "": what the callees ask for
	Concurrency   int      // most calls in flight at one callee; 0: what the callee asks for, or no limit
	Scope         string   // what Concurrency counts: "procedure", or "callee" for all procedures of this block together
	Upstream      string   // invoke policy of wampool's own registration at the router, "single" or a shared one
	SlotsPerShare int      // with a shared Upstream: one registration for so many slots of the callees here, 1 to 16
	Overflow      bool     // with a Cluster and a shared Upstream: calls go to peers with free slots, and come from those that have none
	Admit         []string // authroles whose callees join, or AnyRole alone; none: the pool session's own
	Direct        []string // authroles whose CALLs here are answered from the pool, past the router
	Linger        time.Duration
	RetryLost     bool   // hand a lost callee's calls to another one
	Retries       int    // how often
	Queue         *Queue // nil: nothing waits
	OverloadError string // URI of the ERROR a caller gets when all callees are full
}

// Queue bounds the calls that wait for a callee.
type Queue struct {
	Limit   int           // calls
	Bytes   int64         // what they hold
	Timeout time.Duration // longest wait of one call
}

// Admin is where wampool says how it is, over HTTP.
type Admin struct {
	Address string // "host:port", port 0 lets the system choose; or unix:///path
	Control bool   // over TCP, it can be steered, not only looked at; over a Unix socket it always can
	PProf   bool   // Go's profiles are served under /debug/pprof/
}

// socketScheme begins the address of a Unix socket.
const socketScheme = "unix://"

// Socket returns the path where the address is that of a Unix socket, else "".
func (a *Admin) Socket() string {
	path, is := strings.CutPrefix(a.Address, socketScheme)
	if !is {
		return ""
	}
	return path
}

// Trace has calls traced by OpenTelemetry. Where the traces go is said by the OTEL_
// variables of its specification.
type Trace struct {
	Context string // of a call: "kwargs.NAME" for the keyword that holds its traceparent; "": none
}

// kwargsPrefix begins what names a keyword of a call.
const kwargsPrefix = "kwargs."

// Kwarg returns the keyword that holds a call's traceparent, "" for none.
func (t *Trace) Kwarg() string { return strings.TrimPrefix(t.Context, kwargsPrefix) }

// Log is what is logged, and how.
type Log struct {
	Level  string        // trace, debug, info, warn, error
	Format string        // auto (console on a terminal, else JSON), console, json
	Calls  string        // which calls get a line as they end: none, failed, slow (and failed), all
	Slow   time.Duration // a call that takes as long is slow
}
