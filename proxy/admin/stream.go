package admin

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// streams are the answers that go on until their reader leaves: a bounded number of
// them.
type streams struct {
	most     int
	patience time.Duration // that is had with a reader for each piece

	mu      sync.Mutex
	open    int
	ended   chan struct{} // closed by close
	running sync.WaitGroup
}

const (
	maxStreams = 16
	// streamPatience is how long a reader may take for one piece. Who is slower is
	// dropped, and may come back: nothing is held for it.
	streamPatience = 5 * time.Second
)

func newStreams() *streams {
	return &streams{most: maxStreams, patience: streamPatience, ended: make(chan struct{})}
}

// stream is one of them.
type stream struct {
	response http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
}

// serve answers by a stream, which write writes until ctx is done: its reader has
// left, or the listener closes.
func (s *streams) serve(w http.ResponseWriter, r *http.Request, contentType string, write func(ctx context.Context, to *stream)) {
	if r.Method == http.MethodHead {
		head(w, contentType)
		return
	}
	if !s.enter() {
		w.Header().Set("Retry-After", "5")
		answer(w, nil, &RequestError{http.StatusServiceUnavailable, "as many follow as may, or wampool stops"})
		return
	}
	defer s.leave()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	go func() { // ends with ctx
		select {
		case <-s.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	to := &stream{w, http.NewResponseController(w), s.patience}
	_ = to.control.SetReadDeadline(time.Time{}) // else the request would end with it
	head(w, contentType)
	write(ctx, to)
}

// send sends one piece. It is false when the reader has left, or is too slow.
func (s *stream) send(piece []byte) bool {
	if s.control.SetWriteDeadline(time.Now().Add(s.patience)) != nil {
		return false
	}
	if _, err := s.response.Write(piece); err != nil {
		return false
	}
	return s.control.Flush() == nil
}

func (s *streams) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.ended:
		return false
	default:
	}
	if s.open >= s.most {
		return false
	}
	s.open++
	s.running.Add(1)
	return true
}

// start runs what ends with the streams, unless they have ended.
func (s *streams) start(run func(ended <-chan struct{})) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.ended:
	default:
		s.running.Go(func() { run(s.ended) })
	}
}

func (s *streams) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	s.running.Done()
}

// close ends all of them, and waits for them to be gone.
func (s *streams) close() {
	s.mu.Lock()
	select {
	case <-s.ended:
	default:
		close(s.ended)
	}
	s.mu.Unlock()
	s.running.Wait()
}
