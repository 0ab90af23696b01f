package spans

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Parent is the span that a call was made in, as its caller says; zero: none.
type Parent struct {
	trace trace.TraceID
	span  trace.SpanID // zero: the call begins the trace
	flags trace.TraceFlags
}

// maxTraceparent is the longest text that is looked at, in bytes. Version 00 has 55;
// those to come may have more.
const maxTraceparent = 256

// ParseParent reads a traceparent (W3C Trace Context, section 3.2). It is false for what
// is none.
func ParseParent(text []byte) (Parent, bool) {
	if len(text) > maxTraceparent {
		return Parent{}, false
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), traceparent(text))
	c := trace.SpanContextFromContext(ctx)
	return Parent{c.TraceID(), c.SpanID(), c.TraceFlags()}, c.IsValid()
}

// traceparent is all that a call has of what HTTP has in headers.
type traceparent string

// Get returns the traceparent by its name.
func (t traceparent) Get(key string) string {
	if key == "traceparent" {
		return string(t)
	}
	return ""
}

// Set is for who passes a context on.
func (traceparent) Set(string, string) {}

// Keys lists the one name.
func (traceparent) Keys() []string { return []string{"traceparent"} }

// context returns what a span of the call begins in.
func (p *Parent) context() context.Context {
	if !p.span.IsValid() {
		return context.Background()
	}
	return trace.ContextWithRemoteSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: p.trace, SpanID: p.span, TraceFlags: p.flags, Remote: true,
	}))
}
