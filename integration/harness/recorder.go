package harness

import (
	"fmt"
	"regexp"
	"strings"
)

// Recorder writes down messages with the random parts replaced by names, equal
// ones by equal names.
type Recorder struct {
	names map[string]string
	Lines []string // each begins with who got it
}

// NewRecorder has written nothing down yet.
func NewRecorder() *Recorder { return &Recorder{names: make(map[string]string)} }

// What differs from session to session at the same router: IDs that it draws at
// random (up to 2^53; smaller numbers are the script's own), the request IDs of
// INVOCATIONs, that it counts over all sessions, authids of anonymous sessions,
// and the address that it sees.
var (
	randomID     = regexp.MustCompile(`\b[0-9]{9,16}\b`)
	invocationID = regexp.MustCompile(`^\[(68|69),([0-9]+)\b`)
	anonymousID  = regexp.MustCompile(`"([A-Z0-9]{4}-){5}[A-Z0-9]{4}"`)
	peerAddress  = regexp.MustCompile(`"tcp4:127\.0\.0\.1:[0-9]+"`)
)

// Next waits for a session's next message, and returns it as it came.
func (r *Recorder) Next(s *RawSession) string {
	s.t.Helper()
	message := s.Receive()
	line := invocationID.ReplaceAllStringFunc(message, func(match string) string {
		code, id, _ := strings.Cut(match, ",")
		return code + "," + r.name("invocation", id)
	})
	line = randomID.ReplaceAllStringFunc(line, func(id string) string { return r.name("id", id) })
	line = anonymousID.ReplaceAllStringFunc(line, func(id string) string { return r.name("authid", id) })
	line = peerAddress.ReplaceAllString(line, "peer")
	r.Lines = append(r.Lines, s.Name+": "+line)
	return message
}

func (r *Recorder) name(kind, value string) string {
	if r.names[kind+value] == "" {
		r.names[kind+value] = fmt.Sprintf("%s#%d", kind, len(r.names))
	}
	return r.names[kind+value]
}
