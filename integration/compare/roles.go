package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/wampool/wampool/cmd/wampool/bench"
	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/tryout/router"
)

// roles are what this program is when it starts itself again.
var roles = map[string]func(args []string) error{
	"router": playRouter, "answers": playAnswers, "callees": playCallees, "callers": playCallers,
}

const realm, otherRealm = "realm1", "realm2"

var serializers = map[string]codec.Serializer{"json": codec.JSON, "msgpack": codec.MessagePack, "cbor": codec.CBOR}

// playRouter is the demo's router, with TLS if it is given a certificate. It says
// "ready", and its URL.
func playRouter(args []string) error {
	flags := flag.NewFlagSet("router", flag.ContinueOnError)
	certificate := flags.String("certificate", "", "file of the certificate and its key")
	if err := flags.Parse(args); err != nil {
		return err
	}
	url, options := "ws://127.0.0.1:0/ws", router.Options{Realms: []string{realm, otherRealm}}
	if *certificate != "" {
		pair, err := tls.LoadX509KeyPair(*certificate, *certificate)
		if err != nil {
			return err
		}
		url, options.TLS = "wss://127.0.0.1:0/ws", &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13}
	}
	r, err := router.Listen(context.Background(), url, options)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	fmt.Println(r.URL())
	return r.Serve(context.Background())
}

// target reads the flags that callers and callees share.
func target(flags *flag.FlagSet, args []string) (bench.Target, error) {
	url := flags.String("url", "", "where to connect")
	name := flags.String("realm", realm, "realm that they join")
	serializer := flags.String("serializer", "cbor", "json, msgpack or cbor")
	roots := flags.String("roots", "", "file of the certificate that they trust")
	if err := flags.Parse(args); err != nil {
		return bench.Target{}, err
	}
	at := bench.Target{URL: *url, Realm: *name, Serializer: serializers[*serializer]}
	if *roots != "" {
		content, err := os.ReadFile(*roots)
		if err != nil {
			return at, err
		}
		at.TLS = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS13}
		at.TLS.RootCAs.AppendCertsFromPEM(content)
	}
	return at, nil
}

// playCallees registers, says "ready", and answers calls until its input ends.
func playCallees(args []string) error {
	flags := flag.NewFlagSet("callees", flag.ContinueOnError)
	var o bench.CalleeOptions
	flags.IntVar(&o.Callees, "n", 4, "callees")
	flags.StringVar(&o.Procedure, "procedure", "", "what they register")
	flags.StringVar(&o.Invoke, "invoke", "", "REGISTER.Options.invoke")
	flags.IntVar(&o.Concurrency, "concurrency", 0, "REGISTER.Options.concurrency")
	flags.DurationVar(&o.Work, "work", 0, "time for each call")
	at, err := target(flags, args)
	if err != nil {
		return err
	}
	callees, err := bench.Register(context.Background(), at, o)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return json.NewEncoder(os.Stdout).Encode(callees.Stats())
}

// playCallers joins, says "ready", and takes commands from its input: "run
// DURATION IN-FLIGHT" keeps so many calls in flight, "rate DURATION PER-SECOND"
// sends so many whatever comes back. It prints the result of each.
func playCallers(args []string) error {
	flags := flag.NewFlagSet("callers", flag.ContinueOnError)
	var o bench.CallerOptions
	flags.IntVar(&o.Spread, "spread", 4, "callees, where each has a procedure of its own")
	flags.IntVar(&o.Payload, "payload", 100, "bytes of text in each call")
	flags.IntVar(&o.Callers, "n", 1, "connections")
	flags.StringVar(&o.Procedure, "procedure", "", "what they call")
	at, err := target(flags, args)
	if err != nil {
		return err
	}
	callers, err := bench.Dial(context.Background(), at, o)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	for commands := bufio.NewScanner(os.Stdin); commands.Scan(); {
		result, err := obey(callers, commands.Text())
		if err != nil {
			return err
		}
		if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
			return err
		}
	}
	return nil
}

func obey(callers *bench.Callers, command string) (*bench.Result, error) {
	var verb, length string
	var number int
	if _, err := fmt.Sscan(command, &verb, &length, &number); err != nil {
		return nil, err
	}
	duration, err := time.ParseDuration(length)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), duration)
	defer cancel()
	if verb == "rate" {
		return callers.SendAtRate(ctx, float64(number))
	}
	return callers.KeepInFlight(ctx, number)
}
