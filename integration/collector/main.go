// Command collector is the OpenTelemetry Collector's receiver of OTLP, over gRPC and
// HTTP at the two addresses that it is given. It prints each request that arrives as a
// line of OTLP's JSON, as the Collector's own exporter to a file does. It is a module of
// its own: nothing of wampool depends on the Collector, of which no more is here than
// that, for the whole of it takes minutes to build.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	metric "go.opentelemetry.io/otel/metric/noop"
	trace "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run receives until a signal comes.
func run(addresses []string) error {
	if len(addresses) != 2 {
		return errors.New("usage: collector GRPC-HOST:PORT HTTP-HOST:PORT")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	received, err := newReceiver(ctx, addresses[0], addresses[1])
	if err != nil {
		return err
	}
	if err := received.Start(ctx, host{}); err != nil {
		return err
	}
	fmt.Println("ready")
	<-ctx.Done()
	return received.Shutdown(context.WithoutCancel(ctx))
}

func newReceiver(ctx context.Context, grpc, http string) (receiver.Traces, error) {
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	if err := confmap.NewFromStringMap(map[string]any{"protocols": map[string]any{
		"grpc": map[string]any{"endpoint": grpc}, "http": map[string]any{"endpoint": http},
	}}).Unmarshal(config); err != nil {
		return nil, err
	}
	printed, err := consumer.NewTraces(printTraces)
	if err != nil {
		return nil, err
	}
	return factory.CreateTraces(ctx, receiver.Settings{ID: component.NewID(factory.Type()), TelemetrySettings: component.TelemetrySettings{
		Logger: zap.NewNop(), TracerProvider: trace.NewTracerProvider(), MeterProvider: metric.NewMeterProvider(), Resource: pcommon.NewResource(),
	}}, config, printed)
}

func printTraces(_ context.Context, traces ptrace.Traces) error {
	line, err := (&ptrace.JSONMarshaler{}).MarshalTraces(traces)
	if err == nil {
		fmt.Println(string(line))
	}
	return err
}

// host has no extensions.
type host struct{}

func (host) GetExtensions() map[component.ID]component.Component { return nil }
