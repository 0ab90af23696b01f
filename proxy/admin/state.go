package admin

// What is shown, as it stands in JSON: names in snake_case, times in seconds, sizes in
// bytes. What is absent does not exist, or has no limit.

// Pools is the answer to GET /api/v1/pools.
type Pools struct {
	Pools []Pool `json:"pools"`
}

// Pool is one pool at one moment.
type Pool struct {
	Realm     string   `json:"realm"`
	Match     string   `json:"match"` // exact, prefix, wildcard
	Procedure string   `json:"procedure"`
	Name      string   `json:"pool"` // the label of its metrics: the procedure, prefix: or wildcard: before it where it is one
	Policy    string   `json:"policy"`
	Block     string   `json:"block,omitempty"` // the URI of the pool block that governs it
	IsLive    bool     `json:"live"`            // its registration stands at the router
	IsPaused  bool     `json:"paused"`          // what arrives waits, or is refused where nothing waits
	IsDrained bool     `json:"drained"`         // its registration is given up until it is undrained
	Limits    Limits   `json:"limits"`
	Queue     Queue    `json:"queue"`
	Slots     int      `json:"slots"` // of all callees, but of those that have no limit
	Taken     int      `json:"slots_taken"`
	Away      int      `json:"away,omitempty"`    // calls that peers have
	Credits   int      `json:"credits,omitempty"` // slots that peers have offered
	Callees   []Callee `json:"callees"`           // in the order in which they joined
}

// Limits are the rules of a pool.
type Limits struct {
	Concurrency   int     `json:"concurrency,omitempty"` // most calls in flight at one callee, by the block
	Scope         string  `json:"scope,omitempty"`       // "callee": over all procedures of the block
	LingerSeconds float64 `json:"linger_seconds"`
	Retries       int     `json:"retries"` // of a lost callee's calls
}

// Queue is what waits in a pool, and how much may.
type Queue struct {
	Waiting        int     `json:"waiting"`
	Limit          int     `json:"limit"` // 0: nothing waits
	Bytes          int     `json:"bytes"`
	BytesLimit     int     `json:"bytes_limit"`
	OldestSeconds  float64 `json:"oldest_seconds"` // how long the longest-waiting call has waited
	TimeoutSeconds float64 `json:"timeout_seconds"`
}

// Callee is one callee of a pool.
type Callee struct {
	Session    uint64 `json:"session"` // its WAMP session ID
	AuthID     string `json:"authid"`
	AuthRole   string `json:"authrole"`
	Address    string `json:"address"`
	Agent      string `json:"agent,omitempty"` // what the client says that it is
	Taken      int    `json:"slots_taken"`
	Slots      int    `json:"slots,omitempty"`
	IsDraining bool   `json:"draining"`   // it gets no new call
	Dispatched uint64 `json:"dispatched"` // calls sent to it, of all its pools
}

// Sessions is the answer to GET /api/v1/sessions.
type Sessions struct {
	Sessions     []Session     `json:"sessions"`
	PoolSessions []PoolSession `json:"pool_sessions"`
}

// Session is one client's session at the router, which passes through here.
type Session struct {
	ID              uint64       `json:"session"`
	Realm           string       `json:"realm,omitempty"` // where it is one of the configuration's, and not in doubt
	AuthID          string       `json:"authid"`
	AuthRole        string       `json:"authrole"`
	Address         string       `json:"address"`
	Transport       string       `json:"transport"` // ws, wss, rs, rss, unix
	Serializer      string       `json:"serializer"`
	Agent           string       `json:"agent,omitempty"`
	AgeSeconds      float64      `json:"age_seconds"`
	SendBufferBytes int          `json:"send_buffer_bytes"` // that wait for the client
	IsCallee        bool         `json:"callee"`            // it has been admitted to a pool, or asked to be
	IsCaller        bool         `json:"caller"`            // calls of its own are answered here, past the router
	Pools           []Membership `json:"pools"`
	NotPooled       []NotPooled  `json:"not_pooled"` // the latest of its REGISTERs that led to no pool
}

// Membership is a callee's place in a pool.
type Membership struct {
	Pool         string `json:"pool"`
	Registration uint64 `json:"registration"` // as the callee knows it
}

// NotPooled is why a REGISTER led to no pool.
type NotPooled struct {
	Procedure  string  `json:"procedure"`
	Why        string  `json:"why"`             // role: not admitted by its role; plain: it asks for none; denied: by the router, or here
	Block      string  `json:"block,omitempty"` // the URI of the pool block that governs it
	AuthRole   string  `json:"authrole,omitempty"`
	Error      string  `json:"error,omitempty"` // URI of the ERROR that it got
	Text       string  `json:"text"`            // one sentence, with the remedy where there is one
	AgoSeconds float64 `json:"ago_seconds"`
}

// PoolSession is one of wampool's own sessions at the router.
type PoolSession struct {
	Realm         string `json:"realm"`
	Serializer    string `json:"serializer,omitempty"`
	IsUp          bool   `json:"up"`
	Session       uint64 `json:"session,omitempty"`
	AuthRole      string `json:"authrole,omitempty"`
	Registrations int    `json:"registrations"`
	Why           string `json:"why,omitempty"` // it is not up
}

// Peers is the answer to GET /api/v1/peers.
type Peers struct {
	Node   string `json:"node,omitempty"`   // this sidecar's, of this start; absent: it stands alone
	Links  string `json:"links,omitempty"`  // where peers dial it
	Gossip string `json:"gossip,omitempty"` // and hear of it
	Peers  []Peer `json:"peers"`
}

// Peer is another sidecar, in one realm.
type Peer struct {
	Realm            string   `json:"realm"`
	Node             string   `json:"node"`
	Address          string   `json:"address"`  // where it is dialed, or has dialed from
	Version          int      `json:"version"`  // of links; 0: not known
	IsMember         bool     `json:"member"`   // the membership has it
	IsDraining       bool     `json:"draining"` // it is about to leave
	GetsCalls        bool     `json:"gets_calls"`
	GivesCalls       bool     `json:"gives_calls"`                  // both by links that stand
	RoundTripSeconds *float64 `json:"round_trip_seconds,omitempty"` // absent: not known yet
	IsNear           bool     `json:"near"`                         // within max_rtt: calls go there
	Running          int      `json:"running"`                      // calls from here that it has
	Given            uint64   `json:"given"`                        // calls that it has got from here
	Got              uint64   `json:"got"`                          // calls that have come from it, and had room
}

// PeersSummary is how many there are.
type PeersSummary struct {
	Members int `json:"members"` // beside this sidecar
	Linked  int `json:"linked"`  // peers with both links, of the realm that has the fewest
}

// Snapshot is what the page needs, each second.
type Snapshot struct {
	Time         float64       `json:"time"`     // in Unix seconds
	Control      bool          `json:"control"`  // this listener takes commands
	Warnings     int           `json:"warnings"` // lines that GET /api/v1/warnings has
	Unready      []string      `json:"unready"`
	Sessions     int           `json:"sessions"`
	Pools        []PoolSummary `json:"pools"`
	PoolSessions []PoolSession `json:"pool_sessions"`
	Peers        *PeersSummary `json:"peers,omitempty"` // absent: this sidecar stands alone
}

// PoolSummary is a pool without its callees' names: of each, what [slots taken, slots]
// are, 0 slots for no limit, in the order in which they joined.
type PoolSummary struct {
	Pool
	Draining int      `json:"draining"` // callees that are drained
	Callees  [][2]int `json:"callees"`
	Rates    Rates    `json:"rates"`
	Seconds  Seconds  `json:"seconds"`
	Calls    Calls    `json:"calls"`
}

// Calls are a pool's calls since it is there, by origin and by outcome.
type Calls struct {
	Received map[string]uint64 `json:"received"`
	Ended    map[string]uint64 `json:"ended"`
}

// Warnings is the answer to GET /api/v1/warnings.
type Warnings struct {
	Warnings []Warning `json:"warnings"` // the oldest first
}

// Warning is one line of the log, of level warn or above.
type Warning struct {
	Number  int            `json:"number"` // since the start
	Time    float64        `json:"time"`   // in Unix seconds
	Level   string         `json:"level"`
	Message string         `json:"message"`
	Fields  map[string]any `json:"fields"`
}
