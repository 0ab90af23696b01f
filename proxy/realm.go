package proxy

import (
	"time"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// realm is what wampool does for one realm of the configuration: a dealer, the
// pool session that holds its registrations at the router, and the sessions
// whose callees it has.
type realm struct {
	// Immutable.
	proxy  *Proxy
	config *configs.Realm
	blocks patterns[*configs.Pool]
	log    zerolog.Logger
	start  time.Time // of dealer.Time
	wake   chan struct{}
	linked chan struct{} // has room for one: a link is to be started

	mu        lock
	dealer    *dealer.Dealer
	driver    *driver.Driver
	links     []*link // the pool sessions; the first one stays
	unstarted []*link
	uplinks   map[string]*uplink
	byPool    []*uplink // by dealer.PoolID; uplinkOf reads it
	byPattern patterns[*uplink]
	told      time.Duration         // unit of call timeouts by the router's WELCOME, 0: none yet
	awaiting  line                  // all of them, oldest first
	paced     map[*session]struct{} // those with probes that wait
	armed     dealer.Time           // when the clock will look next
	check     dealer.Time           // no later than the next deadline that is not the dealer's
	warned    bool                  // that the router names no authrole
	draining  bool
	drained   chan struct{}       // closed once nothing waits or runs while draining
	blocked   transport.Room      // what the answer at hand has to wait for: see hasRoom
	forbidden map[string]struct{} // keys of pools that the pool session may not register
	answered  []dealer.Owed       // the calls that the last [realm.mend] has answered

	// Buffers, each valid until the next use of its kind.
	message []byte // under construction, but for those of the driver
	details []byte // Details or Options of the message at hand, made of others
}

func newRealm(p *Proxy, config *configs.Realm, seed uint64) *realm {
	r := &realm{
		proxy: p, config: config, blocks: newBlocks(config.Pools),
		log:     p.log.With().Str("realm", config.Name).Logger(),
		start:   time.Now(),
		wake:    make(chan struct{}, 1),
		linked:  make(chan struct{}, 1),
		dealer:  dealer.New(seed),
		uplinks: make(map[string]*uplink), paced: make(map[*session]struct{}),
		armed: never, check: never,
		drained: make(chan struct{}),
	}
	r.driver = driver.New(r.dealer, r)
	r.newLink(0)
	return r
}

func (r *realm) now() dealer.Time { return time.Since(r.start) }
