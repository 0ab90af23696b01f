package dealer_test

// ruleMutants are those of rules that people change, of the index of IDs, and of what
// is counted.
var ruleMutants = []mutant{
	// What people change.
	{
		"a lower limit is not seen", "control.go",
		"	p.roster.recount()\n", "",
		[]string{loadsTold, withinLimit, workConserving, policyObeyed, featuresKept},
	},
	{
		"nobody follows a higher limit", "control.go",
		"	d.fillAll(unique(touched))\n", "	_ = unique(touched)\n",
		[]string{workConserving},
	},
	{
		"a smaller queue refuses who waits", "control.go",
		"	p.follow(config)\n	touched", "	p.follow(config)\n	for p.queue.length > config.QueueLimit {\n		i := p.queue.tail\n		c := d.calls.at(i)\n		d.refuseCall(c, ReasonQueueFull, 0, 0)\n		d.remove(i)\n	}\n	touched",
		[]string{queueBounds},
	},
	{
		"who waits goes by the wait of before", "control.go",
		"	p.config = config\n", "	config.QueueTimeout = max(config.QueueTimeout, p.config.QueueTimeout)\n	p.config = config\n",
		[]string{queueTimeout},
	},
	{
		"a pool lingers as long as before", "control.go",
		"		p.lingerEnd = later(p.vacatedAt, config.Linger)\n", "",
		[]string{membership},
	},
	{
		"another policy goes on where the last one was", "control.go",
		"		p.roster.cursor = -1\n", "",
		[]string{policyObeyed},
	},
	{
		"a scope keeps the calls of a pool that has left it", "slot.go",
		"		s.count(-r.inFlight)\n", "",
		[]string{workConserving, policyObeyed, nothingLeft},
	},
	{
		"nobody follows where a pool has left a scope", "slot.go",
		"			relieved = append(relieved, other.pool)\n", "			_ = other\n",
		[]string{workConserving},
	},
	{
		"a callee that drains gets calls", "slot.go",
		" && !r.callee.draining", "",
		[]string{withinLimit, policyObeyed},
	},
	{
		"a callee that drained stays full", "control.go",
		"			r.pool.roster.refresh(r)\n", "",
		[]string{loadsTold, withinLimit, workConserving, policyObeyed},
	},
	{
		"nobody follows the end of a callee's drain", "control.go",
		"	d.fillAll(d.drainCallee(id, false))\n", "	d.drainCallee(id, false)\n",
		[]string{workConserving},
	},
	{
		"a pool that is paused takes calls", "call.go",
		" && !p.paused", "",
		[]string{withinLimit},
	},
	{
		"a pool that is paused serves who waits", "slot.go",
		"|| p.paused {", "{",
		[]string{withinLimit},
	},
	{
		"nobody follows the end of a pause", "control.go",
		"	p.paused = false\n	d.fill(p)\n", "	p.paused = false\n",
		[]string{workConserving},
	},
	{
		"a refusal says nothing of the pause", "action.go",
		"Paused: p.paused,", "",
		[]string{answeredOnce},
	},

	// The index of IDs.
	{
		"stragglers are forgotten", "index.go",
		"	x.setAside(id, *value)\n", "	x.setAside(id+1, *value)\n",
		[]string{answeredOnce, requestIDs, nothingLeft, "panic"},
	},
	{
		"the window grows over IDs of the map", "index.go",
		"	if len(x.rest) > 0 {\n		x.takeIn(from, id)\n	}\n", "	_ = from\n",
		[]string{answeredOnce, requestIDs, nothingLeft, "panic"},
	},
	{
		"the window reaches one ID less than it covers", "index.go",
		"		for id := from; id < to; id++ {", "		for id := from; id < to && id+1 != to; id++ {",
		[]string{answeredOnce, requestIDs, nothingLeft, "panic"},
	},
	{
		"what the window takes in stays in the map", "index.go",
		"	x.forget(id)\n	*x.at(id) = value\n", "	*x.at(id) = value\n",
		[]string{answeredOnce, requestIDs, nothingLeft, "panic"},
	},
	{
		"IDs are cut where they are put aside", "index.go",
		"	x.rest[id] = value\n", "	x.rest[id%(1<<32)] = value\n",
		[]string{answeredOnce, requestIDs, nothingLeft, "panic"},
	},
	{
		"a request that comes again is a part", "call.go",
		"	if !c.open {\n		return\n	}\n", "",
		[]string{told, answeredOnce, bodiesIntact, membership, requestIDs},
	},
	{
		"the window begins too late", "index.go",
		"	if id == x.first {\n		x.advance()\n", "	if id == x.first {\n		x.first++\n		x.span--\n		x.advance()\n		x.first++\n",
		[]string{answeredOnce, requestIDs, nothingLeft, handover, "panic"},
	},

	// What is counted.
	{
		"a refusal is not counted", "call.go",
		"	t.Ended[outcomeOf(reason)]++\n", "",
		[]string{counted},
	},
	{
		"a call is counted twice as it arrives", "call.go",
		"	t.receive(d.origins[in.Origin].kind)\n", "	t.receive(d.origins[in.Origin].kind)\n	t.receive(d.origins[in.Origin].kind)\n",
		[]string{counted},
	},
	{
		"an end is counted twice", "table.go",
		"p.tally.Ended[c.outcome]++", "p.tally.Ended[c.outcome] += 2",
		[]string{counted},
	},
	{
		"a bucket is off by one", "tally.go",
		"d <= Bounds[middle]", "d < Bounds[middle]",
		[]string{counted},
	},
	{
		"a sum loses its seconds", "tally.go",
		"		h.Seconds += uint64(h.Rest / time.Second)\n", "",
		[]string{counted},
	},
	{
		"a call that was handed on waits since it arrived", "call.go",
		"c.pool.tally.Wait.Observe(d.now - c.since)", "c.pool.tally.Wait.Observe(d.now - c.arrived)",
		[]string{counted},
	},
	{
		"a discarded answer counts as its caller's", "answer.go",
		"	if c.state == defunct {\n		return\n	}\n", "",
		[]string{counted, told},
	},
	{
		"a caller that leaves is not told from one that cancels", "answer.go",
		"c.outcome = CallerGone", "c.outcome = Canceled",
		[]string{counted, told},
	},
	{
		"kill is forgotten when its answer comes", "answer.go",
		"c.tied, c.outcome = true, Canceled", "c.tied = true",
		[]string{placeKept, counted, told},
	},
	{
		"a pool that is opened again begins at zero", "counts.go",
		"p.tally, p.named = *t, true", "p.named = true",
		[]string{counted},
	},
	{
		"a call that is turned away is not told of", "call.go",
		"		d.tellRefused(p, &in, reason)\n", "",
		[]string{told},
	},
	{
		"an end is told of twice", "table.go",
		"		d.tell(c)\n", "		d.tell(c)\n		d.tell(c)\n",
		[]string{told},
	},
	{
		"ends are told of again", "dealer.go",
		"	d.ends = d.ends[:0]\n", "",
		[]string{told},
	},
	{
		"a call that was handed on is told to have arrived then", "follow.go",
		"Arrived: c.arrived, Waited: d.now - c.arrived,", "Arrived: c.since, Waited: d.now - c.since,",
		[]string{told},
	},
	{
		"a call that runs is told to wait", "follow.go",
		"e.Waited, e.Ran = c.begun-c.arrived, d.now-c.begun", "e.Waited = d.now - c.arrived",
		[]string{told},
	},
	{
		"the later parts of a call are not measured", "call.go",
		"	c.grow(in.Body.Len())\n	switch {", "	switch {",
		[]string{told},
	},
	{
		"who follows failures is told of results", "follow.go",
		" && outcome.HasFailed()", "",
		[]string{told},
	},
	{
		"who follows failures is told of refusals alone", "follow.go",
		"outcome.HasFailed()", "outcome > CalleeLost",
		[]string{told},
	},
	{
		"nobody is told of ends any more", "follow.go",
		"d.ends = []End{}", "d.follows = FollowNone",
		[]string{told},
	},
	{
		"a call for a pool that has just closed is lost", "counts.go",
		"	if d.pools[p.id] == p {\n		return &p.tally\n	}\n	if t :=", "	if true {\n		return &p.tally\n	}\n	if t :=",
		[]string{counted},
	},
}
