package spans

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// The SDK would sample a call when it makes a span of it. It is done before, for calls
// that are left out are to cost next to nothing; so the samplers of the variables are
// chosen here, and the trace that a call begins is.

// newSampler returns the sampler that the variables name: by default all calls are
// taken, less those whose callers say that they are not sampled.
func newSampler() (sdktrace.Sampler, error) {
	name := strings.ToLower(setting(envSampler))
	switch name {
	case "", "parentbased_always_on":
		return sdktrace.ParentBased(sdktrace.AlwaysSample()), nil
	case "parentbased_always_off":
		return sdktrace.ParentBased(sdktrace.NeverSample()), nil
	case "always_on":
		return sdktrace.AlwaysSample(), nil
	case "always_off":
		return sdktrace.NeverSample(), nil
	case "traceidratio", "parentbased_traceidratio":
	default:
		return nil, fmt.Errorf("%s is %.100q: known are %s", envSampler, name, strings.Join(samplers, ", "))
	}
	ratio := 1.0
	if argument := setting(envSamplerArg); argument != "" {
		var err error
		if ratio, err = strconv.ParseFloat(argument, 64); err != nil || !(ratio >= 0 && ratio <= 1) {
			return nil, fmt.Errorf("%s is %.100q: it must be a number from 0 to 1", envSamplerArg, argument)
		}
	}
	if name == "traceidratio" {
		return sdktrace.TraceIDRatioBased(ratio), nil
	}
	return sdktrace.ParentBased(sdktrace.TraceIDRatioBased(ratio)), nil
}

var samplers = []string{
	"always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio",
}

// Sample tells whether a call that was made in a span is to be traced, by [Recorder.Add].
// One that was made in none gets the trace that it begins.
func (r *Recorder) Sample(p *Parent) bool {
	ctx := p.context()
	if !p.trace.IsValid() {
		p.trace = newTraceID()
	}
	return r.sampler.ShouldSample(sdktrace.SamplingParameters{ParentContext: ctx, TraceID: p.trace}).Decision == sdktrace.RecordAndSample
}

func newTraceID() (id trace.TraceID) {
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
		binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	}
	return id
}

func newSpanID() (id trace.SpanID) {
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:], rand.Uint64())
	}
	return id
}

// ids gives spans their IDs ([sdktrace.IDGenerator]): those that begin a trace, the one
// that was chosen for it. Whoever makes spans has it alone.
type ids struct{ trace trace.TraceID }

func (i *ids) NewIDs(context.Context) (trace.TraceID, trace.SpanID) { return i.trace, newSpanID() }

func (*ids) NewSpanID(context.Context, trace.TraceID) trace.SpanID { return newSpanID() }
