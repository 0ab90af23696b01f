// Package admin is wampool's HTTP listener for those who run it: orchestrators,
// load balancers, people with curl. It is there if the configuration has an
// admin block.
//
//	GET /healthz   200 while the process runs: restart it if this fails
//	GET /readyz    200 once wampool can do its work; else 503, and a line for
//	               each reason: a pool session that is not up, or whose pools can't
//	               be registered or joined, or a clean stop
//
// Both answer HEAD as well, in plain text. Nothing here changes anything, needs
// a login, or shows a secret or a payload.
package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Server is an open admin listener.
type Server struct {
	listener net.Listener
	server   *http.Server
}

// An admin request has no body, and its answer is short.
const (
	requestTimeout = 5 * time.Second
	headerBytes    = 8 << 10
)

// Listen opens the listener at "host:port"; port 0 lets the system choose.
// unready tells why wampool is not ready, in sentences without a line break;
// none: it is.
func Listen(ctx context.Context, address string, unready func() []string) (*Server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	return &Server{listener, &http.Server{
		Handler: routes(unready), ReadTimeout: requestTimeout, WriteTimeout: requestTimeout, MaxHeaderBytes: headerBytes,
	}}, nil
}

// Address returns "host:port" with the port really bound.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Serve answers requests until Close. It returns nil then, or why it ended.
func (s *Server) Serve() error {
	if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("admin: %w", err)
	}
	return nil
}

// Close ends the listener and its connections.
func (s *Server) Close() error {
	// A listener that was never served is not the server's yet.
	return errors.Join(s.server.Close(), ignoreClosed(s.listener.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func routes(unready func() []string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if reasons := unready(); len(reasons) > 0 {
			answer(w, http.StatusServiceUnavailable, strings.Join(reasons, "\n"))
			return
		}
		answer(w, http.StatusOK, "ready")
	})
	return mux
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}
