// Package configs reads wampool's configuration, one or several files in HCL or
// its JSON syntax, and hands on what the other packages need as plain typed values.
//
// The shape, with the blocks nested as in the file:
//
//	router { url, timeout_unit, dial_timeout,          the WAMP router behind wampool; exactly one
//	         message_bytes, tls {} }
//	listen "ws://HOST:PORT/PATH" {}                    where clients connect; one or more
//	limits { connections, connections_per_address,     what clients may take
//	         message_bytes, send_buffer, held_bytes,
//	         memory, handshake_timeout,
//	         ping_interval, ping_timeout }
//	realm "NAME" {                                     a realm with a pool session; none: all passes untouched
//	  auth { method, authid, secret }                  the pool session's identity; absent: anonymous
//	  auto                                             pool what callees themselves ask to share
//	  pool "URI" {                                     settings of the procedures governed, above the callee's options
//	    match, policy, concurrency, scope, upstream,
//	    slots_per_share, admit, direct, linger, retry_lost, retries,
//	    overload_error
//	    queue { limit, bytes, timeout }                absent: nothing waits
//	  }
//	}
//	admin { address }                                  where wampool says how it is, over HTTP; absent: nowhere
//	drain_timeout
//	log { level, format }
//
// Durations and sizes are strings with a unit ("30s", "16MiB"). Any value may
// be read from elsewhere with env("NAME") or file("path"), within a string and in a
// label too; a relative path starts at the folder of the file that it stands in.
// Anything else that HCL can compute is refused: a configuration is to be read, not
// to be run.
//
// The way of the files through the package:
//
//	HCL  ─▶ labels ─▶ hclsyntax ─┐
//	                             ├─▶ join ─▶ shape (which names, where) ─▶ values (types, ranges) ─▶ checks across blocks ─▶ Config
//	JSON ─▶ json, by the shape ──┘
//	                └───────────── mistakes, each with its file ──────────────┴──────────────┴──▶ Diagnostics
//
// No step stops at the first mistake: [Diagnostics] has all of them, in the
// order of the files, up to a hundred. What is valid and probably not meant is a
// warning in the Config. No mistake quotes a value that was computed, and what
// the file itself spells out as a secret is redacted in the lines shown.
package configs
