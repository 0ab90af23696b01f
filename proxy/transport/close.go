package transport

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Codes of close frames (RFC 6455, 7.4.1).
const (
	codeNormal         = 1000
	codeProtocolError  = 1002
	codeUnsupported    = 1003 // text for binary, or the other way round
	codeNoStatus       = 1005 // never in a frame
	codeInvalidPayload = 1007 // text that is not UTF-8
	codePolicy         = 1008
	codeTooLarge       = 1009
	codeInternalError  = 1011
)

const (
	// faultLinger is how long a peer that broke the protocol may take to answer
	// the close frame that tells it so.
	faultLinger = time.Second

	// leastLinger lets a close frame out at all.
	leastLinger = 10 * time.Millisecond

	// longestReason of a close frame, in bytes (RFC 6455, 5.5).
	longestReason = 123
)

// Close ends the connection in good order, in the background: what was sent,
// then a close frame with code and reason (RFC 6455, 7.4; what can't be sent is
// replaced), or over RawSocket the end of the stream, then up to linger, at most
// 5 s, for the peer to take it all and answer. It returns at once, and does nothing where the connection is ending
// already.
func (c *Conn) Close(code int, reason string, linger time.Duration) {
	c.leave(code, reason, linger, ErrClosed)
}

// leave begins the close handshake. cause is what the connection ended of.
func (c *Conn) leave(code int, reason string, linger time.Duration, cause error) {
	c.sending.Lock() // nothing is written behind the goodbye
	defer c.sending.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.Load() != open {
		return
	}
	c.reason = cause
	c.state.Store(leaving)
	c.closing.Add(1)
	go c.closeHandshake(code, reason, linger)
}

// closeHandshake writes what is left, says goodbye and waits for the peer. It
// ends after linger at the latest, for then nothing can be read or written any
// more.
func (c *Conn) closeHandshake(code int, reason string, linger time.Duration) {
	defer c.closing.Done()
	_ = c.gather.SetDeadline(time.Now().Add(max(linger, leastLinger)))
	c.gather.setMode(parting)
	c.gather.Flush()
	c.framing.part(code, reason)
	c.end(nil)
}

// mayClose tells whether a code may stand in a close frame (RFC 6455, 7.4).
func mayClose(code int) bool {
	switch code {
	case 1004, codeNoStatus, 1006:
		return false
	}
	return code >= codeNormal && code <= 1014 || code >= 3000 && code <= 4999
}

// closeCode returns what is said instead of a code that may not be.
func closeCode(code int) int {
	switch {
	case code == codeNoStatus:
		return codeNormal
	case mayClose(code):
		return code
	}
	return codeInternalError
}

func closeReason(reason string) string {
	reason = strings.ToValidUTF8(reason, "?")
	if len(reason) <= longestReason {
		return reason
	}
	end := longestReason
	for !utf8.RuneStart(reason[end]) {
		end--
	}
	return reason[:end]
}

// Abort drops the connection at once. Its reader gets reason.
func (c *Conn) Abort(reason error) { c.end(reason) }

// end closes the socket. cause is why, unless a reason is known already. It
// blocks on nothing, and may be called from anywhere, also from beneath the library.
func (c *Conn) end(cause error) {
	c.mu.Lock()
	if c.state.Load() == ended {
		c.mu.Unlock()
		return
	}
	if c.reason == nil {
		c.reason = cause
	}
	cause = c.reason
	c.state.Store(ended)
	c.mu.Unlock()
	c.keepalive.remove(c)
	c.gather.owner.Store(nil)
	_ = c.gather.shut(cause)
	close(c.done)
}

// notOpen returns why the connection is not open any more, nil if it is.
func (c *Conn) notOpen() error {
	if c.state.Load() == open {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason
}

// Done is closed when the connection has ended: its socket is closed.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err returns why the connection ended, as Read does, and nil before it has.
func (c *Conn) Err() error {
	if c.state.Load() != ended {
		return nil
	}
	return c.notOpen()
}

// Wait returns when the connection has ended, and all goroutines of its own have.
func (c *Conn) Wait() {
	<-c.done
	c.closing.Wait()
	c.gather.wait()
}
