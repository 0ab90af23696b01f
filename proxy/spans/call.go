package spans

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Call is a call that has ended.
type Call struct {
	Parent        Parent
	Realm         string
	Pool          string // the procedure as registered, and before it how it matches where that is not exact
	Origin        string // router, direct, peer
	Caller        uint64 // session, of a direct call; 0: it is unknown
	Request       uint64 // as its origin knows it
	Callee        uint64 // session that had it last; 0: it is unknown, or none had it
	AuthID        string // of the callee
	Peer          string // the sidecar that it was forwarded to; "": to none
	CalleeRequest uint64 // as the callee knows it; 0: none had it when it ended
	Outcome       string
	IsFault       bool   // the outcome is neither a result nor the caller's own doing
	Error         string // URI of the ERROR that was the answer; "": there was none
	Bytes         int    // of its message
	Ended         time.Time
	Waited        time.Duration // from its arrival
	Ran           time.Duration // behind that
}

// Attributes that the conventions have no word for.
const (
	attributeRealm         = attribute.Key("wamp.realm")
	attributeRequest       = attribute.Key("wamp.request.id")
	attributeCaller        = attribute.Key("wamp.caller.session")
	attributeCallee        = attribute.Key("wamp.callee.session")
	attributeCalleeAuthID  = attribute.Key("wamp.callee.authid")
	attributeCalleeRequest = attribute.Key("wamp.callee.request.id")
	attributeOrigin        = attribute.Key("wampool.origin")
	attributeOutcome       = attribute.Key("wampool.outcome")
	attributePeer          = attribute.Key("wampool.peer")
	attributeBytes         = attribute.Key("wampool.call.bytes")
)

// wamp is the system that is called; the conventions leave it to others to name theirs.
var wamp = semconv.RPCSystemNameKey.String("wamp")

// record makes spans of a call.
func (r *Recorder) record(c *Call) {
	begun := c.Ended.Add(-c.Waited - c.Ran)
	r.ids.trace = c.Parent.trace
	ctx, span := r.tracer.Start(c.Parent.context(), c.Pool,
		trace.WithTimestamp(begun), trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(c.attributes()...))
	if c.IsFault {
		span.SetStatus(codes.Error, c.Outcome)
	}
	dispatched := begun.Add(c.Waited)
	if c.Waited > 0 {
		r.child(ctx, "wait", begun, dispatched, trace.SpanKindInternal)
	}
	if c.CalleeRequest != 0 {
		r.child(ctx, "run", dispatched, c.Ended, trace.SpanKindClient)
	}
	span.End(trace.WithTimestamp(c.Ended))
}

func (r *Recorder) child(ctx context.Context, name string, from, to time.Time, kind trace.SpanKind) {
	_, span := r.tracer.Start(ctx, name, trace.WithTimestamp(from), trace.WithSpanKind(kind))
	span.End(trace.WithTimestamp(to))
}

func (c *Call) attributes() []attribute.KeyValue {
	attributes := append(make([]attribute.KeyValue, 0, 14),
		wamp, semconv.RPCMethod(c.Pool), attributeRealm.String(c.Realm), attributeOrigin.String(c.Origin),
		number(attributeRequest, c.Request), attributeOutcome.String(c.Outcome), attributeBytes.Int(c.Bytes),
	)
	if c.Caller != 0 {
		attributes = append(attributes, number(attributeCaller, c.Caller))
	}
	if c.CalleeRequest != 0 {
		attributes = append(attributes, number(attributeCalleeRequest, c.CalleeRequest))
	}
	if c.Callee != 0 {
		attributes = append(attributes, number(attributeCallee, c.Callee), attributeCalleeAuthID.String(c.AuthID))
	}
	if c.Peer != "" {
		attributes = append(attributes, attributePeer.String(c.Peer))
	}
	if c.Error != "" {
		attributes = append(attributes, semconv.RPCResponseStatusCode(c.Error))
	}
	if c.IsFault {
		attributes = append(attributes, semconv.ErrorTypeKey.String(c.Outcome))
	}
	return attributes
}

// number is an ID, which is at most 2^53.
func number(key attribute.Key, id uint64) attribute.KeyValue { return key.Int64(int64(id)) } //nolint:gosec // see above
