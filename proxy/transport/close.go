package transport

import (
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf8"
)

// Codes of close frames (RFC 6455, 7.4.1).
const (
	codeNormal         = 1000
	codeProtocolError  = 1002
	codeUnsupported    = 1003 // text for binary, or the other way round
	codeNoStatus       = 1005 // never in a frame: it had no code
	codeLost           = 1006 // never in a frame: there was none
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

// Close ends the connection in the background: what was sent, then a close frame
// with code and reason (RFC 6455, 7.4; what can't be sent is replaced), then up to
// linger, at most 5 s, for the peer to take it all and answer. For 1005 the close
// frame has no code. For 1006, and over RawSocket always, the end of the stream
// stands for it: that is how a lost connection looks. It returns at once, and does
// nothing where the connection is ending already.
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
	c.gather.Flush()
	c.framing.part(c, code, reason)
	c.end(nil)
}

// mayClose tells whether a code may stand in a close frame (RFC 6455, 7.4).
func mayClose(code int) bool {
	switch code {
	case 1004, codeNoStatus, codeLost:
		return false
	}
	return code >= codeNormal && code <= 1014 || code >= 3000 && code <= 4999
}

// closePayload returns what stands in a close frame.
func closePayload(code int, reason string) []byte {
	if code == codeNoStatus {
		return nil
	}
	if !mayClose(code) {
		code = codeInternalError
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), closeReason(reason)...)
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

// Abort drops the connection. Its reader gets reason.
func (c *Conn) Abort(reason error) { c.end(reason) }

// end ends the connection. cause is why, unless a reason is known already. It may
// be called under any lock, and also from beneath the library: what is not memory
// is left to a goroutine.
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
	c.gather.fall(cause)
	go c.closeSocket()
}

// closeSocket is the rest of the end. It ends itself as soon as the system has
// closed the socket.
func (c *Conn) closeSocket() {
	_ = c.gather.closeSocket()
	if c.bounds.alone {
		c.bounds.account.Close()
	}
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

// Err returns why the connection ended, as Read does, and nil before it has. Its
// socket may be about to be closed.
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
