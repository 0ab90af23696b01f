package admin

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// streaming serves one stream, and returns the server's address.
func streaming(t *testing.T, s *streams, write func(ctx context.Context, to *stream)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, "text/plain", write) }), ReadTimeout: time.Minute}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		s.close()
		<-ended
	})
	return listener.Addr().String()
}

func ask(t *testing.T, address string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+address, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

// A reader that does not read is dropped: what is sent to it is waited for no longer
// than it is had patience with.
func TestSlowReader(t *testing.T) {
	s := newStreams()
	s.patience = 10 * time.Millisecond
	dropped := make(chan struct{})
	address := streaming(t, s, func(_ context.Context, to *stream) {
		for to.send(bytes.Repeat([]byte("x"), 1<<20)) {
		}
		close(dropped)
	})
	reader, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	if _, err := io.WriteString(reader, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-dropped // it reads nothing
}

// There is a bound of how many may follow, and a place is free again when one leaves.
func TestManyReaders(t *testing.T) {
	s := newStreams()
	s.most = 2
	left := make(chan struct{})
	address := streaming(t, s, func(ctx context.Context, to *stream) {
		to.send([]byte("x"))
		<-ctx.Done()
		left <- struct{}{}
	})
	first := ask(t, address)
	ask(t, address)
	if third := ask(t, address); third.StatusCode != http.StatusServiceUnavailable || third.Header.Get("Retry-After") == "" {
		t.Errorf("one too many: status %d", third.StatusCode)
	}
	_ = first.Body.Close()
	<-left
	for try := 0; ask(t, address).StatusCode != http.StatusOK; try++ { // as soon as its place is free
		if try == 1000 {
			t.Fatal("the place of who has left is not free")
		}
	}
	go s.close()
	<-left
	<-left
	if after := ask(t, address); after.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("once closed: status %d", after.StatusCode)
	}
}
