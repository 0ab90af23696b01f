package dealer_test

import "slices"

// mutants are the faults that the simulation must find, at least two for each
// of its checkers.
var mutants = slices.Concat(callMutants, ruleMutants, peerMutants)

// callMutants are those of what becomes of a call.
var callMutants = []mutant{
	// Answers.
	{
		"late answer is forwarded", "answer.go",
		"if c.state == defunct || !wanted {", "if !wanted {",
		[]string{answeredOnce},
	},
	{
		"kill is answered here and by the callee", "answer.go",
		"			return d.actions // its callee's answer is the caller's\n", "",
		[]string{answeredOnce},
	},
	{
		"answer goes to another request", "answer.go",
		"Origin: c.origin, Request: c.request, Final: final,", "Origin: c.origin, Request: c.id, Final: final,",
		[]string{answeredOnce},
	},
	{
		"progress nobody asked for is forwarded", "answer.go",
		"	wanted := final || c.receiveProgress &&", "	wanted := final || true ||",
		[]string{answeredOnce},
	},
	{
		"calls of a lost callee are never answered", "handover.go",
		"	if c.state == running {\n		d.refuseCall(c, ReasonCalleeLost, 0, 0)", "	if c.state == ended {\n		d.refuseCall(c, ReasonCalleeLost, 0, 0)",
		[]string{answeredOnce, queueBounds},
	},
	{
		"calls that wait for the last callee are never answered", "register.go",
		"		d.refuseCall(c, reason, 0, d.now-c.since)\n", "		_, _ = c, reason\n",
		[]string{answeredOnce},
	},
	{
		"a further part is taken for a new call", "call.go",
		"	if o.ended.has(in.Request) {", "	if false {",
		[]string{answeredOnce},
	},
	{
		"draining takes new calls", "call.go",
		"	case d.draining:", "	case false:",
		[]string{answeredOnce},
	},

	// Slots.
	{
		"limit is off by one", "slot.go",
		"(r.limit == 0 || r.inFlight < r.limit) &&", "(r.limit == 0 || r.inFlight <= r.limit) &&",
		[]string{withinLimit, featuresKept},
	},
	{
		"the block's limit is ignored", "slot.go",
		"most > 0 && (asked == 0 || asked > most) {", "most > 0 && asked == 0 {",
		[]string{withinLimit, nothingLeft, featuresKept},
	},
	{
		"progress frees the slot", "answer.go",
		"	d.do(a)\n	if final {\n", "	d.do(a)\n	if !final {\n		r.count(-1)\n	}\n	if final {\n",
		[]string{nothingLeft, withinLimit, featuresKept, membership, "panic"},
	},
	{
		"progress ends the call", "answer.go",
		"	d.do(a)\n	if final {\n", "	d.do(a)\n	if c.state == running {\n",
		[]string{told, answeredOnce, withinLimit, workConserving, featuresKept, nothingLeft},
	},
	{
		"canceling frees the slot", "answer.go",
		"\td.abandon(c)\n\treturn d.actions\n",
		"\td.abandon(c)\n\tc.at.count(-1)\n\td.fill(c.pool)\n\treturn d.actions\n",
		[]string{nothingLeft, withinLimit, featuresKept, membership, "panic"},
	},
	{
		"the caller's end frees the slot", "answer.go",
		"\t\td.abandon(c)\n",
		"\t\td.abandon(c)\n\t\tc.at.count(-1)\n",
		[]string{nothingLeft, withinLimit, featuresKept, membership, "panic"},
	},
	{
		"registering again frees the slots", "register.go",
		"	r.id, r.asked = in.ID, in.Limit\n", "	r.id, r.asked, r.inFlight = in.ID, in.Limit, 0\n",
		[]string{withinLimit, membership, "panic", nothingLeft},
	},

	// Work-conserving.
	{
		"nobody follows an answer", "answer.go",
		"		d.fillAfter(p, r.share)\n", "",
		[]string{workConserving},
	},
	{
		"nobody follows a discarded answer", "answer.go",
		"		d.fillAfter(p, r.share)\n", "		if a.Kind == Forward {\n			d.fillAfter(p, r.share)\n		}\n",
		[]string{workConserving},
	},
	{
		"nobody follows a join", "register.go",
		"	d.refuseExhausted(p)\n	d.fillAll(append(relieved, p))\n	return d.actions, nil\n", "	_ = relieved\n	return d.actions, nil\n",
		[]string{workConserving},
	},
	{
		"one follows a join of many slots", "slot.go",
		"	d.elapse()\n	for d.dispatchNext(p) {\n	}\n", "	d.elapse()\n	d.dispatchNext(p)\n",
		[]string{workConserving},
	},
	{
		"the last callee with room is overlooked", "call.go",
		"!p.paused && p.roster.withRoom() > 0:", "!p.paused && p.roster.withRoom() > 1:",
		[]string{workConserving},
	},
	{
		"the tree forgets room", "roster.go",
		"ro.room[i] = ro.room[2*i] + ro.room[2*i+1]", "ro.room[i] = ro.room[2*i]",
		[]string{workConserving, policyObeyed, "panic"},
	},

	// Queue.
	{
		"last in, first out", "slot.go",
		"i := p.queue.head; i != noCall && p.roster.withRoom() > 0; i = d.calls.at(i).after {", "i := p.queue.tail; i != noCall && p.roster.withRoom() > 0; i = d.calls.at(i).before {",
		[]string{fifo},
	},
	{
		"newcomer overtakes", "queue.go",
		"	c.before, c.after = q.tail, noCall\n	if q.tail == noCall {\n		q.head = i\n	} else {\n		t.at(q.tail).after = i\n	}\n	q.tail = i\n",
		"	c.before, c.after = noCall, q.head\n	if q.head == noCall {\n		q.tail = i\n	} else {\n		t.at(q.head).before = i\n	}\n	q.head = i\n",
		[]string{loadsTold, placeKept, fifo, queueTimeout}, // who waits longest is not at the head either
	},
	{
		"queue takes one too many", "call.go",
		"	case p.queue.length >= config.QueueLimit:", "	case p.queue.length > config.QueueLimit:",
		[]string{queueBounds},
	},
	{
		"queue takes one too few", "call.go",
		"	case p.queue.length >= config.QueueLimit:", "	case p.queue.length+1 >= config.QueueLimit:",
		[]string{queueBounds},
	},
	{
		"timeout comes late", "clock.go",
		"end <= d.now {\n				d.refuseLate", "end < d.now {\n				d.refuseLate",
		[]string{queueTimeout},
	},
	{
		"timeout comes early", "clock.go",
		"later(c.since, timeout);", "later(c.since, timeout/2);",
		[]string{queueTimeout},
	},
	{
		"no deadline for who waits", "call.go",
		"			d.next = min(d.next, later(d.now, config.QueueTimeout))\n", "",
		[]string{queueTimeout},
	},
	{
		"no deadline after a tick", "clock.go",
		"} else if d.next = min(d.next, end); !c.handed {", "} else if !c.handed {",
		[]string{queueTimeout},
	},

	// Policies.
	{
		"roundrobin stands still", "policy.go",
		"	ro.cursor = position\n", "",
		[]string{policyObeyed},
	},
	{
		"roundrobin shifts with a leaver", "roster.go",
		"	ro.members[r.position] = nil\n", "	ro.members[r.position] = nil\n	if ro.cursor > 0 {\n		ro.cursor--\n	}\n",
		[]string{policyObeyed},
	},
	{
		"last is first", "policy.go",
		"		position = ro.previous()\n", "		position = ro.next(0)\n",
		[]string{policyObeyed},
	},
	{
		"least ignores the limits", "roster.go",
		"load = fraction(inFlight, r.limit)", "load = uint64(inFlight) << 32",
		[]string{policyObeyed},
	},

	// Request IDs.
	{
		"IDs are used again", "ids.go",
		"	ids.open.remove(id)\n}", "	ids.open.remove(id)\n	if id == ids.last {\n		ids.last--\n	}\n}",
		[]string{requestIDs},
	},
	{
		"IDs start below those passed", "ids.go",
		"requestIDs{first: highest, last: highest}", "requestIDs{first: highest, last: 0}",
		[]string{requestIDs},
	},
	{
		"answers under unknown IDs are no violation", "answer.go",
		"d.do(Action{Kind: Violate,", "d.do(Action{Kind: Discard,",
		[]string{requestIDs},
	},
	{
		"second answers are violations", "answer.go",
		"	case ids.issued(id):", "	case id == 0:",
		[]string{requestIDs},
	},
	{
		"a part of the router's call gets a new ID", "ids.go",
		"	if id, known := ids.given[request]; known {", "	if id, known := ids.given[request]; known && false {",
		[]string{requestIDs},
	},

	// Interrupts and features.
	{
		"interrupt without call_canceling", "answer.go",
		"interrupt := mode != codec.CancelSkip && c.at.callee.features.CallCanceling", "interrupt := mode != codec.CancelSkip",
		[]string{interrupts},
	},
	{
		"the caller's end interrupts all", "answer.go",
		"	if c.at.callee.features.CallCanceling {", "	if c.at != nil {",
		[]string{interrupts},
	},
	{
		"skip interrupts", "answer.go",
		"interrupt := mode != codec.CancelSkip &&", "interrupt :=",
		[]string{interrupts},
	},
	{
		"the router's interrupt follows the answer", "ids.go",
		"	return id, known\n", "	return id, request > 0\n",
		[]string{interrupts},
	},
	{
		"receive_progress for all", "call.go",
		"StripProgress: !r.callee.features.ProgressiveCallResults,", "StripProgress: false,",
		[]string{featuresKept},
	},
	{
		"payload passthru for all", "call.go",
		"!needs.passthru || f.PayloadPassthruMode", "true || f.PayloadPassthruMode",
		[]string{featuresKept},
	},

	// Bodies.
	{
		"a body that waits is not copied", "call.go",
		"		c.body = in.Body.Hold(d.buffer())\n", "		c.body = in.Body.Hold(nil)\n		d.spent = append(d.spent, c.body.Release())\n		c.body = in.Body.Hold(d.spent[len(d.spent)-1])\n",
		[]string{bodiesIntact},
	},
	{
		"a buffer is reused too early", "call.go",
		"		c.body = in.Body.Hold(d.buffer())\n", "		c.body = in.Body.Hold(d.buffer())\n		alias := c.body\n		d.spent = append(d.spent, alias.Release())\n",
		[]string{bodiesIntact},
	},
	{
		"a buffer is given back twice", "table.go",
		"		d.spent = append(d.spent, buffer)\n", "		d.spent = append(d.spent, buffer, buffer)\n",
		[]string{bodiesIntact},
	},
	{
		"parts that wait are lost", "call.go",
		"		d.invoke(c, c.rare.more[i].Body(), 0, held)\n", "		_ = i\n",
		[]string{bodiesIntact},
	},
	{
		"a body that waited is told to be its caller's", "slot.go",
		"			d.dispatch(i, r, d.calls.at(i).body.Body(), true)\n", "			d.dispatch(i, r, d.calls.at(i).body.Body(), false)\n",
		[]string{bodiesIntact},
	},

	// Members and ends.
	{
		"the last callee leaves the pool open", "register.go",
		"	default:\n		d.release(p)\n", "",
		[]string{membership},
	},
	{
		"single takes a second callee", "register.go",
		"	if p.config.Policy == Single {\n		return ErrAlreadyRegistered\n", "	if p.config.Policy == Single {\n		return nil\n",
		[]string{membership},
	},
	{
		"another policy is taken", "register.go",
		"	if p.config.Policy != in.Policy {", "	if p.config.Policy == 0 {",
		[]string{membership},
	},
	{
		"closed pools stay", "table.go",
		"	p.calls--\n	d.sweep(p)\n", "	p.calls--\n",
		[]string{nothingLeft, membership},
	},
	{
		"ended calls are still counted", "table.go",
		"	p.calls--\n", "",
		[]string{nothingLeft, membership},
	},
	{
		"bytes of ended calls are still counted", "queue.go",
		"	q.bytes -= c.held()\n", "",
		[]string{nothingLeft},
	},

	// Canceling, deadlines.
	{
		"killnowait waits", "answer.go",
		"		if mode == codec.CancelKill {\n			c.tied", "		if mode != codec.CancelSkip {\n			c.tied",
		[]string{answeredOnce, interrupts, nothingLeft},
	},
	{
		"a call whose time is over is dispatched", "slot.go",
		"	d.elapse()\n	for d.dispatchNext(p) {", "	for d.dispatchNext(p) {",
		[]string{deadlinesKept, queueTimeout},
	},
	{
		"nobody times a running call", "call.go",
		"	} else {\n		d.watch(i)\n	}", "	} else {\n		d.unwatch(c)\n	}",
		[]string{deadlinesKept},
	},
	{
		"time begins anew at the dispatch", "call.go",
		"	if rest := c.rare.deadline - d.now; rest < c.rare.timeout {", "	if rest := c.rare.timeout; rest < c.rare.timeout {",
		[]string{deadlinesKept},
	},
	{
		"a callee that times by itself is interrupted", "call.go",
		"	if c.at.callee.features.CallTimeout {", "	if false {",
		[]string{deadlinesKept, interrupts},
	},
	{
		"the heap forgets its order", "deadline.go",
		"	h.down(&d.calls, h.up(&d.calls, place))\n", "",
		[]string{deadlinesKept, "panic"},
	},
	{
		"progress does not extend the time", "answer.go",
		"	c.rare.deadline = later(d.now, c.rare.timeout)\n", "",
		[]string{deadlinesKept, interrupts},
	},

	// Progressive calls.
	{
		"a further part gets a slot", "call.go",
		"		d.keepPart(c, in.Body)\n", "		d.keepPart(c, in.Body)\n		c.at.count(+1)\n",
		[]string{creditsKept, workConserving, nothingLeft, policyObeyed},
	},
	{
		"a part follows UNREGISTERED", "call.go",
		"	case !c.at.active && !c.at.callee.peer: // no", "	case false: // no",
		[]string{membership, requestIDs},
	},
	{
		"a part follows the answer to the router's own call", "ids.go",
		"	if ids.ended.has(request) {", "	if false {",
		[]string{requestIDs},
	},

	// Rerouting and retrying.
	{
		"who has refused gets it again", "policy.go",
		"			p.roster.set(r.position, 0, noRoom)\n", "",
		[]string{handover},
	},
	{
		"who has refused is full", "policy.go",
		"		p.roster.refresh(r)\n", "		_ = r\n",
		[]string{workConserving, policyObeyed, nothingLeft},
	},
	{
		"a call that all have refused waits", "handover.go",
		"	d.refuseExhausted(p)\n	d.fillAfter(p, r.share)\n", "	d.fillAfter(p, r.share)\n",
		[]string{handover},
	},
	{
		"unavailable is passed on", "answer.go",
		"		if d.refuseByCallee(i) {", "		if false {",
		[]string{handover},
	},
	{
		"what was answered in part is handed on", "answer.go",
		"	if a.Kind == Forward {\n		c.tied = true\n", "	if a.Kind == Forward {\n",
		[]string{handover, answeredOnce},
	},
	{
		"a call is retried for ever", "handover.go",
		" && c.retries() < c.pool.config.Retries {", " && c.pool.config.Retries > 0 {",
		[]string{answeredOnce, handover, requestIDs, told},
	},
	{
		"what was handed on waits behind the others", "handover.go",
		"	c.pool.queue.pushHanded(&d.calls, i)\n", "	c.pool.queue.push(&d.calls, i)\n",
		[]string{fifo, handover, workConserving, queueTimeout},
	},
	{
		"parts of a call that moves are lost", "call.go",
		"	rare.more = append(rare.more, body.Hold(d.buffer()))\n	c.pool.kept += body.Len()\n", "	_ = rare\n",
		[]string{bodiesIntact},
	},
	{
		"a kept message is reused", "handover.go",
		"		c.body = body.Hold(d.buffer())\n", "		c.body = body.Hold(d.buffer())\n		alias := c.body\n		d.spent = append(d.spent, alias.Release())\n",
		[]string{bodiesIntact},
	},

	// Lingering, force, revocation.
	{
		"a pool lingers for ever", "clock.go",
		"	d.release(p)\n}\n", "}\n",
		[]string{membership},
	},
	{
		"nobody lingers", "register.go",
		"	case p.config.Linger > 0:", "	case false:",
		[]string{membership},
	},
	{
		"those who had to go stay", "register.go",
		"	if in.Force {\n		d.revokeAll(p)\n	}\n", "",
		[]string{membership},
	},
	{
		"those who have to go are not told", "register.go",
		"			d.do(Action{Kind: Revoke, Pool: p.id, Callee: r.callee.id, Registration: r.id})\n", "",
		[]string{membership},
	},

	// One limit over several pools, and the bytes of a queue.
	{
		"each pool has the scope's limit", "slot.go",
		" && (r.shared() == 0 || r.share.inFlight < r.shared())", "",
		[]string{withinLimit, featuresKept, membership, "panic"},
	},
	{
		"the scope's other pools do not see a free slot", "slot.go",
		"	d.fillAll(append(pools, p))\n", "	d.fill(append(pools, p)[len(pools)])\n",
		[]string{workConserving},
	},
	{
		"least overlooks the scope's other pools", "roster.go",
		"		load = max(load, fraction(r.share.inFlight, shared))\n", "		load = max(load, fraction(r.inFlight, shared))\n",
		[]string{policyObeyed},
	},
	{
		"bytes have no bound", "call.go",
		"	case config.QueueBytes > 0 && p.queue.bytes+in.Body.Len() > config.QueueBytes:", "	case false:",
		[]string{queueBounds},
	},
	{
		"parts have no bound", "call.go",
		"	case p.config.QueueBytes > 0 && p.queue.bytes+n > p.config.QueueBytes:", "	case false:",
		[]string{queueBounds},
	},
}
