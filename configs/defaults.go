package configs

import "time"

// What holds where the file says nothing.
const (
	DefaultDialTimeout      = 2 * time.Second // a client's WebSocket handshake waits for it; Autobahn gives up at 2.5 s
	DefaultConnections      = 10_000
	DefaultMessageBytes     = 16 << 20
	DefaultSendBufferBytes  = 8 << 20
	DefaultHeldBytes        = 4 << 20
	DefaultRouterBytes      = 16 << 20 // Crossbar.io's
	DefaultHandshakeTimeout = 10 * time.Second
	DefaultPingInterval     = 10 * time.Second
	DefaultPingTimeout      = 20 * time.Second
	DefaultAuthMethod       = "anonymous"
	DefaultAuto             = true
	DefaultTimeoutUnit      = "auto"
	DefaultMatch            = "exact"
	DefaultScope            = "procedure"
	DefaultUpstream         = "single"
	DefaultSlotsPerShare    = 4
	DefaultOverflow         = true
	DefaultRetries          = 1    // of a pool with retry_lost
	DefaultQueueLimit       = 1000 // of a queue block without limit
	DefaultQueueBytes       = 64 << 20
	DefaultQueueTimeout     = 30 * time.Second
	DefaultOverloadError    = "crossbar.error.max_concurrency_reached" // what clients of Crossbar.io know
	DefaultAdminAddress     = "127.0.0.1:9090"                         // of an admin block without address
	DefaultClusterName      = "wampool"                                // of a cluster block without name
	DefaultGossip           = "127.0.0.1:7946"
	DefaultClusterListen    = "rs://127.0.0.1:7947"
	DefaultMaxRTT           = 5 * time.Millisecond
	DefaultDrainTimeout     = 30 * time.Second
	DefaultLogLevel         = "info"
	DefaultLogFormat        = "auto"
	DefaultLogCalls         = "none"
	DefaultLogSlow          = time.Second
)

// The bounds of what a file may say.
const (
	minTimeout     = time.Millisecond
	maxTimeout     = 24 * time.Hour
	minBytes       = 1 << 10
	maxBytes       = 1 << 30
	minMemory      = 1 << 20
	maxMemory      = 1 << 44
	maxConnections = 1_000_000
	maxConcurrency = 1_000_000
	maxQueueLimit  = 1_000_000
	maxRetries     = 100
	maxListeners   = 64
	maxFileBytes   = 256 << 10 // of the configuration itself: the parser takes quadratic time for some texts
	maxPEMBytes    = 4 << 20
	maxSecretBytes = 64 << 10
	minClusterKey  = 16  // bytes of a cluster's secret
	maxClusterName = 255 // bytes: what goes before each packet of the gossip
)

// The values of attributes that choose from a list.
var (
	policies      = choices{allowed: []string{"single", "first", "last", "roundrobin", "random", "least"}, empty: true}
	matches       = choices{allowed: []string{"exact", "prefix", "wildcard"}}
	scopes        = choices{allowed: []string{"procedure", "callee"}}
	timeoutUnits  = choices{allowed: []string{"ms", "s", "auto"}}
	upstreams     = choices{allowed: []string{"single", "roundrobin", "random", "first", "last"}}
	authMethods   = choices{allowed: []string{"anonymous", "ticket", "wampcra", "scram", "cryptosign"}}
	logLevels     = choices{allowed: []string{"trace", "debug", "info", "warn", "error"}}
	logCalls      = choices{allowed: []string{"none", "failed", "slow", "all"}}
	logFormats    = choices{allowed: []string{"auto", "console", "json"}}
	routerSchemes = choices{allowed: []string{"ws", "wss", "rs", "rss", "unix"}}
	listenSchemes = choices{allowed: []string{"ws", "wss", "rs", "rss", "unix"}}
	linkSchemes   = choices{allowed: []string{"rs", "rss"}}
)

// withDefaults returns a Config in which everything optional has its default.
func withDefaults() *Config {
	return &Config{
		Router: Router{DialTimeout: DefaultDialTimeout, TimeoutUnit: DefaultTimeoutUnit, MessageBytes: DefaultRouterBytes},
		Limits: Limits{
			Connections:      DefaultConnections,
			MessageBytes:     DefaultMessageBytes,
			SendBufferBytes:  DefaultSendBufferBytes,
			HeldBytes:        DefaultHeldBytes,
			HandshakeTimeout: DefaultHandshakeTimeout,
			PingInterval:     DefaultPingInterval,
			PingTimeout:      DefaultPingTimeout,
		},
		DrainTimeout: DefaultDrainTimeout,
		Log:          Log{Level: DefaultLogLevel, Format: DefaultLogFormat, Calls: DefaultLogCalls, Slow: DefaultLogSlow},
	}
}

func defaultRealm(name string) Realm {
	return Realm{Name: name, Auth: Auth{Method: DefaultAuthMethod}, Auto: DefaultAuto}
}

func defaultPool(uri string) Pool {
	return Pool{
		URI: uri, Match: DefaultMatch, Scope: DefaultScope, Upstream: DefaultUpstream, SlotsPerShare: DefaultSlotsPerShare, Overflow: DefaultOverflow,
		Retries: DefaultRetries, OverloadError: DefaultOverloadError,
	}
}
