package admin

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"
)

// apiPath is where the versioned part begins.
const apiPath = "/api/v1/"

// routes are all that the listener answers.
func (s *Server) routes(o *Options, to *visitors) http.Handler {
	sidecar, mux := o.Sidecar, http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answerText(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if reasons := sidecar.Unready(); len(reasons) > 0 {
			answerText(w, http.StatusServiceUnavailable, strings.Join(reasons, "\n"))
			return
		}
		answerText(w, http.StatusOK, "ready")
	})
	mux.Handle("GET /metrics", metricsHandler(sidecar, o.Version))
	show := func(path string, what func(*http.Request) (any, error)) {
		mux.HandleFunc("GET "+apiPath+path, func(w http.ResponseWriter, r *http.Request) {
			leave, err := to.enter(r)
			if err != nil {
				answer(w, nil, err)
				return
			}
			defer leave()
			shown, err := what(r)
			answer(w, shown, err)
		})
	}
	show("pools", func(*http.Request) (any, error) { return Pools{sidecar.Pools()}, nil })
	show("pools/{realm}/{match}/{uri...}", func(r *http.Request) (any, error) {
		if pool, is := sidecar.Pool(r.PathValue("realm"), r.PathValue("match"), r.PathValue("uri")); is {
			return pool, nil
		}
		return nil, &RequestError{http.StatusNotFound, "there is no such pool: GET " + apiPath + "pools lists them"}
	})
	show("pools/{realm}/{match}/{uri}/history", func(r *http.Request) (any, error) {
		if past, is := s.history.of(r.PathValue("realm"), r.PathValue("match"), r.PathValue("uri")); is {
			return past, nil
		}
		return nil, &RequestError{http.StatusNotFound, "nothing is kept of such a pool: it is not there, or new"}
	})
	show("warnings", func(*http.Request) (any, error) {
		latest, _ := o.Warnings.Latest()
		return Warnings{latest}, nil
	})
	show("sessions", func(*http.Request) (any, error) {
		return Sessions{Sessions: sidecar.Sessions(), PoolSessions: sidecar.PoolSessions()}, nil
	})
	show("peers", func(*http.Request) (any, error) { return sidecar.Peers(), nil })
	show("config", func(*http.Request) (any, error) { return sidecar.Config(), nil })
	gate := newGate(o, to)
	events := &events{sidecar: sidecar, history: s.history, warnings: o.Warnings, control: gate.isOpen, streams: s.streams, interval: eventInterval}
	mux.HandleFunc("GET "+apiPath+"events", events.follow)
	mux.HandleFunc("GET "+apiPath+"trace", s.trace(sidecar))
	for name, command := range o.Commands {
		mux.HandleFunc("POST "+apiPath+name, gate.pass(command))
	}
	page(mux)
	if o.PProf {
		profiles(mux)
	}
	return withErrors(mux)
}

// withErrors has what the API has no route for answered as its other errors are.
func withErrors(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, route := mux.Handler(r); route != "" || !strings.HasPrefix(r.URL.Path, apiPath) {
			mux.ServeHTTP(w, r)
			return
		}
		told := &statusAlone{w, http.StatusOK}
		mux.ServeHTTP(told, r) // which tells the methods that there are
		text := "there is nothing here"
		if told.status == http.StatusMethodNotAllowed {
			text = "this takes " + w.Header().Get("Allow") + ", not " + r.Method
		}
		answer(w, nil, &RequestError{told.status, text})
	})
}

// statusAlone keeps the status of an answer for another one to be written.
type statusAlone struct {
	http.ResponseWriter
	status int
}

func (s *statusAlone) WriteHeader(status int)           { s.status = status }
func (s *statusAlone) Write(answer []byte) (int, error) { return len(answer), nil }

// profiles adds Go's own profiles, which take as long as they are asked to.
func profiles(mux *http.ServeMux) {
	for path, profile := range map[string]http.HandlerFunc{
		"": pprof.Index, "cmdline": pprof.Cmdline, "profile": pprof.Profile, "symbol": pprof.Symbol, "trace": pprof.Trace,
	} {
		mux.HandleFunc("GET /debug/pprof/"+path, func(w http.ResponseWriter, r *http.Request) {
			unhurried(w)
			profile(w, r)
		})
	}
}

// unhurried takes the time limit from a request.
func unhurried(w http.ResponseWriter) {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Time{})
	_ = c.SetWriteDeadline(time.Time{})
}

func answerText(w http.ResponseWriter, status int, text string) {
	head(w, "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}

// answer writes what was asked for, or why it is not to be had.
func answer(w http.ResponseWriter, shown any, err error) {
	status := http.StatusOK
	if err != nil {
		status, shown = statusOf(err), failure{err.Error()}
	}
	text, err := json.Marshal(shown)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error":"the answer can't be written as JSON"}`)
	}
	head(w, "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}

func head(w http.ResponseWriter, contentType string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
}
