package admission_test

// mutants are the faults that the simulation must find, at least two for each
// of its checkers.
var mutants = []mutant{
	// Who may join.
	{
		"the role is not looked at", "register.go",
		"	return s.role == r.judge(s).role\n", "	return true\n",
		[]string{rightful},
	},
	{
		"who has no role is admitted", "register.go",
		"	case s.role == \"\":\n		return false\n", "",
		[]string{rightful},
	},
	{
		"nobody asks the router for the callee", "register.go",
		"	r.sendProbe(p)\n}\n\n// decide", "	r.admit(p)\n}\n\n// decide",
		[]string{rightful},
	},
	{
		"any ERROR admits", "probe.go",
		"	case r.mayStillJoin(p) && (why == Exists || why == OtherPolicy && p.pool.shared):", "	case true:",
		[]string{rightful},
	},
	{
		"another policy admits everywhere", "probe.go",
		"why == OtherPolicy && p.pool.shared):", "why == OtherPolicy):",
		[]string{rightful},
	},
	{
		"who took the procedure is admitted in its place", "probe.go",
		"	case p.pool.claim.state == held || r.drains(p.pool.key):", "	case true:",
		[]string{rightful},
	},

	// Answers.
	{
		"who has parted is answered", "session.go",
		"		r.swallow(p)\n		r.settle(p)\n", "		r.deny(p, Denial{Reason: Unsettled})\n",
		[]string{answeredOnce},
	},
	{
		"a late answer to a probe admits", "probe.go",
		"	case p.stage == lateProbing:\n		r.forget(p)\n	case r.may", "	case p.stage == lateProbing && why != Exists:\n		r.forget(p)\n	case r.may",
		[]string{answeredOnce, rightful, "panic", membership},
	},
	{
		"patience is short", "register.go",
		"		r.timers.set(&p.patience, p.since+r.config.RegisterPatience)\n", "		r.timers.set(&p.patience, p.since+r.config.RegisterPatience/2)\n",
		[]string{answeredOnce},
	},
	{
		"the probe's ERROR is said to be the pool's", "probe.go",
		"		r.deny(p, Denial{Reason: ProbeRefused})\n", "		r.deny(p, Denial{Reason: PoolRefused})\n",
		[]string{answeredOnce},
	},
	{
		"who drains admits", "register.go",
		"	if r.drains(p.pool.key) {\n		r.deny(p, Denial{Reason: Draining})\n		return\n	}\n	if denial", "	if denial",
		[]string{answeredOnce, membership, rightful},
	},
	{
		"a REGISTER is answered and passed", "register.go",
		"	r.do(Action{Kind: PassLate, ", "		r.do(Action{Kind: Deny, Session: p.session.id, Pending: p.id, Request: p.in.Asks.Request, Denial: Denial{Reason: Invalid}})\n		r.do(Action{Kind: PassLate, ",
		[]string{answeredOnce},
	},

	// What is held.
	{
		"nothing is held", "held.go",
		"	if s.pendings.length > 0 {\n		return false\n	}\n", "",
		[]string{ordered, numbers},
	},
	{
		"the newest is let go first", "held.go",
		"		m := s.held[0]\n", "		m := s.held[len(s.held)-1]\n",
		[]string{ordered, numbers},
	},
	{
		"what is held is lost", "held.go",
		"	s.held = append(s.held, m)\n	r.wait", "	r.wait",
		[]string{ordered, numbers},
	},
	{
		"newcomers overtake what is held", "held.go",
		"	if len(s.held) == 0 && r.take(s, &m) {", "	if r.take(s, &m) {",
		[]string{ordered, numbers},
	},
	{
		"nobody lets go what is held", "register.go",
		"	r.ripen(s)\n	if p.pool == nil {", "	if p.pool == nil {",
		[]string{ordered, onTime},
	},
	{
		"nobody is told that nothing waits any more", "register.go",
		"	r.wait(s, -p.cost)\n	switch p.stage {", "	switch p.stage {",
		[]string{ordered},
	},

	// Request IDs.
	{
		"the ID of a denied REGISTER leaves a gap", "probe.go",
		"	r.number(p)\n	r.do(Action{Kind: Swallow, Session: p.session.id, Request: p.in.Asks.Request})\n}", "	r.number(p)\n}",
		[]string{numbers, ordered},
	},
	{
		"those in front of a probe leave a gap", "probe.go",
		"		r.do(Action{Kind: Swallow, Session: s.id, Request: at.of.in.Asks.Request})\n", "		_ = s\n",
		[]string{numbers, ordered},
	},
	{
		"an inserted probe has the ID of another", "probe.go",
		"	first := !p.numbered\n", "	first := true\n",
		[]string{numbers},
	},
	{
		"an UNREGISTER that is answered here leaves a gap", "held.go",
		"	r.do(Action{Kind: Swallow, Session: s.id, Request: in.Request})\n	switch {", "	switch {",
		[]string{numbers, ordered},
	},
	{
		"IDs on a link have gaps", "ask.go",
		"	l.lastRequest++\n", "	l.lastRequest += 2\n",
		[]string{numbers},
	},

	// What the router has granted.
	{
		"a second registration is kept", "ask.go",
		"			r.giveBack(l, \"\", registration)\n", "",
		[]string{givenBack},
	},
	{
		"what nobody wants any more is kept", "claim.go",
		"	if g.state = held; !wanted {", "	if g.state = held; false {",
		[]string{givenBack, nothingLeft, membership},
	},
	{
		"what a probe got is kept", "probe.go",
		"	r.do(Action{Kind: Undo, Session: s.id, Pending: p.id, Registration: registration})\n", "",
		[]string{givenBack, rightful},
	},
	{
		"what a late probe got is kept", "probe.go",
		"	case s.departed:\n		r.forget(p)\n		return r.end()\n", "	case s.departed || p.stage == lateProbing:\n		r.forget(p)\n		return r.end()\n",
		[]string{givenBack},
	},
	{
		"a pool that is closed keeps its registration", "pool.go",
		"	r.unwant(p)\n}\n\n// closeIfUnused", "}\n\n// closeIfUnused",
		[]string{givenBack, nothingLeft},
	},
	{
		"a revocation is overheard", "ask.go",
		"			r.claimEnded(g)\n		}\n		r.pump(l)\n	}\n	return r.end(), key", "		}\n		r.pump(l)\n	}\n	return r.end(), key",
		[]string{givenBack},
	},
	{
		"a link that leaves is asked", "ask.go",
		"	for l.todo.length > 0 && l.state == linkUp &&", "	for l.todo.length > 0 && l.state != linkDown &&",
		[]string{givenBack},
	},

	// Time.
	{
		"nobody loses patience", "register.go",
		"		r.timers.set(&p.patience, p.since+r.config.RegisterPatience)\n", "",
		[]string{onTime},
	},
	{
		"who is refused is never asked for again", "claim.go",
		"	r.timers.set(&g.retry, r.now+g.retryIn)\n", "",
		[]string{onTime, nothingLeft},
	},
	{
		"an idle link is told again and again", "link.go",
		"		r.do(Action{Kind: Idle, Link: l.id})\n		r.timers.set(&l.idle, r.now+r.config.LinkIdle)\n", "		r.do(Action{Kind: Idle, Link: l.id})\n		r.timers.set(&l.idle, r.now)\n",
		[]string{onTime},
	},
	{
		"a timer goes off before its time", "registrar.go",
		"		if t.at > r.now || t.order > until {", "		if t.order > until {",
		[]string{answeredOnce, bounds, onTime, givenBack},
	},
	{
		"timers have no order", "timer.go",
		"	h.down(h.up(i))\n", "",
		[]string{onTime, nothingLeft},
	},

	// Bounds.
	{
		"nothing is paced", "pace.go",
		"	return p.open < maxAsks\n}", "	return true\n}",
		[]string{bounds},
	},
	{
		"more at once than a router can queue", "pace.go",
		"	return p.open < maxAsks\n}", "	return p.open <= maxAsks\n}",
		[]string{bounds},
	},
	{
		"a REGISTER is probed for ever", "probe.go",
		"	case p.tries >= maxProbes:", "	case false:",
		[]string{bounds},
	},
	{
		"being in a pool costs nothing", "pool.go",
		"	r.last(s, membershipCost(to.procedure)+s.members.put(registration, at))\n", "	s.members.put(registration, at)\n",
		[]string{bounds, membership, nothingLeft},
	},
	{
		"a session may have as much as it likes", "session.go",
		"	return bytes <= r.config.HeldBytes-s.beside-s.lasting\n", "	return bytes >= 0\n",
		[]string{bounds},
	},

	// Members.
	{
		"a session joins twice", "pool.go",
		"twice || p.policy == dealer.Single {", "twice && p.policy == dealer.Single {",
		[]string{membership},
	},
	{
		"another policy is taken", "pool.go",
		"	if p.policy != by.policy {", "	if false {",
		[]string{membership},
	},
	{
		"those who had to go stay", "pool.go",
		"		r.removeMembers(to)\n", "",
		[]string{membership, answeredOnce, givenBack},
	},
	{
		"a pool is closed under who is about to join", "pool.go",
		"	if p.pending > 0 {\n		r.open(p, p.policy)\n		return\n	}\n", "",
		[]string{membership, givenBack, rightful, nothingLeft, onTime, "panic"},
	},
	{
		"who leaves stays in its pool", "held.go",
		"		r.removeMember(at)\n		r.remember(at)\n", "		r.remember(at)\n",
		[]string{membership, answeredOnce, nothingLeft, givenBack},
	},

	// The end.
	{
		"probes outlive their session", "session.go",
		"			r.forget(p)\n		}\n", "			_ = p\n		}\n",
		[]string{nothingLeft},
	},
	{
		"a pool is kept for nobody", "pool.go",
		"	delete(r.pools, p.key)\n	r.poolsNow.leave(p.place)\n", "	delete(r.pools, p.key)\n",
		[]string{nothingLeft},
	},
	{
		"links are kept for nobody", "claim.go",
		"			r.timers.set(&l.idle, r.now+r.config.LinkIdle)\n", "			_ = l\n",
		[]string{nothingLeft},
	},

	// Rules that change.
	{
		"who is excluded stays", "reconfigure.go",
		"			r.expel(at)\n", "			_ = at\n",
		[]string{rightful},
	},
	{
		"who is excluded meanwhile joins", "reconfigure.go",
		"	return !p.unreviewed || r.admits(p.in.Block, p.session)\n", "	return true\n",
		[]string{rightful},
	},
	{
		"the dealer keeps the rules of before", "reconfigure.go",
		"		r.do(Action{Kind: Reform, Pool: p.key, Config: config})\n", "		_ = config\n",
		[]string{membership},
	},
	{
		"what is held keeps the rules of before", "reconfigure.go",
		"				in.Block = govern(in.Asks.Procedure)\n", "				_ = in\n",
		[]string{rightful, ordered},
	},
	{
		"who is expelled is not remembered", "reconfigure.go",
		"	r.remember(at)\n", "",
		[]string{ordered, membership},
	},
	{
		"who is admitted is expelled", "reconfigure.go",
		"		if !r.admits(p.block, at.session) {", "		if true {",
		[]string{rightful},
	},

	// Drains.
	{
		"a pool that drains keeps its registration", "drain.go",
		"	p.revoked = false\n	r.unwant(p)\n", "	p.revoked = false\n",
		[]string{givenBack},
	},
	{
		"who registers ends a drain", "drain.go",
		"	return r.draining || r.Drains(key)\n", "	return r.draining\n",
		[]string{answeredOnce, givenBack},
	},
	{
		"a drain of all forgets those of pools", "drain.go",
		"	if p.isOpen && !r.drains(p.key) {", "	if p.isOpen {",
		[]string{givenBack},
	},
	{
		"who drains no more is not asked for", "drain.go",
		"	if p.isOpen && !r.drains(p.key) {", "	if false {",
		[]string{onTime},
	},
	{
		"who waits for a pool that drains goes on waiting", "drain.go",
		"		if p.stage <= awaitingTurn && r.drains(", "		if p.stage == awaitingLink && r.drains(",
		[]string{givenBack, membership, answeredOnce},
	},
	{
		"all that wait are denied for one pool", "drain.go",
		"		if p.stage <= awaitingTurn && r.drains(keyOf(&p.in.Asks)) {", "		if p.stage <= awaitingTurn {",
		[]string{answeredOnce},
	},
	{
		"links that idled in a drain stay", "drain.go",
		"			r.timers.set(&l.idle, r.now+r.config.LinkIdle)\n", "			_ = l\n",
		[]string{nothingLeft},
	},
}
