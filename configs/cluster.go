package configs

import (
	"fmt"
	"iter"
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/hashicorp/hcl/v2"
)

// Cluster is how this sidecar finds its peers, and is linked with them.
type Cluster struct {
	Name      string   // of all that belong together
	Join      []string // "host:port" of peers' gossip, names or addresses; none: peers come to this one
	Gossip    string   // "address:port" where peers' gossip comes in, by UDP and TCP; port 0 lets the system choose
	Listen    string   // rs:// or rss://, where peers' links come in; port 0 lets the system choose
	Advertise string   // the IP address by which peers reach both; "": the bound one
	Secret    Secret   // that all peers know; unset only where nobody else than this machine gets in
	MaxRTT    time.Duration
	TLS       *TLS // with certificate, key and CA for rss; nil for rs
}

// cluster reads the cluster block. Its addresses must be nobody else's.
func (s *scope) cluster(c *Config) {
	cluster := &Cluster{Name: DefaultClusterName, Gossip: DefaultGossip, Listen: DefaultClusterListen, MaxRTT: DefaultMaxRTT}
	c.Cluster = cluster
	s.checked("name", &cluster.Name, checkClusterName)
	s.joined(cluster)
	s.checked("gossip", &cluster.Gossip, checkGossip)
	s.checked("listen", &cluster.Listen, checkLinkURL)
	s.checked("advertise", &cluster.Advertise, checkAdvertise)
	if !s.isEmpty("secret") {
		s.secret("secret", &cluster.Secret, checkClusterSecret)
	}
	s.duration("max_rtt", &cluster.MaxRTT, minTimeout, maxTimeout)
	s.clusterTLS(cluster)
	s.secretNeeded(cluster)
	s.ownAddresses(c)
}

// joined reads where peers are to be found.
func (s *scope) joined(cluster *Cluster) {
	before := len(s.mistakes)
	s.names("join", &cluster.Join)
	if len(s.mistakes) > before {
		return
	}
	for _, address := range cluster.Join {
		host, port, err := net.SplitHostPort(address)
		if err != nil || host == "" || port == "" || port == "0" || !validPort(port) {
			s.refuse(s.body.Attributes["join"].Expr.Range(), fault{
				summary: "each of join must be HOST:PORT of a peer's gossip",
				hint:    `example: join = ["wampool-peers.default.svc:7946"]; an IPv6 address stands in brackets`,
			})
			return
		}
	}
}

// secretNeeded misses a secret where others than this machine get in.
func (s *scope) secretNeeded(cluster *Cluster) {
	if s.body.Attributes["secret"] != nil && !s.isEmpty("secret") {
		return
	}
	for name, url := range cluster.claims() {
		host, _ := hostPort(url)
		if ip, err := netip.ParseAddr(host); err == nil && ip.IsLoopback() {
			continue
		}
		s.missing(s.placeOf(name), fault{
			summary: "others than this machine reach the cluster's " + name + ": it needs a secret, or whoever comes is dealt calls",
			hint:    `secret = env("WAMPOOL_CLUSTER_SECRET"), the same for all; openssl rand -hex 32 makes one`,
		})
		return
	}
}

// ownAddresses refuses those that are a listener's, the admin listener's, or the router's.
func (s *scope) ownAddresses(c *Config) {
	cluster := c.Cluster
	if overlap("rs://"+cluster.Gossip, cluster.Listen) {
		s.refuse(s.placeOf("listen"), fault{summary: "the cluster's listen has the address of its gossip", hint: "choose another port"})
	}
	for name, url := range cluster.claims() {
		for _, l := range c.Listen {
			if overlap(url, l.URL) {
				s.refuse(s.placeOf(name), fault{summary: "the cluster's " + name + " has the address of a listener", hint: "choose another port"})
				break
			}
		}
		if c.Router.URL != "" && dialsItself(c.Router.URL, url) {
			s.refuse(s.placeOf(name), itself)
		}
	}
}

// claims are the addresses that are listened on, as URLs, by the names of their settings.
func (c *Cluster) claims() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		_ = yield("gossip", "rs://"+c.Gossip) && yield("listen", c.Listen)
	}
}

// placeOf is where an attribute's value stands, or the block that lacks it.
func (s *scope) placeOf(name string) hcl.Range {
	if attribute := s.body.Attributes[name]; attribute != nil {
		return attribute.Expr.Range()
	}
	return s.head
}

// clusterTLS reads the tls block of links, of which both sides show a certificate.
func (s *scope) clusterTLS(cluster *Cluster) {
	secure := secureURL(cluster.Listen)
	found := s.once(clusterTLSShape, func(b *scope) {
		if !b.setsAnything() {
			return
		}
		if !secure {
			s.refuse(b.head, fault{summary: "the cluster's listen is not a URL of TLS", hint: "leave this block out, or use rss://"})
		}
		cluster.TLS = &TLS{}
		b.authorities("ca_file", &cluster.TLS.CAFile)
		b.keyPair(cluster.TLS)
		for _, name := range []string{"ca_file", "cert_file"} {
			if b.isEmpty(name) {
				b.missing(b.head, fault{summary: "a cluster's tls block needs a " + name, hint: "both sides of a link show a certificate of this CA"})
			}
		}
	})
	if secure && (!found || cluster.TLS == nil) {
		s.missing(s.placeOf("listen"), fault{summary: "links with TLS need certificates", hint: "name them by ca_file, cert_file and key_file in a tls block within this one"})
	}
}

func checkClusterName(name string) *fault {
	if name == "" || len(name) > maxClusterName {
		return &fault{summary: fmt.Sprintf("the name of a cluster must have from 1 to %d bytes", maxClusterName), hint: `example: name = "compute-production"`}
	}
	return nil
}

// checkClusterSecret refuses a secret that is guessed from what goes over the network.
func checkClusterSecret(secret string) *fault {
	if len(secret) < minClusterKey {
		return &fault{summary: fmt.Sprintf("the secret of a cluster must have at least %d bytes", minClusterKey), hint: "openssl rand -hex 32 makes one", conceal: true}
	}
	return nil
}

func checkGossip(address string) *fault {
	host, port, err := net.SplitHostPort(address)
	if ip, ipErr := netip.ParseAddr(host); err != nil || port == "" || !validPort(port) || host != "localhost" && (ipErr != nil || ip.Zone() != "") {
		return &fault{summary: "gossip must be ADDRESS:PORT of this machine", hint: `example: gossip = "0.0.0.0:7946"; an IPv6 address stands in brackets`}
	}
	return nil
}

func checkLinkURL(raw string) *fault {
	u, f := parseEndpoint("the cluster's listen", raw, linkSchemes, exampleOf("rs", ""))
	switch {
	case f != nil:
		return f
	case u.Port() == "":
		return &fault{summary: "the cluster's listen needs a port", hint: `example: listen = "rs://0.0.0.0:7947"`}
	}
	return nil
}

func checkAdvertise(address string) *fault {
	if address == "" {
		return nil
	}
	if ip, err := netip.ParseAddr(address); err != nil || ip.IsUnspecified() || ip.Zone() != "" {
		return &fault{summary: "advertise must be an IP address by which peers reach this sidecar, without a port", hint: `example: advertise = env("POD_IP")`}
	}
	return nil
}

// GossipHost returns the IP address of Gossip.
func (c *Cluster) GossipHost() netip.AddrPort {
	host, port := hostPort("rs://" + c.Gossip)
	address, _ := netip.ParseAddrPort(net.JoinHostPort(host, port)) // it is valid
	return address
}

// ListenHost returns the host of Listen: an IP address, or a name.
func (c *Cluster) ListenHost() string {
	u, err := url.Parse(c.Listen)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
