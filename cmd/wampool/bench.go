package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/wampool/wampool/cmd/wampool/bench"
	"github.com/wampool/wampool/codec"
)

// benchFlags are the options of a measurement as one writes them.
type benchFlags struct {
	bench.Options
	realm, serializer string
	authID, ticketEnv string
	json, quiet       bool
}

var benchSerializers = map[string]codec.Serializer{"json": codec.JSON, "msgpack": codec.MessagePack, "cbor": codec.CBOR}

func newBench(s streams) *cobra.Command {
	var f benchFlags
	command := &cobra.Command{
		Use:   "bench --caller URL [--callee URL]",
		Short: "Measure a router, or wampool before it: calls per second and latencies",
		Long: `Plays callers and callees at any WAMP router. Callers keep --in-flight calls in
flight, or send --rate calls each second whatever comes back; then a call takes as
long as its answer is behind the time that it had to be sent at. Callees answer at
once, or after --work. With --callees 0 the procedure is somebody else's.

What is printed at the end accounts for every call: sent = answered + errors, and
calls lost with a connection, which ends the measurement with exit code 1. Ctrl-C
ends it early.`,
		Example: `  wampool bench --caller ws://127.0.0.1:8080/ws --callee ws://127.0.0.1:9000/ws \
      --callees 4 --invoke roundrobin --concurrency 8 --in-flight 64`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := f.complete(); err != nil {
				return err
			}
			return failed(measure(s, &f))
		},
	}
	flags := command.Flags()
	flags.StringVar(&f.Caller.URL, "caller", "", "where callers connect (ws://, wss://, rs://, unix://)")
	flags.StringVar(&f.Callee.URL, "callee", "", "where callees connect; as the callers, if not given")
	flags.StringVar(&f.realm, "realm", "realm1", "realm that both join")
	flags.StringVar(&f.Callers.Procedure, "procedure", "com.example.bench", "what is called")
	flags.StringVar(&f.serializer, "serializer", "cbor", "json, msgpack or cbor")
	flags.IntVar(&f.Callers.Callers, "callers", 4, "connections that call")
	flags.IntVar(&f.InFlight, "in-flight", 64, "calls in flight, over all callers")
	flags.Float64Var(&f.Rate, "rate", 0, "calls sent each second instead; 0: as fast as answers come")
	flags.IntVar(&f.Callers.Payload, "payload", 100, "bytes of text in each call")
	flags.IntVar(&f.Callees.Callees, "callees", 1, "callees; 0: none of our own")
	flags.StringVar(&f.Callees.Invoke, "invoke", "", "how callees share: roundrobin, random, first, last")
	flags.IntVar(&f.Callees.Concurrency, "concurrency", 0, "most calls in flight that each callee asks for; 0: no limit")
	flags.DurationVar(&f.Callees.Work, "work", 0, "how long a callee takes for a call")
	flags.DurationVar(&f.Warmup, "warmup", time.Second, "before what counts")
	flags.DurationVar(&f.Duration, "duration", 10*time.Second, "how long it lasts")
	flags.StringVar(&f.authID, "authid", "", "who logs in, by ticket")
	flags.StringVar(&f.ticketEnv, "ticket-env", "", "environment variable that holds the ticket")
	flags.BoolVar(&f.json, "json", false, "print the result as JSON")
	flags.BoolVar(&f.quiet, "quiet", false, "no line for each second on standard error")
	return command
}

// complete fills in what follows from the flags, and tells what is wrong.
func (f *benchFlags) complete() error {
	if f.Caller.URL == "" {
		return errors.New("--caller URL is needed: where callers connect")
	}
	if f.Callee.URL == "" {
		f.Callee.URL = f.Caller.URL
	}
	serializer, known := benchSerializers[f.serializer]
	if !known {
		return fmt.Errorf("--serializer %s: it must be json, msgpack or cbor", f.serializer)
	}
	if (f.authID == "") != (f.ticketEnv == "") {
		return errors.New("--authid and --ticket-env belong together")
	}
	ticket := ""
	if f.ticketEnv != "" {
		if ticket = os.Getenv(f.ticketEnv); ticket == "" {
			return fmt.Errorf("--ticket-env: environment variable %s is not set", f.ticketEnv)
		}
	}
	for _, t := range []*bench.Target{&f.Caller, &f.Callee} {
		t.Realm, t.Serializer, t.AuthID, t.Ticket = f.realm, serializer, f.authID, ticket
	}
	f.Callees.Procedure = f.Callers.Procedure
	return f.Check()
}

// measure runs the measurement. A signal ends it early: its result still comes.
func measure(s streams, f *benchFlags) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := s.signals()
	go func() { // ends with the measurement
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	progress := s.err
	if f.quiet {
		progress = io.Discard
	}
	result, err := bench.Run(ctx, f.Options, progress)
	if result == nil {
		return err
	}
	if f.json {
		encoder := json.NewEncoder(s.out)
		encoder.SetIndent("", "  ")
		return errors.Join(err, encoder.Encode(result))
	}
	return errors.Join(err, result.Write(s.out))
}
