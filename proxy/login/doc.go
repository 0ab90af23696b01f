// Package login is the client's side of WAMP's authentication methods
// ("Authentication Methods", #name-authentication-methods), as functions of what the
// router sends and, for SCRAM, of a random nonce. It touches neither a socket nor a
// file.
//
//	Login.Fields ──▶ HELLO ──▶ router
//	Login.Answer ◀── CHALLENGE ◀──┤   not for anonymous
//	      └────▶ AUTHENTICATE ──▶ ┤
//	Login.Accept ◀── WELCOME ◀────┤
//	Login.Refuse ◀── ABORT ◀──────┘
//
// A [Login] serves one attempt. It holds the secret in memory until it is
// dropped; no error of it holds the secret, nor what is derived from it.
//
// What a router asks for is bounded: neither a careless nor a hostile one makes
// a login take more than a few seconds of CPU time and maxMemoryKiB of memory.
// Channel binding is not done ("TLS Channel Binding", #name-tls-channel-binding).
package login
