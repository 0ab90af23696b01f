package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wampool/wampool/codec"
)

// calleesResult is what the callees tell at their end.
type calleesResult struct {
	Calls int64         `json:"calls"`
	Peak  int64         `json:"peak"` // most calls in flight at one callee
	Work  time.Duration `json:"work"` // mean time from INVOCATION to YIELD
}

// callees answer calls with what they got, at once or after some work.
type callees struct {
	work        time.Duration
	calls, peak atomic.Int64
	worked      atomic.Int64 // nanoseconds
}

// playCallees registers, says "ready", and answers calls until its input ends.
func playCallees(args []string) error {
	flags := flag.NewFlagSet("callees", flag.ContinueOnError)
	url := flags.String("url", "", "where to connect")
	n := flags.Int("n", 4, "callees")
	procedure := flags.String("procedure", "", "what they register; %d: the callee's number")
	serializer := flags.String("serializer", "cbor", "json, msgpack or cbor")
	invoke := flags.String("invoke", "", "REGISTER.Options.invoke")
	concurrency := flags.Int("concurrency", 0, "REGISTER.Options.concurrency")
	var c callees
	flags.DurationVar(&c.work, "work", 0, "time for each call")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var fields []codec.Field
	if *invoke != "" {
		fields = append(fields, codec.Field{Key: "invoke", Value: codec.FieldString(*invoke)})
	}
	if *concurrency > 0 {
		fields = append(fields, codec.Field{Key: "concurrency", Value: codec.FieldUint(uint64(*concurrency))})
	}
	var group errgroup.Group
	group.SetLimit(32)
	for i := range *n {
		group.Go(func() error {
			s, err := join(*url, *serializer)
			if err != nil {
				return err
			}
			register := codec.Register{Request: 1, Options: codec.NewDict(s.serializer, fields...), Procedure: numbered(*procedure, i)}
			s.out.Send(s.conn, register.Append(nil, s.serializer))
			if _, err := s.expect(codec.TypeRegistered); err != nil {
				return err
			}
			go c.serve(s)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	result := calleesResult{Calls: c.calls.Load(), Peak: c.peak.Load()}
	if result.Calls > 0 {
		result.Work = time.Duration(c.worked.Load() / result.Calls)
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

// numbered puts a callee's number into a procedure that has room for it.
func numbered(procedure string, i int) string {
	if procedure[len(procedure)-1] == '.' {
		return fmt.Sprintf("%s%d", procedure, i)
	}
	return procedure
}

// serve answers one callee's calls.
func (c *callees) serve(s *session) {
	var m codec.Invocation
	var mu sync.Mutex // of buffer, with work
	var buffer []byte
	var inFlight atomic.Int64
	for {
		message, err := s.conn.Read()
		if err != nil || m.Decode(s.serializer, message) != nil {
			return
		}
		if c.work == 0 {
			answer := codec.Yield{Request: m.Request, Payload: m.Payload}
			buffer = answer.Append(buffer[:0], s.serializer)
			s.out.Send(s.conn, buffer)
			c.calls.Add(1)
			continue
		}
		for now := inFlight.Add(1); ; {
			if most := c.peak.Load(); now <= most || c.peak.CompareAndSwap(most, now) {
				break
			}
		}
		began, request := time.Now(), m.Request
		time.AfterFunc(c.work, func() {
			mu.Lock()
			defer mu.Unlock()
			inFlight.Add(-1)
			c.calls.Add(1)
			c.worked.Add(int64(time.Since(began)))
			answer := codec.Yield{Request: request}
			buffer = answer.Append(buffer[:0], s.serializer)
			if s.conn.Send(buffer) == nil {
				s.conn.Flush()
			}
		})
	}
}
