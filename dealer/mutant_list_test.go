package dealer_test

// mutants are the faults that the simulation must find, at least two for each
// of its checkers.
var mutants = []mutant{
	// Answers.
	{
		"late answer is forwarded", "answer.go",
		"if c.state == defunct || !final && !c.receiveProgress {", "if !final && !c.receiveProgress {",
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
		"if c.state == defunct || !final && !c.receiveProgress {", "if c.state == defunct {",
		[]string{answeredOnce},
	},
	{
		"calls of a lost callee are never answered", "register.go",
		"lost.state == running {", "lost.state == ended {",
		[]string{answeredOnce},
	},
	{
		"calls that wait for the last callee are never answered", "register.go",
		"		d.refuse(p, c.origin, c.request, reason, 0, d.now-c.arrived)\n", "		_, _ = c, reason\n",
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
		"limit is off by one", "dealer.go",
		"r.inFlight < r.limit)", "r.inFlight <= r.limit)",
		[]string{withinLimit},
	},
	{
		"the block's limit is ignored", "register.go",
		"most > 0 && (r.limit == 0 || r.limit > most) {", "most > 0 && r.limit == 0 {",
		[]string{withinLimit},
	},
	{
		"progress frees the slot", "answer.go",
		"	d.do(a)\n	if final {\n", "	d.do(a)\n	if !final {\n		c.at.inFlight--\n		if c.at.active {\n			c.pool.roster.refresh(c.at)\n		}\n	}\n	if final {\n",
		[]string{withinLimit},
	},
	{
		"progress ends the call", "answer.go",
		"	d.do(a)\n	if final {\n", "	d.do(a)\n	if c.state == running {\n",
		[]string{answeredOnce, withinLimit},
	},
	{
		"canceling frees the slot", "answer.go",
		"\td.disown(c)\n\tc.state = defunct\n\treturn d.actions\n",
		"\td.disown(c)\n\tc.state = defunct\n\tc.at.inFlight--\n\tif c.at.active {\n\t\tc.pool.roster.refresh(c.at)\n\t\td.fill(c.pool)\n\t}\n\treturn d.actions\n",
		[]string{withinLimit},
	},
	{
		"the caller's end frees the slot", "answer.go",
		"\t\td.disown(c)\n\t\tc.state = defunct\n",
		"\t\td.disown(c)\n\t\tc.state = defunct\n\t\tc.at.inFlight--\n\t\tif c.at.active {\n\t\t\tc.pool.roster.refresh(c.at)\n\t\t}\n",
		[]string{withinLimit},
	},
	{
		"registering again frees the slots", "register.go",
		"	r.id, r.active = in.ID, true\n", "	r.id, r.active, r.inFlight = in.ID, true, 0\n",
		[]string{withinLimit},
	},

	// Work-conserving.
	{
		"nobody follows an answer", "answer.go",
		"		d.fill(p)\n", "		_ = p\n",
		[]string{workConserving},
	},
	{
		"nobody follows a discarded answer", "answer.go",
		"		d.fill(p)\n", "		if a.Kind == Forward {\n			d.fill(p)\n		}\n",
		[]string{workConserving},
	},
	{
		"nobody follows a join", "register.go",
		"	d.fill(p)\n", "",
		[]string{workConserving},
	},
	{
		"one follows a join of many slots", "call.go",
		"	for p.queue.length > 0 && p.roster.withRoom() > 0 {", "	if p.queue.length > 0 && p.roster.withRoom() > 0 {",
		[]string{workConserving},
	},
	{
		"the last callee with room is overlooked", "call.go",
		"	case p.queue.length == 0 && p.roster.withRoom() > 0:", "	case p.queue.length == 0 && p.roster.withRoom() > 1:",
		[]string{workConserving},
	},
	{
		"the tree forgets room", "roster.go",
		"ro.room[i] = ro.room[2*i] + ro.room[2*i+1]", "ro.room[i] = ro.room[2*i]",
		[]string{workConserving, policyObeyed, "panic"},
	},

	// Queue.
	{
		"last in, first out", "call.go",
		"		i := p.queue.head\n", "		i := p.queue.tail\n",
		[]string{fifo},
	},
	{
		"newcomer overtakes", "queue.go",
		"	c.before, c.after = q.tail, noCall\n	if q.tail == noCall {\n		q.head = i\n	} else {\n		t.at(q.tail).after = i\n	}\n	q.tail = i\n",
		"	c.before, c.after = noCall, q.head\n	if q.head == noCall {\n		q.tail = i\n	} else {\n		t.at(q.head).before = i\n	}\n	q.head = i\n",
		[]string{fifo, queueTimeout}, // who waits longest is not at the head either
	},
	{
		"queue takes one too many", "call.go",
		"	case p.queue.length < p.config.QueueLimit:", "	case p.queue.length <= p.config.QueueLimit:",
		[]string{queueBounds},
	},
	{
		"queue takes one too few", "call.go",
		"	case p.queue.length < p.config.QueueLimit:", "	case p.queue.length+1 < p.config.QueueLimit:",
		[]string{queueBounds},
	},
	{
		"timeout comes late", "clock.go",
		"end > d.now {", "end >= d.now {",
		[]string{queueTimeout},
	},
	{
		"timeout comes early", "clock.go",
		"c.arrived + p.config.QueueTimeout;", "c.arrived + p.config.QueueTimeout/2;",
		[]string{queueTimeout},
	},
	{
		"no deadline for who waits", "call.go",
		"			d.next = min(d.next, d.now+p.config.QueueTimeout)\n", "",
		[]string{queueTimeout},
	},
	{
		"no deadline after a tick", "clock.go",
		"			d.next = min(d.next, end)\n", "",
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
		"	return uint64(r.inFlight) << 32 / uint64(r.limit)\n", "	return uint64(r.inFlight)\n",
		[]string{policyObeyed},
	},

	// Request IDs.
	{
		"IDs are used again", "ids.go",
		"	delete(ids.open, id)\n}", "	delete(ids.open, id)\n	if id == ids.last {\n		ids.last--\n	}\n}",
		[]string{requestIDs},
	},
	{
		"IDs start below those passed", "ids.go",
		"requestIDs{first: highest, last: highest,", "requestIDs{first: highest, last: 0,",
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
		"	if id, known := ids.own[request]; known {", "	if id, known := ids.own[request]; known && false {",
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
		"		if c.at.callee.features.CallCanceling {", "		if c.at != nil {",
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
		"c.needs.passthru && !f.PayloadPassthruMode", "false && !f.PayloadPassthruMode",
		[]string{featuresKept},
	},

	// Bodies.
	{
		"a body that waits is not copied", "call.go",
		"		c.body, c.buffer = in.Body.Clone(d.buffer())\n", "		c.body = in.Body\n",
		[]string{bodiesIntact},
	},
	{
		"a buffer is reused too early", "call.go",
		"		c.body, c.buffer = in.Body.Clone(d.buffer())\n", "		c.body, c.buffer = in.Body.Clone(d.buffer())\n		d.spent = append(d.spent, c.buffer)\n",
		[]string{bodiesIntact},
	},
	{
		"a buffer is given back twice", "table.go",
		"		d.spent = append(d.spent, c.buffer)\n", "		d.spent = append(d.spent, c.buffer, c.buffer)\n",
		[]string{bodiesIntact},
	},
	{
		"parts that wait are lost", "call.go",
		"		d.invoke(c, m.body)\n", "		_ = m\n",
		[]string{bodiesIntact},
	},

	// Members and ends.
	{
		"the last callee leaves the pool open", "register.go",
		"	if p.roster.size == 0 {\n		d.release(p)\n	}\n}\n", "}\n",
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
}
