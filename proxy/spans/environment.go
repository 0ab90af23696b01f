package spans

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// Variables that are read here. Most are read by the SDK, which knows what they mean:
// what it would only leave out is refused here.
const (
	envDisabled       = "OTEL_SDK_DISABLED"
	envExporter       = "OTEL_TRACES_EXPORTER"
	envProtocol       = "OTEL_EXPORTER_OTLP_PROTOCOL"
	envTracesProtocol = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
	envEndpoint       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	envTracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	envInsecure       = "OTEL_EXPORTER_OTLP_INSECURE"
	envTracesInsecure = "OTEL_EXPORTER_OTLP_TRACES_INSECURE"
	envHeaders        = "OTEL_EXPORTER_OTLP_HEADERS"
	envTracesHeaders  = "OTEL_EXPORTER_OTLP_TRACES_HEADERS"
	envSampler        = "OTEL_TRACES_SAMPLER"
	envSamplerArg     = "OTEL_TRACES_SAMPLER_ARG"
)

// setting returns the value of a variable, without the blanks around it.
func setting(name string) string { return strings.TrimSpace(os.Getenv(name)) }

// turnedOff returns the variable that says that nothing is to be sent, "" if none does.
func turnedOff() string {
	switch {
	case strings.EqualFold(setting(envDisabled), "true"):
		return envDisabled + "=true"
	case strings.EqualFold(setting(envExporter), "none"):
		return envExporter + "=none"
	}
	return ""
}

// check refuses what can't be meant. It quotes no value that may hold a secret.
func check() error {
	if exporter := setting(envExporter); exporter != "" && !strings.EqualFold(exporter, "otlp") {
		return fmt.Errorf(`%s is %.100q: "otlp", which is the default, and "none" are known here`, envExporter, exporter)
	}
	for _, name := range []string{envEndpoint, envTracesEndpoint} {
		text := setting(name)
		if at, err := url.Parse(text); text != "" && (err != nil || at.Scheme == "" || at.Host == "" && at.Path == "") {
			return errors.New(name + ` must be a URL, as in "http://127.0.0.1:4318"`)
		}
	}
	return nil
}

// newExporter returns what sends spans by the protocol that the variables name:
// http/protobuf by default, as the specification recommends. Nothing is dialed yet.
func newExporter(ctx context.Context) (sdktrace.SpanExporter, error) {
	name := envTracesProtocol
	if setting(name) == "" {
		name = envProtocol
	}
	switch protocol := setting(name); protocol {
	case "grpc":
		if isLocal() {
			return otlptracegrpc.New(ctx, otlptracegrpc.WithInsecure())
		}
		return otlptracegrpc.New(ctx)
	case "", "http/protobuf", "http/json":
		if err := checkHTTP(); err != nil {
			return nil, err
		}
		if isLocal() {
			return otlptracehttp.New(ctx, otlptracehttp.WithInsecure())
		}
		return otlptracehttp.New(ctx)
	default:
		return nil, fmt.Errorf("%s is %.100q: known are grpc, http/protobuf, http/json", name, protocol)
	}
}

// isLocal tells whether spans go to the collector on this machine that the specification
// has for a default, which speaks no TLS: the SDK would.
func isLocal() bool {
	for _, name := range []string{envEndpoint, envTracesEndpoint, envInsecure, envTracesInsecure} {
		if setting(name) != "" {
			return false
		}
	}
	return true
}

// checkHTTP refuses endpoints that HTTP has not.
func checkHTTP() error {
	for _, name := range []string{envEndpoint, envTracesEndpoint} {
		if at, err := url.Parse(setting(name)); err == nil && at.Scheme != "" && at.Scheme != "http" && at.Scheme != "https" {
			return fmt.Errorf("%s must be a URL of http or https, or %s be grpc", name, envProtocol)
		}
	}
	return nil
}

// newResource tells who sends the spans: by default wampool and its version.
func newResource(ctx context.Context, version string) (*resource.Resource, error) {
	return resource.New(ctx,
		resource.WithAttributes(semconv.ServiceName("wampool"), semconv.ServiceVersion(version)),
		resource.WithTelemetrySDK(),
		resource.WithFromEnv(),
	)
}
