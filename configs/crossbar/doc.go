// Package crossbar reads the configuration of a Crossbar.io node, in JSON or YAML,
// and writes the configuration of a wampool that stands before it.
//
//	config.json ─▶ node ─▶ doors (where clients connect) ─▶ the one that wampool dials ─▶ router, listen, limits
//	                 │                                          └─ its logins ──┐
//	                 └───▶ realms ─▶ roles, call-queue ─────────────────────────┴──────▶ realm, auth, pool
//	                 └───▶ what nobody has looked at ──────────────────────────────────▶ comments
//
// A wampool stands before one door: its clients log in there, as that door has it.
// What has no counterpart is named in a comment, with its place and line; secrets
// are never copied. Whatever the source holds, what comes out is read by
// [configs.Parse], but for environment variables that have to be set.
package crossbar
