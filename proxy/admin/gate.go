package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Command does what is asked for by POST. The request is the body, a JSON object, {}
// where there is none. The answer is for encoding/json, nil for {}. An error that is
// no [RequestError] is told with status 500.
type Command func(ctx context.Context, request json.RawMessage) (answer any, err error)

// RequestError is what is wrong with a request.
type RequestError struct {
	Status int    // of HTTP
	Text   string // one sentence
}

func (e *RequestError) Error() string { return e.Text }

// failure is an error as it is told.
type failure struct {
	Error string `json:"error"`
}

func statusOf(err error) int {
	if wrong := (*RequestError)(nil); errors.As(err, &wrong) {
		return wrong.Status
	}
	return http.StatusInternalServerError
}

// maxRequestBytes bounds the body of a command.
const maxRequestBytes = 64 << 10

// gate decides whose commands are taken. A Unix socket's mode says who may write to
// it. Over TCP there is no login, so control has to be wanted; then a command needs
// the header X-Wampool: 1, which no page of elsewhere can send unasked, and comes from
// no page or from one of this very listener.
type gate struct {
	isOpen  bool
	isLocal bool   // a Unix socket
	host    string // of the address; "" for an address of numbers
	to      *visitors
}

func newGate(o *Options, to *visitors) *gate {
	if strings.HasPrefix(o.Address, socketScheme) {
		return &gate{isOpen: true, isLocal: true, to: to}
	}
	return &gate{isOpen: o.Control, host: hostOf(o.Address), to: to}
}

// pass lets a command through that may be given.
func (g *gate) pass(command Command) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := g.refuse(r); err != nil {
			answer(w, nil, err)
			return
		}
		leave, err := g.to.direct()
		if err != nil {
			answer(w, nil, err)
			return
		}
		defer leave()
		request, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBytes))
		switch {
		case err != nil:
			answer(w, nil, &RequestError{http.StatusBadRequest, "the body can't be read, or is too long"})
			return
		case len(request) == 0:
			request = []byte("{}")
		case !json.Valid(request):
			answer(w, nil, &RequestError{http.StatusBadRequest, "the body must be a JSON object"})
			return
		}
		unhurried(w) // it takes as long as it takes
		done, err := command(r.Context(), request)
		if done == nil {
			done = struct{}{}
		}
		answer(w, done, err)
	}
}

// refuse tells why a request's command is not taken, nil if it is.
func (g *gate) refuse(r *http.Request) error {
	switch {
	case g.isLocal:
		return nil
	case !g.isOpen:
		return &RequestError{http.StatusForbidden, "this listener only shows: set control = true in the admin block, or give it a Unix socket"}
	case r.Header.Get("X-Wampool") != "1":
		return &RequestError{http.StatusForbidden, "the header X-Wampool: 1 is missing"}
	case !g.isOwn(r):
		return &RequestError{http.StatusForbidden, "a page of another origin may not steer: open it by this host's address or name as it stands in the admin block"}
	}
	return nil
}

// isOwn tells whether a request comes from no page, or from one of this listener,
// by a name that leads here for certain: any other name may have been made to lead
// here once a foreign page was loaded by it (DNS rebinding).
func (g *gate) isOwn(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	page, err := url.Parse(origins[0])
	if err != nil || len(origins) > 1 || page.Scheme != "http" || !strings.EqualFold(page.Host, r.Host) {
		return false
	}
	return leadsHere(page.Hostname(), g.host)
}
