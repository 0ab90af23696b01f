// Package transport carries WAMP messages over WebSocket and RawSocket: the
// listening side, the dialing side and the connection that both give.
//
//	Send ─▶ framing ─▶ gather (memory) ── Flush ─▶ (TLS) ─▶ TCP or Unix socket
//	Read ◀─ framing ◀─ (TLS) ◀─ gather (read-ahead) ◀────── TCP or Unix socket
//
// Sending appends to a bounded buffer and never blocks, so nobody waits for
// another's slow socket: who lets it fill up is dropped. A reader whose messages
// go to a slow socket may stop before that, until there is room (room.go). A
// message that is yet to be made can have its place reserved (slot.go). Flushing
// seals what has gathered, where there is TLS (seal.go), and writes it in one
// system call, on the goroutine that asks for it; only what the socket does not
// take at once is left to a goroutine of the connection (gather_write.go). A
// reader gets all messages that one read of the socket has brought, and flushes
// what it has caused when it is about to wait for more: see [Conn.BeforeBlock]. A
// connection that waits holds no buffers, but for what crypto/tls keeps of the
// largest record that it has received.
//
// These do nothing but in memory, and wait for no lock that is held over anything
// else, so that they may be called under a lock of the caller's: [Conn.Send],
// [Conn.Close], [Conn.Abort], [Conn.Confine], [Conn.Buffered], [Conn.Err], [Conn.SetBusy]
// and what only returns what a Conn was made with; [Outbox.Send], [Outbox.Reserve],
// [Slot.Fill], [Slot.Drop], [Outbox.DropReserved]; [Share.Admits], [Share.Sent];
// [Budget.Open], [Account.Add], [Account.Held], [Account.Close]. Where one of them
// ends a connection, a goroutine of its own closes the socket. Not so what flushes,
// reads, or waits for room or for an end.
//
// Framing is either WebSocket's (websocket.go, frame.go), whose handshake is
// the library's, or type and length before each message (rawsocket.go). A
// message that came in one piece is not copied: it is read where the socket's
// bytes lie (inflow.go). A long one is received in a buffer of its own, which those
// who keep the message hold on to, while its reader goes on in another one: [Conn.Keep].
//
// The router is dialed before a client is answered, so that both hops speak the
// serializer that the router chose: see [Handshake].
//
// Messages are bounded, and WebSocket's text messages are valid UTF-8. Numbers
// that a peer chooses are compared with what is left of a bound, and never added
// up first. What a connection holds is charged to an [Account] (hold.go), and
// all accounts together have a [Budget]; [Quota] bounds the connections.
package transport
