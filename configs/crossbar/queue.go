package crossbar

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wampool/wampool/configs"
)

// queue is an entry of a realm's call-queue.
type queue struct {
	at         *node
	uri, match string
	limit      *node // of calls; absent: wampool's own
	all        bool  // stands for all that Crossbar.io queues without such entries
}

// queues returns what a realm's store says of calls.
func (c *converter) queues(realm *node) (found []queue) {
	store := realm.get("store")
	if store.kind != object {
		return nil
	}
	limit := store.get("limit")
	store.get("type")
	seen := make(map[string]bool)
	store.get("call-queue").each(func(_ string, entry *node) {
		q := queue{at: entry, uri: entry.get("uri").string(""), match: entry.get("match").string("exact"), limit: limit}
		if own := entry.get("limit"); own.path != "" {
			q.limit = own
		}
		key := q.match + " " + q.uri
		mistakes := mistakesOf(routerHead + listenHead + "realm \"realm1\" {\npool " + quote(q.uri) + " {\nmatch = " + quote(q.match) + "\n}\n}\n")
		if c.leaveOut(entry, mistakes, seen[key], len(found) == mostPools) {
			return
		}
		seen[key] = true
		found = append(found, q)
	})
	if len(found) == 0 && !store.has("call-queue") {
		found = append(found, queue{at: store, match: "prefix", limit: limit, all: true})
	}
	return found
}

// writePool writes the pool block of an entry.
func (c *converter) writePool(q queue, roles []role, own login) {
	p := &c.paper
	p.line("")
	p.comment("%s", q.at.where())
	if q.all {
		p.comment("With a store and no entries, calls to every procedure wait at Crossbar.io.")
	}
	p.line("pool %s {", quote(q.uri))
	if q.match != configs.DefaultMatch {
		p.line("match = %s", quote(q.match))
	}
	c.writeRoles(q, roles, own)
	p.comment("With the invoke of its callees, they move here one at a time: both share the registration.")
	p.comment("upstream = \"roundrobin\"")
	p.line("")
	p.line("queue {")
	c.writeQueueLimit(q)
	p.line("timeout = %s # Crossbar.io lets calls wait for ever", quote("30s"))
	p.line("}")
	p.line("}")
}

// writeRoles writes whose callees join the pool: those that may register it.
func (c *converter) writeRoles(q queue, roles []role, own login) {
	p := &c.paper
	var admitted, callers []string
	for _, r := range roles {
		perm := r.governing(q.uri)
		if perm.register && !r.dynamic && r.name != configs.AnyRole {
			admitted = append(admitted, quote(r.name))
		}
		if perm.call && !r.dynamic {
			callers = append(callers, quote(r.name))
		}
		if r.dynamic {
			p.comment("Whether callees of role %s may register is for its authorizer: admit has them if they are to join.", quote(r.name))
		}
	}
	slices.Sort(admitted)
	admitted = slices.Compact(admitted)
	if len(admitted) > 1 || len(admitted) == 1 && admitted[0] != quote(own.role) {
		p.line("admit = [%s] # who may register it", strings.Join(admitted, ", "))
	}
	if len(callers) > 0 {
		p.comment("Calls of these roles that arrive at wampool could stay here, past Crossbar.io's authorization:")
		p.comment("direct = [%s]", strings.Join(callers, ", "))
	}
}

func (c *converter) writeQueueLimit(q queue) {
	within := func(setting string) string {
		return routerHead + listenHead + "realm \"realm1\" {\npool \"a\" {\nqueue {\n" + setting + "\n}\n}\n}\n"
	}
	if q.limit.kind == number {
		c.writeIfValid(&c.paper, q.limit, "Crossbar.io has the number, and does not keep to it", fmt.Sprintf("limit = %d", q.limit.number), within)
		return
	}
	c.paper.comment("limit = %d", configs.DefaultQueueLimit)
}
