// Package tryout is empty. Its folders are a small WAMP router and a small WAMP
// client, for the demo, benchmarks and tests: to try wampool out with nothing
// else installed; tryouttest runs both in tests. They are no part of the sidecar,
// which never imports them.
package tryout
