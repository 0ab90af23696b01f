package crossbar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wampool/wampool/configs"
)

// Options are what the source does not say.
type Options struct {
	Folder string // the node's, absolute: where its relative paths start
	Door   string // where wampool connects, by its path in the source; "": chosen
	Listen string // URL where clients connect to wampool; "": as at the door, at a port beside it
}

// shift is how much higher the port of wampool's listener is than the door's.
const shift = 1000

// Result is the configuration of wampool, and what it needs.
type Result struct {
	HCL       []byte
	Variables []Variable // to be set where wampool runs
}

// Variable is an environment variable, and what it has to hold.
type Variable struct{ Name, Holds string }

// converter gathers what has no counterpart while it writes.
type converter struct {
	Options
	top       *node
	door      *door
	paper     paper
	variables []Variable
	notes     []string         // to be told at the end
	roles     map[*node][]role // of each realm
}

// Convert returns the configuration of a wampool before the node that src, which
// name names, configures. Its error tells why there can be none.
func Convert(src []byte, name string, o Options) (*Result, error) {
	top, err := read(src, name)
	if err != nil {
		return nil, err
	}
	c := &converter{Options: o, top: top, roles: make(map[*node][]role)}
	worker, err := c.chooseDoor()
	if err != nil {
		return nil, err
	}
	c.paper.comment("wampool before the Crossbar.io node of %s", name)
	c.paper.comment("What could not be said here is told at the end. Every setting is explained in")
	c.paper.comment("wampool.hcl(5); \"wampool check\" says whether this is right.")
	c.writeRouter()
	c.writeListener()
	c.writeLimits()
	c.writeRealms(worker)
	c.writeAdmin()
	c.writeRest()
	text, err := configs.Format(c.paper.Bytes(), "imported.hcl")
	if err != nil {
		return nil, err
	}
	for _, mistake := range mistakesOf(string(text)) {
		if !strings.HasPrefix(mistake, "environment variable") {
			return nil, fmt.Errorf("what was written from it is refused, which should be reported: %s", mistake)
		}
	}
	return &Result{HCL: text, Variables: c.variables}, nil
}

// chooseDoor finds where wampool connects, and returns the router worker that it
// belongs to.
func (c *converter) chooseDoor() (worker *node, err error) {
	var all []string
	best := 0
	c.top.get("workers").each(func(_ string, w *node) {
		if w.get("type").string("") != "router" {
			w.used = false
			return
		}
		for _, d := range doors(w) {
			all = append(all, d.node.path)
			if c.unusable(d) != "" || c.Door != "" && c.Door != d.node.path {
				continue
			}
			if rank := c.rank(d, w); worker == nil || worker == w && rank < best {
				worker, c.door, best = w, d, rank
			}
		}
	})
	switch {
	case worker != nil:
		return worker, nil
	case c.Door != "" && len(all) > 0:
		return nil, fmt.Errorf("WAMP clients can't connect at %s, or wampool can't; there are: %s", c.Door, strings.Join(all, ", "))
	case len(all) > 0:
		return nil, fmt.Errorf("wampool can connect at none of %s", strings.Join(all, ", "))
	}
	return nil, errors.New("no router in it has a transport at which WAMP clients connect")
}

// unusable says why wampool can't connect at a door, "" if it can.
func (c *converter) unusable(d *door) string {
	if why := d.unusable(); why != "" {
		return why
	}
	return strings.Join(mistakesOf(routerBlock(d.routerURL(c.Folder))+"listen \"ws://127.0.0.1:0/\" {}\n"), "; ")
}

// rank is lower the less wampool needs to connect there: no certificate, and a
// login that the source spells out.
func (c *converter) rank(d *door, worker *node) (rank int) {
	if d.secure() {
		rank += 8
	}
	if d.raw {
		rank++
	}
	known := false
	worker.get("realms").each(func(_ string, realm *node) {
		logins, _ := d.logins(realm.get("name").string(""))
		for _, l := range logins {
			known = known || rightsOf(l, c.rolesOf(realm), nil) == full
		}
	})
	if !known {
		rank += 4
	}
	return rank
}

func (c *converter) writeRouter() {
	p := &c.paper
	url := c.door.routerURL(c.Folder)
	p.line("")
	p.line("router {")
	p.comment("%s", c.door.node.where())
	p.line("url = %s", quote(url))
	if size := c.door.node.get("options").get("max_message_size"); size.kind == number {
		c.writeIfValid(p, size, "", "message_bytes = "+quote(bytesOf(size.number)), func(setting string) string {
			return "router {\n url = \"ws://127.0.0.1:1/\"\n" + setting + "\n}\n" + listenHead
		})
	}
	if c.door.secure() {
		p.comment("Crossbar.io's certificate must be for the host in the URL, or for server_name, and")
		p.comment("of an authority that this system trusts, or of ca_file:")
		p.comment("tls {")
		p.comment("  ca_file     = \"ca.crt\"")
		p.comment("  server_name = \"router.example.com\"")
		p.comment("}")
	}
	p.line("}")
}

// writeListener writes where clients connect, with the certificate that they know.
func (c *converter) writeListener() {
	p := &c.paper
	url := c.Listen
	if url == "" {
		url = c.door.listenURL(c.Folder, shift)
	}
	var block, inside paper
	if strings.HasPrefix(url, "ws") {
		c.writeOrigins(&inside)
	}
	if tls := c.door.endpoint.get("tls"); c.door.secure() && (strings.HasPrefix(url, "wss:") || strings.HasPrefix(url, "rss:")) {
		inside.line("tls {")
		inside.line("cert_file = %s", quote(inFolder(c.Folder, tls.get("certificate").string(""))))
		inside.line("key_file = %s", quote(inFolder(c.Folder, tls.get("key").string(""))))
		if ca := tls.get("ca_certificates"); len(ca.within) == 1 {
			ca.leave()
			inside.line("client_ca_file = %s", quote(inFolder(c.Folder, ca.within[0].string(""))))
		}
		inside.line("}")
	}
	block.line("listen %s {", quote(url))
	block.write(inside.String())
	block.line("}")
	if inside.Len() == 0 {
		block.Reset()
		block.line("listen %s {}", quote(url))
	}
	p.line("")
	p.comment("Where clients connect instead, to be pooled. All others stay where they are.")
	router := routerBlock(c.door.routerURL(c.Folder))
	mistakes := mistakesOf(router + block.String())
	if len(mistakes) == 0 {
		p.write(block.String())
		return
	}
	for _, m := range mistakes {
		p.comment("This could not be taken over: %s", m)
	}
	if formatted, err := configs.Format(block.Bytes(), "imported.hcl"); err == nil {
		p.comment("%s", formatted)
	}
	for _, instead := range []string{"listen \"ws://127.0.0.1:9000/ws\" {}", "listen \"ws://127.0.0.1:9001/ws\" {}"} {
		if len(mistakesOf(router+instead+"\n")) == 0 {
			p.line("%s", instead)
			return
		}
	}
}

func (c *converter) writeOrigins(block *paper) {
	options := c.door.node.get("options")
	hosts, left := c.door.allowedOrigins()
	for _, where := range left {
		block.comment("%s has no counterpart", where)
	}
	if options.get("allow_null_origin").truth && !slices.Contains(hosts, "null") {
		hosts = append(hosts, "null")
	}
	if len(hosts) == 0 {
		block.comment("Crossbar.io lets pages of any host connect; here, those of others are named in allowed_origins")
		return
	}
	quoted := make([]string, len(hosts))
	for i, host := range hosts {
		quoted[i] = quote(host)
	}
	block.line("allowed_origins = [%s]", strings.Join(quoted, ", "))
}

// writeLimits writes what the door says of all its clients.
func (c *converter) writeLimits() {
	options := c.door.node.get("options")
	var inside paper
	within := func(setting string) string { return routerHead + listenHead + "limits {\n" + setting + "\n}\n" }
	if n := options.get("max_message_size"); n.kind == number {
		c.writeIfValid(&inside, n, "", "message_bytes = "+quote(bytesOf(n.number)), within)
	}
	if n := c.door.max; n.kind == number {
		c.writeIfValid(&inside, n, "each client here is one there, too", fmt.Sprintf("connections = %d", n.number), within)
	}
	for _, ping := range []string{"ping_interval", "ping_timeout"} {
		if n := options.get("auto_" + ping); n.kind == number {
			c.writeIfValid(&inside, n, "", ping+" = "+quote((time.Duration(n.number)*time.Millisecond).String()), within)
		}
	}
	if inside.Len() > 0 {
		c.paper.line("")
		c.paper.line("limits {")
		c.paper.write(inside.String())
		c.paper.line("}")
	}
}

// bytesOf is a size as wampool has it.
func bytesOf(n int) string {
	switch {
	case n > 0 && n%(1<<20) == 0:
		return fmt.Sprintf("%dMiB", n>>20)
	case n > 0 && n%(1<<10) == 0:
		return fmt.Sprintf("%dKiB", n>>10)
	}
	return fmt.Sprintf("%dB", n)
}

// writeIfValid writes a setting that n says, or what is wrong with it, where within
// is a configuration that holds it.
func (c *converter) writeIfValid(p *paper, n *node, why, setting string, within func(setting string) string) {
	if mistakes := mistakesOf(within(setting)); len(mistakes) > 0 {
		c.notes = append(c.notes, fmt.Sprintf("%s: %s", n.where(), mistakes[0]))
		return
	}
	if why != "" {
		why = ": " + why
	}
	p.line("%s # %s%s", setting, clean(n.where()), why)
}

// writeAdmin writes where wampool is looked at, which the source knows nothing of.
func (c *converter) writeAdmin() {
	p, before := &c.paper, len(mistakesOf(c.paper.String()))
	for port := 9090; port < 9100; port++ {
		address := fmt.Sprintf("127.0.0.1:%d", port)
		if len(mistakesOf(p.String()+"admin { address = "+quote(address)+" }\n")) > before {
			continue // clients connect there
		}
		p.line("")
		p.comment("Where it is seen: a page, /metrics for Prometheus, and what wampool pools, top and the like ask.")
		p.line("admin {")
		p.line("address = %s", quote(address))
		p.comment("control = true # wampool drain, pause, reload may steer it here, and so may all on this machine")
		p.line("}")
		return
	}
}
