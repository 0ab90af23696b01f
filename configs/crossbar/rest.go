package crossbar

import (
	"fmt"
	"regexp"
	"slices"
)

// mostTold is how many parts of the source are named that have no counterpart.
const mostTold = 200

// idle are members that say nothing about what the node does.
var idle = regexp.MustCompile(`(^|\.)(version|id|type|debug)$|^\["\$schema"\]$`)

// reasons say of parts of the source what becomes of them, by their path.
var reasons = []struct {
	path *regexp.Regexp
	why  string
}{
	{regexp.MustCompile(`^controller`), "is the node's own"},
	{regexp.MustCompile(`^workers\[\d+\]$`), "is no router: its components are clients like others, and are pooled if they connect to wampool"},
	{regexp.MustCompile(`\.components(\[|$)`), "runs in the node as before; what it registers there is not pooled"},
	{regexp.MustCompile(`\.event-history`), "stays at Crossbar.io: events pass wampool untouched"},
	{regexp.MustCompile(`\.(rlinks|connections|bridges)`), "stays at Crossbar.io"},
	{regexp.MustCompile(`\.transports\[\d+\]$`), "is not WAMP"},
	{regexp.MustCompile(`\.paths(\.[\w-]+|\["[^"]*"\])$`), "is served by Crossbar.io as before"},
	{regexp.MustCompile(`\.chain_certificates`), "belongs behind the certificate in cert_file, if wampool is to show it"},
	{regexp.MustCompile(`\.auth\.`), "is Crossbar.io's: clients log in there, through wampool, as before"},
	{regexp.MustCompile(`\.cookie`), "is Crossbar.io's: its cookies pass"},
	{regexp.MustCompile(`\.serializers`), "is Crossbar.io's: clients speak through wampool what it takes"},
	{regexp.MustCompile(`\.realms\[\d+\]\.options`), "is the router's"},
	{regexp.MustCompile(`^workers\[\d+\]\.options`), "is the node's own"},
}

// writeRest names all of the source that has no counterpart.
func (c *converter) writeRest() {
	c.tellOfOthers()
	c.door.endpoint.get("type")
	c.top.get("version")
	for _, n := range c.top.unused() {
		if idle.MatchString(n.path) {
			continue
		}
		why := "has no counterpart"
		for _, reason := range reasons {
			if reason.path.MatchString(n.path) {
				why = reason.why
				break
			}
		}
		c.notes = append(c.notes, fmt.Sprintf("%s %s", n.where(), why))
	}
	if len(c.notes) == 0 {
		return
	}
	slices.Sort(c.notes)
	c.notes = slices.Compact(c.notes)
	p := &c.paper
	p.line("")
	p.comment("Not said above:")
	for i, note := range c.notes {
		if i == mostTold {
			p.comment("- and %d more", len(c.notes)-mostTold)
			break
		}
		p.comment("- %s", note)
	}
}

// tellOfOthers names the doors and routers that this wampool does not stand before.
func (c *converter) tellOfOthers() {
	c.top.get("workers").each(func(_ string, worker *node) {
		if worker.get("type").string("") != "router" {
			worker.used = false
			return
		}
		mine := false
		for _, d := range doors(worker) {
			if d.node == c.door.node {
				mine = true
				continue
			}
			why := c.unusable(d)
			if why == "" {
				why = fmt.Sprintf("clients there keep connecting to Crossbar.io; for a wampool before it: --door '%s'", d.node.path)
			}
			c.notes = append(c.notes, fmt.Sprintf("%s: %s", d.node.where(), why))
			d.node.leave()
			if d.endpoint != c.door.endpoint {
				d.endpoint.leave()
			}
		}
		if !mine {
			worker.leave()
			c.notes = append(c.notes, worker.where()+" is another router: a wampool of its own may stand before it")
		}
	})
}
