package proxy

import (
	"fmt"
	"strings"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// URIs of errors and reasons that wampool itself sends ("Basic Profile URIs",
// #name-basic-profile-uris; "Advanced Profile URIs", #name-advanced-profile-uris).
const (
	uriAlreadyExists      = "wamp.error.procedure_already_exists"
	uriAuthentication     = "wamp.error.authentication_failed"
	uriCanceled           = "wamp.error.canceled"
	uriCloseRealm         = "wamp.close.close_realm"
	uriDifferentPolicy    = "wamp.error.procedure_exists_with_different_invocation_policy"
	uriFeature            = "wamp.error.feature_not_supported"
	uriGoodbyeAndOut      = "wamp.close.goodbye_and_out"
	uriInvalidArgument    = "wamp.error.invalid_argument"
	uriNetworkFailure     = "wamp.error.network_failure"
	uriNoCallee           = "wamp.error.no_available_callee"
	uriNoSuchRegistration = "wamp.error.no_such_registration"
	uriPayloadSize        = "wamp.error.payload_size_exceeded"
	uriProtocolViolation  = "wamp.error.protocol_violation"
	uriSystemShutdown     = "wamp.close.system_shutdown"
	uriTimeout            = "wamp.error.timeout"
	uriUnavailable        = "wamp.error.unavailable"
	uriUnregistered       = "wamp.error.unregistered"
)

// refusalURI is the error a refused caller gets. A pool whose callees are all
// busy has an error of its own choice.
func refusalURI(reason dealer.Reason, overload string) string {
	if isOverload(reason) {
		return overload
	}
	switch reason {
	case dealer.ReasonQueueTimeout, dealer.ReasonDeadline:
		return uriTimeout
	case dealer.ReasonNoCallee:
		return uriNoCallee
	case dealer.ReasonCalleeLost, dealer.ReasonCanceled:
		return uriCanceled
	case dealer.ReasonDraining, dealer.ReasonFull:
		return uriUnavailable
	case dealer.ReasonFeature:
		return uriFeature
	}
	panic("proxy: every reason must have an error URI")
}

// isOverload tells whether a call found all callees full.
func isOverload(reason dealer.Reason) bool {
	return reason == dealer.ReasonConcurrency || reason == dealer.ReasonQueueFull || reason == dealer.ReasonQueueBytes
}

// refusalText is the sentence for people.
func refusalText(r dealer.Refusal, procedure string) string {
	if r.Paused && isOverload(r.Reason) {
		return fmt.Sprintf("the pool of %s is paused, and %d calls wait in its queue", procedure, r.Queued)
	}
	switch r.Reason {
	case dealer.ReasonConcurrency:
		return fmt.Sprintf("maximum concurrency %d of all callees of %s reached", r.Limit, procedure)
	case dealer.ReasonQueueFull:
		return fmt.Sprintf("maximum concurrency of all callees of %s reached, and its queue is full with %d calls", procedure, r.Queued)
	case dealer.ReasonQueueBytes:
		return fmt.Sprintf("maximum concurrency of all callees of %s reached, and the %d calls in its queue leave no room within %d bytes",
			procedure, r.Queued, r.Limit)
	case dealer.ReasonDeadline:
		return fmt.Sprintf("the call of %s was not answered within its timeout", procedure)
	case dealer.ReasonQueueTimeout:
		return fmt.Sprintf("no callee of %s became free within %s", procedure, r.Waited.Round(time.Millisecond))
	case dealer.ReasonNoCallee:
		return fmt.Sprintf("no callee of %s is available", procedure)
	case dealer.ReasonCalleeLost:
		return fmt.Sprintf("the callee of %s that had the call disconnected before it answered", procedure)
	case dealer.ReasonCanceled:
		return fmt.Sprintf("the call of %s was canceled", procedure)
	case dealer.ReasonDraining:
		return fmt.Sprintf("the proxy in front of %s is stopping", procedure)
	case dealer.ReasonFull:
		return fmt.Sprintf("no callee of %s has room for a call from another sidecar", procedure)
	case dealer.ReasonFeature:
		return fmt.Sprintf("the callee of %s does not support what the call needs", procedure)
	}
	panic("proxy: every reason must have a text")
}

// refusalPayload is what an ERROR carries: a sentence in Arguments, and in
// ArgumentsKw what a program may want to know.
func refusalPayload(s codec.Serializer, dst []byte, r dealer.Refusal, procedure string) codec.Payload {
	return codec.TextPayload(s, dst, refusalText(r, procedure), []codec.Field{
		{Key: "pool", Value: codec.FieldString(procedure)},
		{Key: "reason", Value: codec.FieldString(r.Reason.String())},
		{Key: "limit", Value: codec.FieldUint(uint64(r.Limit))},                     //nolint:gosec // not negative
		{Key: "queued", Value: codec.FieldUint(uint64(r.Queued))},                   //nolint:gosec // not negative
		{Key: "waited_ms", Value: codec.FieldUint(uint64(r.Waited.Milliseconds()))}, //nolint:gosec // not negative
	})
}

// matchOf is how the registration of a pool's key matches.
func matchOf(key string) string {
	match, _, _ := strings.Cut(key, " ")
	return match
}

// procedureOf is the procedure URI of a pool's key.
func procedureOf(key string) string {
	_, procedure, _ := strings.Cut(key, " ")
	return procedure
}
