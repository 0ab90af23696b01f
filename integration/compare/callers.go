package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wampool/wampool/codec"
)

// callersResult is what came of one measurement.
type callersResult struct {
	Calls  int64            `json:"calls"` // answered by RESULT
	Errors map[string]int64 `json:"errors"`
	Took   time.Duration    `json:"took"`
	P50    time.Duration    `json:"p50"`
	P99    time.Duration    `json:"p99"`
}

// callers send calls over some connections, each with its share in flight.
type callers struct {
	procedures [][]byte // in turn
	payload    codec.Payload
	sessions   []*caller
}

// caller is one connection, under its lock but for what its reader owns.
type caller struct {
	*session
	mu       sync.Mutex
	last     uint64
	began    map[uint64]time.Time
	open     bool // one answer, one new call
	result   callersResult
	latency  []time.Duration
	buffer   []byte
	idle     chan struct{} // nothing is in flight
	callers  *callers
	inFlight int
}

// playCallers joins, says "ready", and takes commands from its input: "run
// DURATION IN-FLIGHT" keeps so many calls in flight, "rate DURATION PER-SECOND"
// sends so many whatever comes back. It prints a callersResult for each.
func playCallers(args []string) error {
	flags := flag.NewFlagSet("callers", flag.ContinueOnError)
	url := flags.String("url", "", "where to connect")
	n := flags.Int("n", 1, "connections")
	procedure := flags.String("procedure", "", "what they call; with . at its end, the procedures that end with 0 to 3")
	serializer := flags.String("serializer", "cbor", "json, msgpack or cbor")
	bytes := flags.Int("payload", 100, "bytes of text")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c := &callers{
		sessions: make([]*caller, *n),
		payload:  codec.TextPayload(serializers[*serializer], nil, strings.Repeat("x", *bytes), nil),
	}
	for i := range 4 {
		c.procedures = append(c.procedures, []byte(numbered(*procedure, i)))
	}
	var group errgroup.Group
	group.SetLimit(32)
	for i := range c.sessions {
		group.Go(func() error {
			s, err := join(*url, *serializer)
			if err != nil {
				return err
			}
			c.sessions[i] = &caller{session: s, began: make(map[uint64]time.Time), idle: make(chan struct{}, 1), callers: c}
			go c.sessions[i].read()
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	fmt.Println("ready")
	for commands := bufio.NewScanner(os.Stdin); commands.Scan(); {
		var verb, length string
		var number int
		if _, err := fmt.Sscan(commands.Text(), &verb, &length, &number); err != nil {
			return err
		}
		duration, err := time.ParseDuration(length)
		if err != nil {
			return err
		}
		if err := json.NewEncoder(os.Stdout).Encode(c.measure(verb, duration, number)); err != nil {
			return err
		}
	}
	return nil
}

func (c *callers) measure(verb string, duration time.Duration, number int) *callersResult {
	began := time.Now()
	if verb == "rate" {
		c.sendAtRate(duration, number)
	} else {
		for i, s := range c.sessions {
			s.begin(number/len(c.sessions) + min(1, max(0, number%len(c.sessions)-i)))
		}
		time.Sleep(duration)
	}
	total := &callersResult{Errors: make(map[string]int64)}
	var latency []time.Duration
	for _, s := range c.sessions {
		latency = append(latency, s.end(total)...)
	}
	total.Took = time.Since(began)
	if slices.Sort(latency); len(latency) > 0 {
		total.P50, total.P99 = latency[len(latency)/2], latency[len(latency)*99/100]
	}
	return total
}

// sendAtRate sends calls evenly, in steps of a millisecond.
func (c *callers) sendAtRate(duration time.Duration, perSecond int) {
	began, sent := time.Now(), 0
	for tick := time.NewTicker(time.Millisecond); ; <-tick.C {
		passed := min(time.Since(began), duration)
		for due := int(passed.Seconds() * float64(perSecond)); sent < due; sent++ {
			s := c.sessions[sent%len(c.sessions)]
			s.mu.Lock()
			s.call(func(message []byte) { _ = s.conn.Send(message) })
			s.mu.Unlock()
			s.conn.Flush()
		}
		if passed == duration {
			tick.Stop()
			return
		}
	}
}

// begin puts calls in flight; each answer is followed by another one.
func (s *caller) begin(inFlight int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = true
	for range inFlight {
		s.call(func(message []byte) { _ = s.conn.Send(message) })
	}
	s.conn.Flush()
}

// call sends one call. s.mu is held.
func (s *caller) call(send func([]byte)) {
	s.last++
	s.inFlight++
	s.began[s.last] = time.Now()
	m := codec.Call{Request: s.last, Procedure: s.callers.procedures[s.last%4], Payload: s.callers.payload}
	s.buffer = m.Append(s.buffer[:0], s.serializer)
	send(s.buffer)
}

// end waits for the answers, adds them up and returns how long they took.
func (s *caller) end(total *callersResult) []time.Duration {
	s.mu.Lock()
	s.open = false
	for s.inFlight > 0 {
		s.mu.Unlock()
		<-s.idle
		s.mu.Lock()
	}
	defer s.mu.Unlock()
	total.Calls += s.result.Calls
	for uri, n := range s.result.Errors {
		total.Errors[uri] += n
	}
	latency := s.latency
	s.result, s.latency = callersResult{}, nil
	return latency
}

// maxSamples bounds the latencies that one connection remembers.
const maxSamples = 1 << 20

// read takes the answers.
func (s *caller) read() {
	for {
		message, err := s.conn.Read()
		if err != nil {
			fmt.Fprintln(os.Stderr, "caller:", err)
			os.Exit(1)
		}
		s.take(message)
	}
}

func (s *caller) take(message []byte) {
	t, _ := codec.PeekType(s.serializer, message)
	element := 1
	if t == codec.TypeError {
		element = 2
	}
	id, err := codec.ID(s.serializer, message, element)
	s.mu.Lock()
	defer s.mu.Unlock()
	began, known := s.began[id]
	if err != nil || !known {
		fmt.Fprintf(os.Stderr, "caller: %s for nobody: %q\n", t, message)
		os.Exit(1)
	}
	delete(s.began, id)
	s.inFlight--
	if t == codec.TypeResult {
		s.result.Calls++
		if len(s.latency) < maxSamples {
			s.latency = append(s.latency, time.Since(began))
		}
	} else {
		var m codec.Error
		_ = m.Decode(s.serializer, message)
		if s.result.Errors == nil {
			s.result.Errors = make(map[string]int64)
		}
		s.result.Errors[string(m.URI)]++
	}
	if s.open {
		s.call(func(message []byte) { s.out.Send(s.conn, message) })
	} else if s.inFlight == 0 {
		select {
		case s.idle <- struct{}{}:
		default:
		}
	}
}
