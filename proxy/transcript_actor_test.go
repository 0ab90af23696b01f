package proxy_test

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/wampool/wampool/proxy/transport"
	"github.com/wampool/wampool/proxy/transport/cable"
	"github.com/wampool/wampool/proxy/transport/played"
)

// actor is one end of a connection to wampool, played by the transcript.
type actor struct {
	name    string
	conn    *transport.Conn // nil: it was turned away
	request uint64          // the highest that it has sent
	seen    []heard         // of what it got, that nobody has asked for
	greeted bool            // the transcript has its HELLO
	end     *cable.End      // of the connection, on this side
	got     uint64          // the latest request that it saw, at the router

	mu    sync.Mutex
	came  [][]byte // in JSON
	over  string   // how its connection ended
	isOut bool     // it has ended the connection itself
}

// newActor begins to read a connection.
func newActor(conn *transport.Conn, end *cable.End) *actor {
	a := &actor{conn: conn, end: end}
	go a.read()
	return a
}

// read takes what wampool sends. It ends with the connection.
func (a *actor) read() {
	for {
		message, err := a.conn.Read()
		a.mu.Lock()
		if err != nil {
			if !a.isOut {
				a.over = endBy(err)
			}
			a.mu.Unlock()
			return
		}
		a.came = append(a.came, []byte(played.AsJSON(a.conn.Serializer(), message)))
		a.mu.Unlock()
	}
}

// endBy is how a connection ended, as a transcript writes it.
func endBy(err error) string {
	var closed *transport.CloseError
	var lost *transport.LostError
	switch {
	case errors.As(err, &closed) && closed.Reason == "":
		return fmt.Sprintf("close %d", closed.Code)
	case errors.As(err, &closed):
		return fmt.Sprintf("close %d %q", closed.Code, closed.Reason)
	case errors.As(err, &lost):
		return "lost"
	case errors.Is(err, io.EOF):
		return "close 1000"
	}
	return fmt.Sprintf("close for %q", err)
}

// leave notes that the actor itself ends its connection.
func (a *actor) leave() {
	a.mu.Lock()
	a.isOut = true
	a.mu.Unlock()
}

func (a *actor) isOver() bool {
	if a.conn == nil {
		return true
	}
	select {
	case <-a.conn.Done():
		return true
	default:
		return false
	}
}

// isLeft tells whether it can say no more.
func (a *actor) isLeft() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.isOut || a.isOver()
}
