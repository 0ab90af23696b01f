package dealer_test

// peerMutants are those of what travels to another sidecar, and comes from there.
var peerMutants = []mutant{
	// Credits.
	{
		"an answer raises a credit", "answer.go",
		"		d.remove(i)\n		d.fillAfter(p, r.share)\n", "		d.remove(i)\n		if r.credits > 0 {\n			r.credits++\n		}\n		d.fillAfter(p, r.share)\n",
		[]string{creditsKept},
	},
	{
		"a dispatch takes no credit", "peer.go",
		"	if r.credits--; r.credits == 0 {", "	if r.credits == 0 {",
		[]string{creditsKept},
	},
	{
		"who is full keeps its credits", "peer.go",
		"	d.withdraw(r)\n	killed", "	killed",
		[]string{creditsKept},
	},
	{
		"a closed pool keeps credits", "register.go",
		"	p.open, p.lingers = false, false\n	d.withdrawAll(p)\n", "	p.open, p.lingers = false, false\n",
		[]string{creditsKept, membership, nothingLeft},
	},
	{
		"an offer for a closed pool counts", "peer.go",
		"	if n <= 0 || !p.open {", "	if n <= 0 {",
		[]string{creditsKept},
	},
	{
		"an offer dispatches nobody", "peer.go",
		"	r.credits = min(r.credits, maxCredits-min(n, maxCredits)) + min(n, maxCredits)\n	d.fill(p)\n",
		"	r.credits = min(r.credits, maxCredits-min(n, maxCredits)) + min(n, maxCredits)\n",
		[]string{workConserving},
	},
	{
		"a peer that is lost keeps its credits", "register.go",
		"		d.withdraw(r)\n", "",
		[]string{creditsKept, policyObeyed, membership, requestIDs, "panic"},
	},

	// What travels.
	{
		"a newcomer travels while somebody here has room", "call.go",
		"	case o.kind == PeerOrigin:\n", "	case o.kind != PeerOrigin && !d.draining && p.open && d.forward(p, in):\n	case o.kind == PeerOrigin:\n",
		[]string{localFirst, fifo},
	},
	{
		"who waits travels while somebody here has room", "slot.go",
		"	for i := p.queue.head; i != noCall && p.roster", "	if d.forwardNext(p) {\n		return true\n	}\n	for i := p.queue.head; i != noCall && p.roster",
		[]string{localFirst},
	},
	{
		"any call travels", "peer.go",
		"	if p.mean <= 0 {", "	if p.mean >= 0 {",
		[]string{localFirst, loadsTold},
	},
	{
		"one too many waits before a call that travels", "peer.go",
		"		if n >= p.queue.length {", "		if n+1 >= p.queue.length {",
		[]string{workConserving},
	},
	{
		"a newcomer never travels at once", "peer.go",
		"		if p.ahead(r.callee.oneWay) > p.queue.length {", "		if p.ahead(r.callee.oneWay) >= 0 {",
		[]string{workConserving},
	},
	{
		"the farthest peer comes first", "peer.go",
		"p.peers[i].callee.oneWay <= r.callee.oneWay {", "p.peers[i].callee.oneWay >= r.callee.oneWay {",
		[]string{localFirst, creditsKept, workConserving},
	},
	{
		"a peer that has come nearer stands where it stood", "peer.go",
		"		r.pool.unlist(r)\n		r.pool.list(r)\n", "",
		[]string{localFirst, creditsKept, workConserving},
	},
	{
		"how long a call takes is what the last one took", "peer.go",
		"	p.mean += (took - p.mean) / 8\n", "	p.mean = took\n",
		[]string{localFirst, workConserving, loadsTold},
	},
	{
		"what drains serves", "control.go",
		"		served = -1\n", "		served = 0\n",
		[]string{localFirst, workConserving, loadsTold},
	},
	{
		"a paused pool's calls travel", "peer.go",
		"len(p.peers) > 0 && !p.paused && p.config", "len(p.peers) > 0 && p.config",
		[]string{localFirst},
	},
	{
		"a call travels to who can't take it", "peer.go",
		"r.callee.suits(needs) && ", "",
		[]string{withinLimit, policyObeyed, featuresKept},
	},
	{
		"a call that travels is not kept", "peer.go",
		" && r.pool.kept+size <= r.pool.config.KeptBytes", "",
		[]string{queueBounds, placeKept, handover},
	},
	{
		"parts of a call stay here", "call.go",
		"	case !c.at.active && !c.at.callee.peer:", "	case !c.at.active:",
		[]string{interrupts, answeredOnce, bodiesIntact, membership},
	},

	// What comes back.
	{
		"what comes back waits behind all others", "peer.go",
		"	c.pool.queue.putBack(&d.calls, i)\n", "	c.pool.queue.push(&d.calls, i)\n",
		[]string{placeKept, loadsTold, fifo, queueTimeout, localFirst, nothingLeft},
	},
	{
		"what comes back waits before all others", "queue.go",
		"t.at(after).handed == c.handed && t.at(after).turn < c.turn {", "t.at(after).handed == c.handed && false {",
		[]string{placeKept, loadsTold, fifo, queueTimeout, localFirst},
	},
	{
		"what comes back has just arrived", "peer.go",
		"	c.state, c.id = waiting, 0\n", "	c.state, c.id, c.since = waiting, 0, d.now\n",
		[]string{queueTimeout, counted, loadsTold},
	},
	{
		"nobody times what comes back", "peer.go",
		"		d.next = min(d.next, later(c.since, timeout))\n", "		_ = timeout\n",
		[]string{queueTimeout},
	},
	{
		"what comes back is canceled, and waits", "peer.go",
		"	case killed:\n", "	case killed && false:\n",
		[]string{requestIDs, answeredOnce},
	},
	{
		"what comes back has no caller, and waits", "peer.go",
		"	case c.state == defunct:\n", "	case c.state == ended:\n",
		[]string{answeredOnce, "panic", queueBounds},
	},
	{
		"unavailable is full", "answer.go",
		"	case kind == Full && c.at.callee.peer:", "	case kind >= Unavailable && c.at.callee.peer:",
		[]string{handover, creditsKept},
	},

	// What a peer forwards.
	{
		"what a peer forwards waits", "call.go",
		"	case o.kind == PeerOrigin:\n", "	case o.kind == PeerOrigin && p.roster.withRoom() > 0:\n",
		[]string{oneHop},
	},
	{
		"what a peer forwards waits for another callee", "handover.go",
		"c.pool.config.QueueLimit > 0 && c.from != PeerOrigin {", "c.pool.config.QueueLimit > 0 {",
		[]string{oneHop},
	},
	{
		"what a peer forwards goes to the next one", "peer.go",
		"			if c.from == PeerOrigin { //", "			if false { //",
		[]string{oneHop},
	},
	{
		"what a peer forwards begins while wampool drains", "peer.go",
		"	if d.draining || !p.open", "	if !p.open",
		[]string{answeredOnce},
	},
	{
		"a peer is not told of what it has canceled", "answer.go",
		"|| o.kind != RouterOrigin\n", "|| o.kind == LocalOrigin\n",
		[]string{answeredOnce},
	},

	// Books.
	{
		"a peer's answer is a result", "answer.go",
		"		c.outcome = Forwarded\n", "		c.outcome = Result\n",
		[]string{counted, told},
	},
	{
		"a peer's time is a callee's", "answer.go",
		"	if !peer { //", "	if true { //",
		[]string{counted, loadsTold},
	},
	{
		"a peer's call is a router's", "tally.go",
		"		t.FromPeer++\n", "		t.FromRouter++\n",
		[]string{counted},
	},
	{
		"nobody is told that a call waits again", "peer.go",
		"	c.pool.queue.putBack(&d.calls, i)\n	c.pool.mark()\n", "	c.pool.queue.putBack(&d.calls, i)\n",
		[]string{loadsTold},
	},
	{
		"nobody is told that slots are free", "load.go",
		"	r.free = free\n	r.pool.mark()\n", "	r.free = free\n",
		[]string{loadsTold},
	},
	{
		"a change is told again and again", "load.go",
		"			p.changed = false\n", "",
		[]string{loadsTold, nothingLeft},
	},
	{
		"who drains offers", "load.go",
		"	if !d.draining {", "	if true {",
		[]string{loadsTold},
	},
	{
		"a callee that leaves has free slots", "roster.go",
		"	if ro.free -= r.free; ro.follows {", "	if ro.follows {",
		[]string{loadsTold},
	},
}
