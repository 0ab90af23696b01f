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
// what it has caused when the socket has no more, or after a few reads: see [Conn.BeforeBlock]. A
// connection that waits holds no buffers, but for what crypto/tls keeps: the
// largest record that it has received, of 16 KiB at most (record.go). It waits below
// TLS, where little stack is in use (inflow.go).
//
// These do nothing but in memory, and wait for no lock that is held over anything
// else, so that they may be called under a lock of the caller's: [Conn.Send],
// [Conn.SendParts], [Conn.Ping], [Conn.Close], [Conn.Abort], [Conn.Confine], [Conn.Buffered], [Conn.Err], [Conn.SetBusy]
// and what only returns what a Conn was made with; [Outbox.Send], [Outbox.SendParts],
// [Outbox.Reserve], [Slot.Fill], [Slot.FillParts], [Slot.Drop], [Outbox.DropReserved]; [Share.Admits], [Share.Sent];
// [Budget.Open], [Account.Add], [Account.Held], [Account.Close]. Where one of them
// ends a connection, a goroutine of its own closes the socket. Not so what flushes,
// reads, or waits for room or for an end.
//
// Framing is either WebSocket's (websocket.go, frame.go), whose handshake is
// the library's, or type and length before each message (rawsocket.go). A
// message that came in one piece is not copied: it is read where the socket's
// bytes lie (inflow.go). A long one is received in a buffer of its own, which those
// who keep the message hold on to, while its reader goes on in another one: [Conn.Keep].
// A long payload leaves from there too: it stands in the send buffer without being
// copied (insert.go), is written with its head by one system call, and is masked there,
// by who flushes, if it goes to a router and is nobody else's ([Parts]). It counts in
// the send buffer's bound and in the account as a copy would.
//
// A message goes on when all of it has come, never before, on sessions of one client
// too. What has begun to leave can't be taken back: RawSocket and a WebSocket's
// frame say their length first, so a sender that stops half way, or whose text turns out
// to be no UTF-8, could only be told to the receiver by the end of its connection. On a
// pool session or a callee's, that is the end of everybody's calls. And whoever stalls
// there holds up what is to leave behind it, pongs and INVOCATIONs of pools included,
// which a client's own session may get at any time. What it would save was measured,
// on a machine that did other work too: 1 MiB each way with one call in flight takes 4.6 ms through wampool on two processors
// that caller, callee and router share, and 6.5 ms through HAProxy, which passes bytes as
// they come; and the memory of 64 such calls is 72 MiB for all of wampool. Over a slow
// link it would save a message's time on the first of the two hops.
//
// The router is dialed before a client is answered, so that both hops speak the
// serializer that the router chose: see [Handshake].
//
// Messages are bounded, and WebSocket's text messages are valid UTF-8. Numbers
// that a peer chooses are compared with what is left of a bound, and never added
// up first. What a connection holds is charged to an [Account] (hold.go), and
// all accounts together have a [Budget]; [Quota] bounds the connections.
package transport
