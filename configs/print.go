package configs

import (
	"path/filepath"
	"strings"
)

// What is in force is said in blocks, as a file would say it, and then written in
// HCL or in JSON.

// said is a block, and what it says.
type said struct {
	name, label string
	settings    []setting
	blocks      []said
}

// setting is an attribute. Its value is a string, an int, a bool, a []string, or a
// reading.
type setting struct {
	name  string
	value any
	note  string // a comment behind it; "" for none
}

// reading is env("…") or file("…") as HCL has it.
type reading string

// HCL returns the configuration as a file that [Parse] reads as the same: all
// defaults are filled in, and paths of files are absolute. A secret that comes from
// env or file is said so. Whatever else may be secret is hidden, so that with
// it the file is no longer the same.
func (c *Config) HCL() []byte { return writeHCL(c.said()) }

// JSON returns the same in HCL's JSON syntax.
func (c *Config) JSON() []byte { return writeJSON(c.said()) }

func (c *Config) said() said {
	file := said{blocks: []said{c.Router.said()}}
	for _, l := range c.Listen {
		file.blocks = append(file.blocks, l.said())
	}
	file.blocks = append(file.blocks, c.Limits.said())
	for _, r := range c.Realms {
		file.blocks = append(file.blocks, r.said())
	}
	if c.Cluster != nil {
		file.blocks = append(file.blocks, c.Cluster.said())
	}
	if a := c.Admin; a != nil {
		file.blocks = append(file.blocks, said{name: "admin", settings: []setting{
			{name: "address", value: a.Address},
			{name: "control", value: a.Control},
			{name: "pprof", value: a.PProf},
		}})
	}
	if t := c.Trace; t != nil {
		file.blocks = append(file.blocks, said{name: "trace", settings: []setting{{name: "context", value: t.Context}}})
	}
	file.settings = []setting{{name: "drain_timeout", value: brief(c.DrainTimeout)}}
	file.blocks = append(file.blocks, said{name: "log", settings: []setting{
		{name: "level", value: c.Log.Level},
		{name: "format", value: c.Log.Format},
		{name: "calls", value: c.Log.Calls},
		{name: "slow", value: brief(c.Log.Slow)},
	}})
	return file
}

func (r Router) said() said {
	block := said{name: "router", settings: []setting{
		{name: "url", value: withoutQuery(r.URL)},
		{name: "timeout_unit", value: r.TimeoutUnit},
		{name: "dial_timeout", value: brief(r.DialTimeout)},
		{name: "message_bytes", value: formatSize(r.MessageBytes)},
	}}
	if t := r.TLS; t != nil {
		block.blocks = append(block.blocks, said{name: "tls", settings: []setting{
			{name: "ca_file", value: pathOf(t.CAFile)},
			{name: "cert_file", value: pathOf(t.CertFile)},
			{name: "key_file", value: pathOf(t.KeyFile)},
			{name: "server_name", value: t.ServerName},
		}})
	}
	return block
}

// withoutQuery hides what may be secret in a URL.
func withoutQuery(url string) string {
	if before, query, found := strings.Cut(url, "?"); found && query != "" {
		return before + "?" + redacted
	}
	return url
}

func pathOf(file string) string {
	if absolute, err := filepath.Abs(file); file != "" && err == nil {
		return absolute
	}
	return file
}

func (l Listen) said() said {
	block := said{name: "listen", label: l.URL}
	if strings.HasPrefix(l.URL, "ws") {
		block.settings = append(block.settings, setting{name: "allowed_origins", value: l.AllowedOrigins})
	}
	if t := l.TLS; t != nil {
		block.blocks = append(block.blocks, said{name: "tls", settings: []setting{
			{name: "cert_file", value: pathOf(t.CertFile)},
			{name: "key_file", value: pathOf(t.KeyFile)},
			{name: "client_ca_file", value: pathOf(t.CAFile)},
		}})
	}
	return block
}

func (l Limits) said() said {
	memory := ""
	if l.MemoryBytes > 0 {
		memory = formatSize(l.MemoryBytes)
	}
	return said{name: "limits", settings: []setting{
		{name: "connections", value: l.Connections},
		{name: "connections_per_address", value: l.ConnectionsPerAddress},
		{name: "message_bytes", value: formatSize(l.MessageBytes)},
		{name: "send_buffer", value: formatSize(l.SendBufferBytes)},
		{name: "held_bytes", value: formatSize(l.HeldBytes)},
		{name: "memory", value: memory},
		{name: "handshake_timeout", value: brief(l.HandshakeTimeout)},
		{name: "ping_interval", value: brief(l.PingInterval)},
		{name: "ping_timeout", value: brief(l.PingTimeout)},
	}}
}

func (r Realm) said() said {
	block := said{name: "realm", label: r.Name, settings: []setting{{name: "auto", value: r.Auto}}, blocks: []said{r.Auth.said()}}
	for _, p := range r.Pools {
		block.blocks = append(block.blocks, p.said())
	}
	return block
}

func (a Auth) said() said {
	block := said{name: "auth", settings: []setting{{name: "method", value: a.Method}}}
	if a.AuthID != "" {
		block.settings = append(block.settings, setting{name: "authid", value: a.AuthID})
	}
	switch {
	case !a.Secret.IsSet():
	case a.Secret.from != "":
		block.settings = append(block.settings, setting{name: "secret", value: reading(a.Secret.from)})
	case a.Method == "cryptosign": // of which something else would be refused
		block.settings = append(block.settings, setting{name: "secret", value: strings.Repeat("0", 64), note: redacted})
	default:
		block.settings = append(block.settings, setting{name: "secret", value: redacted})
	}
	return block
}

func (c *Cluster) said() said {
	block := said{name: "cluster", settings: []setting{
		{name: "name", value: c.Name},
		{name: "join", value: c.Join},
		{name: "gossip", value: c.Gossip},
		{name: "listen", value: c.Listen},
		{name: "advertise", value: c.Advertise},
	}}
	switch {
	case !c.Secret.IsSet():
		block.settings = append(block.settings, setting{name: "secret", value: ""})
	case c.Secret.from != "":
		block.settings = append(block.settings, setting{name: "secret", value: reading(c.Secret.from)})
	default: // of which something shorter would be refused
		block.settings = append(block.settings, setting{name: "secret", value: strings.Repeat("0", minClusterKey), note: redacted})
	}
	block.settings = append(block.settings, setting{name: "max_rtt", value: brief(c.MaxRTT)})
	if t := c.TLS; t != nil {
		block.blocks = append(block.blocks, said{name: "tls", settings: []setting{
			{name: "ca_file", value: pathOf(t.CAFile)},
			{name: "cert_file", value: pathOf(t.CertFile)},
			{name: "key_file", value: pathOf(t.KeyFile)},
		}})
	}
	return block
}

func (p Pool) said() said {
	block := said{name: "pool", label: p.URI, settings: []setting{
		{name: "match", value: p.Match},
		{name: "policy", value: p.Policy},
		{name: "concurrency", value: p.Concurrency},
		{name: "scope", value: p.Scope},
		{name: "upstream", value: p.Upstream},
		{name: "slots_per_share", value: p.SlotsPerShare},
		{name: "overflow", value: p.Overflow},
		{name: "admit", value: p.Admit},
		{name: "direct", value: p.Direct},
		{name: "linger", value: brief(p.Linger)},
		{name: "retry_lost", value: p.RetryLost},
		{name: "retries", value: p.Retries},
		{name: "overload_error", value: p.OverloadError},
	}}
	if q := p.Queue; q != nil {
		block.blocks = append(block.blocks, said{name: "queue", settings: []setting{
			{name: "limit", value: q.Limit},
			{name: "bytes", value: formatSize(q.Bytes)},
			{name: "timeout", value: brief(q.Timeout)},
		}})
	}
	return block
}
