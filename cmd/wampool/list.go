package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/wampool/wampool/proxy/admin"
)

func newPools(s streams) *cobra.Command {
	return newList(s, "/api/v1/pools", listPools, &cobra.Command{
		Use:   "pools -c FILE | pools --address ADDRESS",
		Short: "List the pools of a sidecar that runs, with their callees",
		Long: `Lists the pools of a sidecar: how many of their slots are taken, what waits, and each
callee with the name by which it is drained.`,
		Example: `  wampool pools -c /etc/wampool/wampool.hcl
  wampool pools --address unix:///run/wampool/admin.sock --json`,
	})
}

func newSessions(s streams) *cobra.Command {
	return newList(s, "/api/v1/sessions", listSessions, &cobra.Command{
		Use:   "sessions -c FILE | sessions --address ADDRESS",
		Short: "List the sessions of a sidecar that runs, and who is not pooled and why",
		Long: `Lists the sessions of clients, the pools that they are in, and wampool's own sessions at the
router. Below them stands each registration that led to no pool, and why.`,
		Example: `  wampool sessions -c /etc/wampool/wampool.hcl`,
	})
}

func newPeers(s streams) *cobra.Command {
	return newList(s, "/api/v1/peers", listPeers, &cobra.Command{
		Use:   "peers -c FILE | peers --address ADDRESS",
		Short: "List the other sidecars that a sidecar shares its pools with",
		Long: `Lists the peers of a sidecar in a cluster: whether calls may go there and come from there,
how far away each is, and how many calls have gone and come.`,
		Example: `  wampool peers -c /etc/wampool/wampool.hcl`,
	})
}

// newList returns a command that prints what is at a path of the admin listener.
func newList[T any](s streams, path string, list func(io.Writer, *T), command *cobra.Command) *cobra.Command {
	var of sidecar
	command.Args = cobra.NoArgs
	command.RunE = func(command *cobra.Command, _ []string) error {
		client, err := of.ask(command, s.in)
		if err != nil {
			return err
		}
		var raw json.RawMessage
		if err := client.Get(command.Context(), path, &raw); err != nil {
			return failed(err)
		}
		if of.json {
			return failed(printJSON(s.out, raw))
		}
		var answer T
		if err := json.Unmarshal(raw, &answer); err != nil {
			return failed(fmt.Errorf("what the sidecar answers can't be read: %w", err))
		}
		list(s.out, &answer)
		return nil
	}
	addSidecar(command, &of)
	addJSON(command, &of)
	return command
}

// columns prints lines of cells below one another. Clients choose some of them: what
// is not to be printed is not.
type columns struct{ to *tabwriter.Writer }

func newColumns(w io.Writer) columns { return columns{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)} }

func (c columns) line(cells ...any) {
	for len(cells) > 0 && cells[len(cells)-1] == "" { // nothing needs no room
		cells = cells[:len(cells)-1]
	}
	for i, cell := range cells {
		text := admin.Printable(fmt.Sprint(cell))
		if i > 0 {
			text = "\t" + text
		}
		fmt.Fprint(c.to, text)
	}
	fmt.Fprintln(c.to)
}

func listPools(w io.Writer, answer *admin.Pools) {
	if len(answer.Pools) == 0 {
		fmt.Fprintln(w, "no pools: one opens with its first callee")
		return
	}
	t := newColumns(w)
	t.line("POOL", "REALM", "POLICY", "CALLEES", "SLOTS TAKEN", "WAITING", "OLDEST", "STATE")
	for i := range answer.Pools {
		p := &answer.Pools[i]
		t.line(p.Name, p.Realm, p.Policy, len(p.Callees), taken(p.Taken, p.Slots), taken(p.Queue.Waiting, p.Queue.Limit), ago(p.Queue.OldestSeconds), poolState(p))
	}
	_ = t.to.Flush()
	fmt.Fprintln(w)
	t = newColumns(w)
	t.line("CALLEE", "SESSION", "POOL", "SLOTS TAKEN", "CALLS", "ADDRESS", "CLIENT", "STATE")
	for i := range answer.Pools {
		for _, c := range answer.Pools[i].Callees {
			state := ""
			if c.IsDraining {
				state = "draining"
			}
			t.line(cmp.Or(c.AuthID, "-"), c.Session, answer.Pools[i].Name, taken(c.Taken, c.Slots), c.Dispatched, c.Address, cmp.Or(c.Agent, "-"), state)
		}
	}
	_ = t.to.Flush()
}

func listPeers(w io.Writer, answer *admin.Peers) {
	if answer.Node == "" {
		fmt.Fprintln(w, "no cluster: this sidecar stands alone")
		return
	}
	fmt.Fprintf(w, "this sidecar: %s, links at %s, gossip at %s\n\n", shortNode(answer.Node), answer.Links, cmp.Or(answer.Gossip, "-"))
	if len(answer.Peers) == 0 {
		fmt.Fprintln(w, "no peers yet")
		return
	}
	t := newColumns(w)
	t.line("PEER", "REALM", "ADDRESS", "ROUND TRIP", "GIVEN", "GOT", "RUNNING THERE", "STATE")
	for i := range answer.Peers {
		p := &answer.Peers[i]
		trip := "-"
		if p.RoundTripSeconds != nil {
			trip = time.Duration(*p.RoundTripSeconds * float64(time.Second)).Round(time.Microsecond).String()
		}
		t.line(shortNode(p.Node), p.Realm, p.Address, trip, p.Given, p.Got, p.Running, peerState(p))
	}
	_ = t.to.Flush()
}

// shortNode is enough of a node's name for people.
func shortNode(node string) string { return node[:min(len(node), 8)] }

func peerState(p *admin.Peer) string {
	var said []string
	switch {
	case p.GetsCalls && p.GivesCalls:
		said = append(said, "linked")
	case p.GetsCalls:
		said = append(said, "calls may only go there")
	case p.GivesCalls:
		said = append(said, "calls may only come from there")
	default:
		said = append(said, "not linked")
	}
	if p.GetsCalls && !p.IsNear {
		said = append(said, "too far away for calls (max_rtt)")
	}
	if p.IsDraining {
		said = append(said, "draining")
	}
	if !p.IsMember {
		said = append(said, "not in the membership")
	}
	return strings.Join(said, ", ")
}

// taken is a part of a whole, which has no limit where it is 0.
func taken(part, whole int) string {
	if whole == 0 {
		return fmt.Sprint(part)
	}
	return fmt.Sprintf("%d of %d", part, whole)
}

func ago(seconds float64) string {
	if seconds == 0 {
		return "-"
	}
	return time.Duration(seconds * float64(time.Second)).Round(10 * time.Millisecond).String()
}

func poolState(p *admin.Pool) string {
	var said []string
	if p.IsDrained {
		said = append(said, "drained")
	}
	if p.IsPaused {
		said = append(said, "paused")
	}
	if !p.IsLive {
		said = append(said, "not registered at the router")
	}
	if len(p.Callees) == 0 {
		said = append(said, "no callee")
	}
	return strings.Join(said, ", ")
}

func listSessions(w io.Writer, answer *admin.Sessions) {
	t := newColumns(w)
	t.line("SESSION", "NAME", "ROLE", "REALM", "OVER", "ADDRESS", "CLIENT", "AGE", "POOLS")
	for i := range answer.Sessions {
		s := &answer.Sessions[i]
		var pools []string
		for _, m := range s.Pools {
			pools = append(pools, m.Pool)
		}
		t.line(s.ID, cmp.Or(s.AuthID, "-"), cmp.Or(s.AuthRole, "-"), cmp.Or(s.Realm, "-"), s.Transport+" "+s.Serializer, s.Address, cmp.Or(s.Agent, "-"),
			time.Duration(s.AgeSeconds*float64(time.Second)).Round(time.Second), cmp.Or(strings.Join(pools, " "), "-"))
	}
	for _, l := range answer.PoolSessions {
		state := "up: " + count(l.Registrations, "registration")
		if !l.IsUp {
			state = "down: " + l.Why
		}
		t.line(l.Session, "(pool session)", cmp.Or(l.AuthRole, "-"), l.Realm, cmp.Or(l.Serializer, "-"), "-", "-", "-", state)
	}
	_ = t.to.Flush()
	t = newColumns(w)
	said := false
	for i := range answer.Sessions {
		for _, n := range answer.Sessions[i].NotPooled {
			if !said {
				fmt.Fprintln(w)
				t.line("NOT POOLED", "SESSION", "WHY")
				said = true
			}
			t.line(n.Procedure, answer.Sessions[i].ID, n.Text)
		}
	}
	_ = t.to.Flush()
}
