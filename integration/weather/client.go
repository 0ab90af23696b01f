//go:build linux

package main

import (
	"context"
	crand "crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/tryout/client"
)

// A caller or a worker by wampool's own client, in a process of its own:
// weather call|work URL NAME SERIALIZER N. See clients/weather.py.

const (
	once  = "com.weather.once"  // calls that may run once
	again = "com.weather.again" // calls that may run again
)

const mostOpen = 300 // calls of one caller

// play is the role of this process. It never ends by itself.
func play(args []string) error {
	if len(args) != 5 {
		return fmt.Errorf("a role takes 5 arguments, not %d", len(args))
	}
	var serializer codec.Serializer
	for _, s := range []codec.Serializer{codec.JSON, codec.MessagePack, codec.CBOR} {
		if strings.EqualFold(s.String(), args[3]) {
			serializer = s
		}
	}
	n, err := strconv.Atoi(args[4])
	if err != nil {
		return err
	}
	var role func(*client.Client)
	switch args[0] {
	case "call":
		c := &caller{name: args[2], rate: n, open: make(map[string]time.Time)}
		c.sums.Errors = make(map[string]int)
		go c.report()
		role = c.run
	case "work":
		w := &worker{slots: n}
		w.work.Slots = n
		go w.report()
		role = w.run
	default:
		return fmt.Errorf("no such role: %s", args[0])
	}
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		session, err := client.Dial(ctx, args[1], client.Options{Realm: "realm1", Serializer: serializer})
		cancel()
		if err == nil {
			role(session)
			session.Close()
		}
		time.Sleep(rand.N(time.Second))
	}
}

func say(line any) {
	text, err := json.Marshal(line)
	if err != nil {
		panic("weather: a line must have a form in JSON: " + err.Error())
	}
	fmt.Println(string(text))
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// worker answers calls.
type worker struct {
	slots int

	mu   sync.Mutex
	work work
}

func (w *worker) run(session *client.Client) {
	for _, procedure := range []string{once, again} {
		running := 0 // under mu
		_, err := session.Register(context.Background(), procedure, []codec.Field{
			{Key: "invoke", Value: codec.FieldString("roundrobin")},
			{Key: "concurrency", Value: codec.FieldInt(int64(w.slots))},
		}, func(_ context.Context, in *client.Invocation) (client.Arguments, error) {
			call, check, ms, text, err := argumentsOf(in)
			if err != nil {
				return client.Arguments{}, err
			}
			w.mu.Lock()
			running++
			w.work.Peak = max(w.work.Peak, running)
			if procedure == once {
				w.work.Ran = append(w.work.Ran, call)
			} else {
				w.work.Again = append(w.work.Again, call)
			}
			if digestOf(text) != check {
				w.work.Bad = append(w.work.Bad, "call "+call+" came with another payload")
			}
			w.mu.Unlock()
			time.Sleep(time.Duration(ms) * time.Millisecond)
			w.mu.Lock()
			running--
			w.mu.Unlock()
			return client.Args(call, check, text), nil
		})
		if err != nil {
			return
		}
	}
	<-session.Done()
}

func argumentsOf(in *client.Invocation) (call, check string, ms int64, text string, err error) {
	arguments, err := in.Arguments()
	if err != nil {
		return "", "", 0, "", err
	}
	list := arguments.List
	if len(list) != 4 {
		return "", "", 0, "", fmt.Errorf("%d arguments, not 4", len(list))
	}
	call, a := list[0].(string)
	check, b := list[1].(string)
	ms, c := list[2].(int64)
	text, d := list[3].(string)
	if !a || !b || !c || !d {
		return "", "", 0, "", errors.New("an argument of another type")
	}
	return call, check, ms, text, nil
}

func (w *worker) report() {
	for range time.Tick(200 * time.Millisecond) {
		w.mu.Lock()
		if len(w.work.Ran)+len(w.work.Again)+len(w.work.Bad) > 0 {
			say(map[string]any{"ran": w.work.Ran, "again": w.work.Again, "peak": w.work.Peak, "slots": w.slots, "bad": w.work.Bad})
			w.work.Ran, w.work.Again, w.work.Bad = nil, nil, nil
		}
		w.mu.Unlock()
	}
}

// caller makes calls at a rate.
type caller struct {
	name string
	rate int

	mu   sync.Mutex
	sums sums
	open map[string]time.Time
}

func (c *caller) run(session *client.Client) {
	var calls sync.WaitGroup
	defer calls.Wait()
	for {
		c.mu.Lock()
		open := len(c.open)
		c.mu.Unlock()
		if open < mostOpen {
			calls.Go(func() { c.call(session) })
		}
		select {
		case <-session.Done():
			return
		case <-time.After(time.Duration(rand.ExpFloat64() * float64(time.Second) / float64(c.rate))):
		}
	}
}

func (c *caller) call(session *client.Client) {
	text := payload()
	check, procedure := digestOf(text), [2]string{once, again}[rand.IntN(2)]
	c.mu.Lock()
	c.sums.Sent++
	call := fmt.Sprintf("%s-%d-%d", c.name, os.Getpid(), c.sums.Sent)
	c.open[call] = time.Now()
	c.mu.Unlock()
	result, err := session.Call(context.Background(), procedure, nil, client.Args(call, check, rand.IntN(60), text))
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, call)
	var answer *client.Error
	switch {
	case errors.As(err, &answer):
		c.sums.Errors[answer.URI]++
	case err != nil:
		c.sums.Lost++
	default:
		c.sums.Results++
		arguments, err := result.Arguments()
		if err != nil || len(arguments.List) != 3 || arguments.List[0] != call || arguments.List[1] != check || arguments.List[2] != text {
			c.sums.Bad = append(c.sums.Bad, "call "+call+" came back with another payload")
		}
	}
}

func (c *caller) report() {
	for range time.Tick(time.Second) {
		c.mu.Lock()
		oldest := time.Now()
		for _, since := range c.open {
			if since.Before(oldest) {
				oldest = since
			}
		}
		say(map[string]any{
			"sent": c.sums.Sent, "results": c.sums.Results, "errors": c.sums.Errors, "lost": c.sums.Lost,
			"open": len(c.open), "oldest": time.Since(oldest).Seconds(), "bad": c.sums.Bad,
		})
		c.sums.Bad = nil
		c.mu.Unlock()
	}
}

// payload is a text of any length, mostly short.
func payload() string {
	longest := 1000
	switch chance := rand.Float64(); {
	case chance < 0.6:
		longest = 100
	case chance > 0.99:
		longest = 300_000
	case chance > 0.9:
		longest = 20_000
	}
	return []string{"a", "é", "€", "𝄞"}[rand.IntN(4)] + strings.Repeat("x", rand.IntN(longest)) + crand.Text()
}
