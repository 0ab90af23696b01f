package proxy_test

import "github.com/wampool/wampool/dealer/proof"

// mutants are faults of the sidecar, outside the machines that decide, which the
// simulation must find.
var mutants = []proof.Mutant{
	// Answers.
	{
		Name: "an ERROR for a caller here is sent twice", File: "driver/answer.go",
		Old:      "	if uri == \"\" && a.Final && to.HasLastWord && h.isForeign() {",
		New:      "	if to.isCaller() && h.Error != nil {\n		sendParts(out, to.Conn, message)\n	}\n	if uri == \"\" && a.Final && to.HasLastWord && h.isForeign() {",
		Checkers: []string{answeredOnce},
	},
	{
		Name: "an answer carries what the message before it did", File: "driver/answer.go",
		Old:      "		message, err = d.scratch.build(&l)",
		New:      "		if message.Head = d.scratch.message; len(message.Head) == 0 {\n			message, err = d.scratch.build(&l)\n		}",
		Checkers: []string{answeredOnce, payloads, sessionsLast, comesToRest},
	},
	{
		Name: "a RESULT of progress is sent as the last one", File: "driver/answer.go",
		Old:      "		l.dict, s.edited = h.Yield.ResultDetails(h.Serializer, s.edited, s.fields)",
		New:      "		l.dict = codec.Dict{}",
		Checkers: []string{answeredOnce, payloads},
	},
	{
		Name: "a refusal reaches all callers", File: "driver/answer.go",
		Old:      "	d.sent(a, len(d.scratch.message), uri)\n}\n\n// SendError",
		New:      "	for _, other := range d.origins {\n		if other != nil && other != to && other.isCaller() {\n			send(out, other.Conn, d.scratch.message)\n		}\n	}\n	d.sent(a, len(d.scratch.message), uri)\n}\n\n// SendError",
		Checkers: []string{answeredOnce, sessionsLast},
	},
	{
		Name: "a refusal is not sent", File: "driver/answer.go",
		Old:      "	d.scratch.buildError(to, a.Request, uri, payload)\n	send(out, to.Conn, d.scratch.message)\n	d.sent",
		New:      "	d.scratch.buildError(to, a.Request, uri, payload)\n	d.sent",
		Checkers: []string{comesToRest},
	},
	{
		Name: "the answer to a call of the router's own keeps the callee's ID", File: "driver/answer.go",
		Old:      "		d.scratch.message = h.Head.AppendWithID(d.scratch.message[:0], a.Request)\n		send(out, c.Router, d.scratch.message)",
		New:      "		send(out, c.Router, h.Raw)",
		Checkers: []string{answeredOnce, payloads},
	},

	// Calls.
	{
		Name: "an INVOCATION is for the next registration", File: "driver/invoke.go",
		Old:      "request: a.ID, registration: a.Registration,",
		New:      "request: a.ID, registration: a.Registration + 1,",
		Checkers: []string{delivered},
	},
	{
		Name: "an INTERRUPT goes to the first callee that there is", File: "driver/invoke.go",
		Old:      "	m := codec.Interrupt{Request: a.ID, Mode: a.Mode}\n",
		New:      "	m := codec.Interrupt{Request: a.ID, Mode: a.Mode}\n	for _, c := range d.callees {\n		if c != nil {\n			to = c\n			break\n		}\n	}\n",
		Checkers: []string{announced, interrupts, sessionsLast},
	},
	{
		Name: "a message comes before those that wait to be sent", File: "transport/gather.go",
		Old:      "		b.b = append(b.b, header...)\n		if key == 0 {\n			b.b = append(b.b, payload...)",
		New:      "		if key == 0 && len(b.b) > 0 {\n			b.b = append(append(append([]byte(nil), header...), payload...), b.b...)\n		} else if b.b = append(b.b, header...); key == 0 {\n			b.b = append(b.b, payload...)",
		Checkers: []string{countedUp, inOrder, delivered, interrupts, answeredOnce, requestsCounted, sessionsLast, exits},
	},
	{
		Name: "what TLS has not sealed is lost", File: "transport/gather_write.go",
		Old:      "	if g.out.take(sealed); g.out.rest() == 0 {",
		New:      "	if g.out.take(sealed); true {",
		Checkers: []string{comesToRest, sessionsLast, exits},
	},
	{
		Name: "a callee's limit is forgotten", File: "register.go",
		Old:      "Policy: a.Policy, Limit: a.Limit, Force",
		New:      "Policy: a.Policy, Limit: 0, Force",
		Checkers: []string{limits},
	},
	{
		Name: "a limit over a block's procedures holds for each of them", File: "admit.go",
		Old:      "	if block.Scope == \"callee\" {",
		New:      "	if block.Scope == \"no\" {",
		Checkers: []string{limits},
	},
	{
		Name: "IDs begin anew when a session becomes a callee of pools", File: "callee.go",
		Old:      "	}, s.features, s.invocations.highest)}",
		New:      "	}, s.features, 0)}",
		Checkers: []string{countedUp, payloads, answeredOnce, sessionsLast, fault},
	},
	{
		Name: "a call of the router's own keeps its ID", File: "router_messages.go",
		Old:      "	r.message = said.AppendWithID(r.message[:0], id)",
		New:      "	_ = id\n	r.message = append(r.message[:0], said.raw...)",
		Checkers: []string{countedUp, answeredOnce, payloads, sessionsLast, interrupts, fault},
	},

	// Who is in a pool.
	{
		Name: "who did not announce it is told of a revocation", File: "owner.go",
		Old:      "	if !s.features.RegistrationRevocation {\n		return\n	}\n",
		New:      "",
		Checkers: []string{announced},
	},
	{
		Name: "UNREGISTERED is said before the place is given up", File: "register.go",
		Old:      "	actions, _ := r.dealer.Leave(r.now(), s.callee.id, a.Registration)\n	r.driver.Perform(out, actions, driver.Hand{})\n	answer :=",
		New:      "	answer :=",
		Checkers: []string{delivered, nothingLeft, registrations, fault, sessionsLast},
	},
	{
		Name: "whoever the router refuses is admitted", File: "probe.go",
		Old:      "	case uriDifferentPolicy:\n		return admission.OtherPolicy\n	}\n	return admission.OtherError",
		New:      "	}\n	return admission.Exists",
		Checkers: []string{rights},
	},
	{
		Name: "every role may be in a pool", File: "admit.go",
		Old:      "			AnyRole: slices.Equal(block.Admit, []string{configs.AnyRole}),",
		New:      "			AnyRole: true,",
		Checkers: []string{rights},
	},
	{
		Name: "a message that was held is dropped", File: "register.go",
		Old:      "	r.pass(out, s, readBy(a))",
		New:      "	if m := readBy(a); m.Type != codec.TypePublish {\n		r.pass(out, s, m)\n	}",
		Checkers: []string{requestsCounted},
	},
	{
		Name: "a probe's ID is the client's next one too", File: "probe.go",
		Old:      "	s.numbered = a.Request\n	return s.renumbered.request(a.Request, false)",
		New:      "	s.numbered = a.Request\n	return s.renumbered.router + 1",
		Checkers: []string{requestsCounted},
	},
	{
		Name: "what the router says of a probe reaches the client", File: "router_messages.go",
		Old:      "	if r.probeAnswered(out, s, m) {\n		return\n	}\n	s.asked",
		New:      "	r.probeAnswered(out, s, m)\n	s.asked",
		Checkers: []string{answeredOnce},
	},
	{
		Name: "a registration that nobody wants is kept", File: "claims.go",
		Old:      "		m := codec.Unregister{Request: a.Request, Registration: a.Registration}\n		l.send(out, m.Append(r.message[:0], l.serializer))",
		New:      "",
		Checkers: []string{registrations, nothingLeft, requestsCounted},
	},
	{
		Name: "a pool session begins with the requests of the one before", File: "poolsession.go",
		Old:      "	r.driver.DropOrigin(&l.out, r.now(), l.origin)\n",
		New:      "",
		Checkers: []string{answeredOnce, payloads, delivered, interrupts, nothingLeft, comesToRest, fault},
	},

	// What is held.
	{
		Name: "a client that is gone is still charged", File: "client.go",
		Old:      "	c.router.Wait()\n	c.account.Close()\n",
		New:      "	c.router.Wait()\n",
		Checkers: []string{nothingLeft},
	},
	{
		Name: "a session that ends stays with the registrar", File: "session.go",
		Old:      "	delete(r.candidates, s.candidate)\n",
		New:      "",
		Checkers: []string{nothingLeft, fault},
	},
	{
		Name: "a caller that is gone is still known", File: "session.go",
		Old:      "	r.partCaller(out, s)\n",
		New:      "",
		Checkers: []string{nothingLeft, answeredOnce, sessionsLast},
	},
	{
		Name: "the place of a connection is not given back", File: "transport/quota.go",
		Old:      "	q.taken--\n",
		New:      "",
		Checkers: []string{nothingLeft},
	},
	{
		Name: "what was sent to the router stays in memory", File: "client.go",
		Old:      "	router.BeforeBlock(c.flushRouter)\n",
		New:      "",
		Checkers: []string{comesToRest, sessionsLast, exits},
	},
}
