package proxy_test

import (
	"strconv"
	"strings"
)

// invoked takes an INVOCATION.
func (c *simClient) invoked(words []string) {
	text := strings.Join(words, " ")
	id, _ := strconv.Atoi(words[1])
	token, part, load := callOf(words[len(words)-1])
	call := c.calls[token]
	if inv := c.open[words[1]]; inv != nil && inv.call == call {
		// A further part: of a callee that has registered anew since, by its new registration.
		if inv.parts++; part != inv.parts {
			c.found(inOrder, "%s gets part %d of a call in place of part %d: %s", c.name, part, inv.parts, text)
		}
		return
	}
	isLate := call != nil && part > 1 && call.had[c.name] && (c.isDelayed || c.wasStalled || call.isOwn())
	if id <= c.last && (c.gone || isLate) {
		return // of one that it will never answer, or has before it could hear of this part
	}
	if id <= c.last {
		c.found(countedUp, "%s gets an ID that is not above %d: %s", c.name, c.last, text)
	}
	c.last = id
	member := c.memberBy(words[2])
	switch {
	case member == nil:
		c.found(delivered, "%s gets a call by a registration that it does not have: %s", c.name, text)
	case call == nil || load != call.load || part < 1 || part > call.parts:
		c.found(payloads, "%s gets a call that nobody has made: %s", c.name, text)
	case call.isHeld() && !c.gone: // of one that breaks, it may be seen too late
		c.found(delivered, "%s gets a call that %s has: %s", c.name, call.delivered[len(call.delivered)-1].name, text)
	case part != 1 && !c.gone:
		c.found(inOrder, "%s gets part %d of a call first: %s", c.name, part, text)
	}
	call.delivered = append(call.delivered, c)
	c.checkLimits(member, text)
	c.checkSteering(member, text)
	if !c.gone {
		c.open[words[1]] = &simInvocation{call: call, of: member, parts: 1}
	}
}

// memberBy returns what the client has by a registration, nil for nothing.
func (c *simClient) memberBy(registration string) *simMember {
	for _, m := range c.members {
		if m.registration == registration && !m.ousted {
			return m
		}
	}
	return nil
}

// isHeld tells whether a callee has the call that has neither refused it, nor was lost
// where lost calls are handed on.
func (c *simCall) isHeld() bool {
	free := c.passed
	if c.retried {
		free += c.lost
		for _, d := range c.delivered {
			if d.gone {
				free++
			}
		}
	}
	return free < len(c.delivered)
}

// checkLimits looks whether a callee may get one more call.
func (c *simClient) checkLimits(by *simMember, text string) {
	open, pooled := 0, 0
	for _, inv := range c.open {
		if inv.of.registration == by.registration {
			open++
		}
		if inv.of.isPooled() {
			pooled++
		}
	}
	if by.limit > 0 && open >= by.limit {
		c.found(limits, "%s has %d calls, and %d is its limit: %s", c.name, open, by.limit, text)
	}
	if c.world.scoped && by.isPooled() && pooled >= scopeLimit {
		c.found(limits, "%s has %d calls of all procedures, and %d is the limit: %s", c.name, pooled, scopeLimit, text)
	}
}

func (c *simClient) interrupted(words []string) {
	inv := c.open[words[1]]
	switch {
	case !strings.Contains(c.features, "call_canceling"):
		c.found(announced, "%s is interrupted, and has not announced that", c.name)
	case inv == nil && !c.gone && !c.wasStalled && !c.isDelayed:
		c.found(interrupts, "%s is interrupted in what it has not: %s", c.name, strings.Join(words, " "))
	case inv != nil && inv.interrupted == words[2]: // but for kill, once nobody waits any more
		c.found(interrupts, "%s is interrupted again: %s", c.name, strings.Join(words, " "))
	case inv != nil:
		inv.interrupted = words[2]
	}
}
