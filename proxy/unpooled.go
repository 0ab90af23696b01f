package proxy

import (
	"fmt"
	"strings"
	"time"

	"github.com/wampool/wampool/proxy/admin"
)

// unpooled is a REGISTER that led to no pool, and why: what its operator looks for in
// the list of sessions.
type unpooled struct {
	at        time.Time
	procedure string
	why       string
	block     string // the URI of the block that governs it
	error     string // that it got
	text      string
}

// Why a REGISTER led to no pool.
const (
	whyRole   = "role"
	whyPlain  = "plain"
	whyDenied = "denied"
)

const (
	maxUnpooled     = 4 // the latest of a session
	maxUnpooledURI  = 256
	maxUnpooledText = 512
	unpooledBytes   = 4*maxUnpooledURI + maxUnpooledText // that an entry takes at most, about
)

// noteUnpooled keeps one for those who ask. realm.mu is held.
func (s *session) noteUnpooled(u unpooled) {
	u.at = time.Now()
	if block := governing(s.realm.blocks(), u.procedure); block != nil {
		u.block = block.URI
	}
	for _, text := range []*string{&u.procedure, &u.error} {
		*text = strings.Clone(excerpt(*text, maxUnpooledURI))
	}
	u.text = excerpt(u.text, maxUnpooledText)
	if len(s.unpooled) == maxUnpooled {
		copy(s.unpooled, s.unpooled[1:])
		s.unpooled[maxUnpooled-1] = u
		return
	}
	s.upkeep.note(unpooledBytes)
	s.unpooled = append(s.unpooled, u)
}

func (u *unpooled) shown(now time.Time, role string) admin.NotPooled {
	return admin.NotPooled{
		Procedure: u.procedure, Why: u.why, Block: u.block, AuthRole: role, Error: u.error, Text: u.text,
		AgoSeconds: now.Sub(u.at).Seconds(),
	}
}

// roleRemedy is what to do about a callee that was not admitted by its role.
func (s *session) roleRemedy() string {
	if s.authRole == "" {
		return `the router names no roles: admit = ["*"] in the pool block leaves it to the router's own answer`
	}
	return fmt.Sprintf("add %q to the pool block's admit if this role may register it at the router", s.authRole)
}
