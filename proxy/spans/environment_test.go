package spans

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestVariables(t *testing.T) {
	for _, test := range []struct {
		name, value string
		want        string // the error; "": none
	}{
		{envExporter, "zipkin", `trace: OTEL_TRACES_EXPORTER is "zipkin": "otlp", which is the default, and "none" are known here`},
		{envProtocol, "thrift", `trace: OTEL_EXPORTER_OTLP_PROTOCOL is "thrift": known are grpc, http/protobuf, http/json`},
		{envTracesProtocol, "x", `trace: OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is "x": known are grpc, http/protobuf, http/json`},
		{envEndpoint, "127.0.0.1:4318", `trace: OTEL_EXPORTER_OTLP_ENDPOINT must be a URL, as in "http://127.0.0.1:4318"`},
		{envTracesEndpoint, "collector:4318", `trace: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be a URL, as in "http://127.0.0.1:4318"`},
		{envEndpoint, "ftp://collector", `trace: OTEL_EXPORTER_OTLP_ENDPOINT must be a URL of http or https, or OTEL_EXPORTER_OTLP_PROTOCOL be grpc`},
		{envSampler, "sometimes", `trace: OTEL_TRACES_SAMPLER is "sometimes": known are always_on, always_off, traceidratio, ` +
			`parentbased_always_on, parentbased_always_off, parentbased_traceidratio`},
		{envSamplerArg, "1.5", `trace: OTEL_TRACES_SAMPLER_ARG is "1.5": it must be a number from 0 to 1`},
		{envSamplerArg, "NaN", `trace: OTEL_TRACES_SAMPLER_ARG is "NaN": it must be a number from 0 to 1`},
		{envSamplerArg, "half", `trace: OTEL_TRACES_SAMPLER_ARG is "half": it must be a number from 0 to 1`},
		{envExporter, "OTLP", ""},
		{envProtocol, "grpc", ""},
		{envProtocol, "http/protobuf", ""},
		{envProtocol, "http/json", ""},
		{envEndpoint, "https://collector:4318/base", ""},
		{envSampler, "parentbased_always_on", ""},
	} {
		clean(t)
		if test.name == envSamplerArg {
			t.Setenv(envSampler, "traceidratio")
		}
		t.Setenv(test.name, test.value)
		r, err := Start(zerolog.Nop(), "v1")
		if r != nil {
			r.Stop(t.Context())
		}
		if got := fmt.Sprint(err); err == nil && test.want != "" || err != nil && got != test.want {
			t.Errorf("%s=%s: %v; want %q", test.name, test.value, err, test.want)
		}
	}
}

func TestTurnedOff(t *testing.T) {
	for name, value := range map[string]string{envDisabled: "True", envExporter: "none"} {
		clean(t)
		t.Setenv(name, value)
		var log bytes.Buffer
		if r, err := Start(zerolog.New(&log), "v1"); r != nil || err != nil || !strings.Contains(log.String(), name) {
			t.Errorf("%s=%s: %v, %v\n%s", name, value, r, err, &log)
		}
	}
}

// What can be read of a variable holds, and what can't is not shown.
func TestResourceThatCannotBeRead(t *testing.T) {
	clean(t)
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "host.name=h,hunter2")
	var log bytes.Buffer
	var to kept
	r := begun(t, zerolog.New(&log), &to)
	r.Add(&Call{Pool: "a"})
	r.Stop(t.Context())
	got := to.GetSpans()
	if len(got) != 1 || !strings.Contains(got[0].Resource.String(), "service.name=wampool") {
		t.Errorf("got %v", got)
	}
	if text := log.String(); !strings.Contains(text, "OTEL_RESOURCE_ATTRIBUTES can't be read") || strings.Contains(text, "hunter2") {
		t.Errorf("log:\n%s", text)
	}
}

// Headers are secrets, and URLs may hold some.
func TestCausesHoldNoSecret(t *testing.T) {
	clean(t)
	t.Setenv(envHeaders, "api-key=hunter2, other = hunter%203")
	t.Setenv(envTracesHeaders, "nonsense,x=%zzhunter4,=,a=")
	for _, test := range []struct {
		err  error
		want string
	}{
		{&url.Error{Op: "Post", URL: "http://u:hunter2@c/?k=hunter2", Err: errors.New("connection refused")}, "connection refused"},
		{fmt.Errorf("failed to send to http://c/v1/traces: 401 Unauthorized (%w)", errors.New("body: you said hunter2")), "failed to send to http://c/v1/traces: 401 Unauthorized"},
		{status.Error(codes.Unauthenticated, "bad key hunter2, or hunter 3"), "Unauthenticated: bad key …, or …"},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), "the collector does not answer in time"},
		{errors.New(strings.Repeat("ü", 300)), strings.Repeat("ü", 150)},
	} {
		if got := plain(test.err); got != test.want {
			t.Errorf("%v:\n got %s\nwant %s", test.err, got, test.want)
		}
	}
	var log bytes.Buffer
	r, err := Start(zerolog.New(&log), "v1")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop(t.Context())
	otel.Handle(errors.New("what hunter2 said"))
	if text := log.String(); strings.Contains(text, "hunter") || strings.Count(text, "OTEL_ variables") != 4 {
		t.Errorf("log:\n%s", text)
	}
}
