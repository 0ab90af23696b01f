package proxy

import (
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/spans"
	"github.com/wampool/wampool/proxy/transport"
)

// realm is what wampool does for one realm of the configuration: a dealer, which
// decides who gets a call, a registrar, which decides who is in a pool, the pool
// sessions that hold the registrations at the router, and the sessions whose callees
// it has.
type realm struct {
	// Immutable.
	proxy  *Proxy
	name   string
	log    zerolog.Logger
	start  time.Time // of dealer.Time
	seed   uint64    // of all that is drawn at random
	wake   chan struct{}
	linked chan struct{} // has room for one: a link is to be started
	stop   func()        // ends what runs of it; set as that begins

	sharing *sharing // with peers; nil: this sidecar stands alone

	book atomic.Pointer[rulebook] // written under mu

	mu         lock
	dealer     *dealer.Dealer
	driver     *driver.Driver
	registrar  *admission.Registrar
	candidates map[admission.SessionID]*session // whom the registrar knows
	admitting  admitting
	links      []*link // the pool sessions; the first one stays
	unstarted  []*link
	pools      map[string]*pool // by key
	byPool     []*pool          // by dealer.PoolID; poolOf reads it
	byPattern  patterns[*pool]
	registers  registers
	following  following
	role       string                      // that the router gave the pool session last
	hasJoined  bool                        // there is one
	parents    map[arrival]spans.Parent    // of calls that have not ended; what is not there has none
	joins      map[codec.Serializer]uint64 // of pool sessions
	told       time.Duration               // unit of call timeouts by the router's WELCOME, 0: none yet
	armed      dealer.Time                 // when the clock will look next
	warned     bool                        // that the router names no authrole
	paused     map[string]struct{}         // keys of pools, whether they are open or not
	leavers    []*session                  // callees that drain, and go then
	draining   bool                        // for good
	goes       bool                        // it is not in the configuration any more
	awaits     []*awaited
	blocked    transport.Room      // what the answer at hand has to wait for: see calleeAnswer
	forbidden  map[string]struct{} // keys of pools that the pool session may not register
	answered   []dealer.Owed       // the calls that the last [realm.mend] has answered

	// Buffers, each valid until the next use of its kind.
	message []byte // under construction, but for those of the driver
	details []byte // Details or Options of the message at hand, made of others
}

func newRealm(p *Proxy, config *configs.Realm, seed uint64) *realm {
	r := &realm{
		proxy: p, name: config.Name,
		log:   p.log.With().Str("realm", config.Name).Logger(),
		start: time.Now(), seed: seed,
		wake:   make(chan struct{}, 1),
		linked: make(chan struct{}, 1),
		dealer: dealer.New(seed),
		pools:  make(map[string]*pool), candidates: make(map[admission.SessionID]*session), paused: make(map[string]struct{}),
		parents:   make(map[arrival]spans.Parent),
		registrar: admission.New(p.admission, seed),
		armed:     never, registers: make(registers), joins: make(map[codec.Serializer]uint64),
	}
	r.book.Store(newRulebook(config))
	r.driver = driver.New(r.dealer, r)
	r.newLink(admission.FirstLink, 0, 0)
	r.followCalls()
	return r
}

func (r *realm) now() dealer.Time { return time.Since(r.start) }

// rulebook is what the configuration says of a realm. It is never changed: a reload
// brings another one.
type rulebook struct {
	config *configs.Realm
	blocks patterns[*configs.Pool]
	rules  map[*configs.Pool]*admission.Block // of nil, those without a block
}

func newRulebook(config *configs.Realm) *rulebook {
	return &rulebook{config: config, blocks: newBlocks(config.Pools), rules: newRules(config.Pools)}
}

// config is what the configuration says of the realm now.
func (r *realm) config() *configs.Realm { return r.book.Load().config }

// blocks are the pool blocks as they are now, by the procedures that they govern.
func (r *realm) blocks() *patterns[*configs.Pool] { return &r.book.Load().blocks }

// rulesOf returns the registrar's rules of a block; of nil, or of a block that has
// gone, those of pools without one.
func (r *realm) rulesOf(block *configs.Pool) *admission.Block {
	rules := r.book.Load().rules
	if b := rules[block]; b != nil {
		return b
	}
	return rules[nil]
}
