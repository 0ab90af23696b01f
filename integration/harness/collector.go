package harness

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Collector is a running OpenTelemetry Collector, as far as it receives OTLP.
type Collector struct {
	t       *testing.T
	process *Process
	grpc    string   // address
	http    string   // address
	printed []string // by those that were killed
}

// Span is a span as the collector has got it.
type Span struct {
	Trace      string `json:"traceId"`
	ID         string `json:"spanId"`
	Parent     string `json:"parentSpanId"`
	Name       string
	Kind       int    // 1: internal, 2: server, 3: client
	Begun      Moment `json:"startTimeUnixNano"`
	Ended      Moment `json:"endTimeUnixNano"`
	Attributes Attributes
	Status     struct{ Code int } // 2: error
	Resource   Attributes
}

// Moment is a time as OTLP's JSON has it.
type Moment struct{ time.Time }

// UnmarshalJSON reads nanoseconds in a string.
func (m *Moment) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	m.Time = time.Unix(0, n)
	return err
}

// Attributes are texts and numbers, as text.
type Attributes map[string]string

// UnmarshalJSON reads a list of keys and values.
func (a *Attributes) UnmarshalJSON(b []byte) error {
	var list []struct {
		Key   string
		Value struct{ StringValue, IntValue string }
	}
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*a = make(Attributes, len(list))
	for _, one := range list {
		(*a)[one.Key] = one.Value.StringValue + one.Value.IntValue
	}
	return nil
}

// collectorBinary is the collector, built by who first asks for it.
var collectorBinary = sync.OnceValues(func() (string, error) {
	file := filepath.Join(temporary, "collector")
	build := Command("go", "build", "-buildvcs=false", "-o", file, ".")
	build.Dir = Path("collector")
	out, err := build.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("the collector can't be built: %w\n%s", err, out)
	}
	return file, err
})

// OwnCollector starts a collector that lives as long as the test.
func OwnCollector(t *testing.T) *Collector {
	t.Helper()
	c := &Collector{t: t, grpc: fmt.Sprintf("127.0.0.1:%d", OwnPort(t)), http: fmt.Sprintf("127.0.0.1:%d", OwnPort(t))}
	c.StartAgain()
	return c
}

// StartAgain starts it where it was.
func (c *Collector) StartAgain() {
	c.t.Helper()
	binary, err := collectorBinary()
	if err != nil {
		c.t.Fatal(err)
	}
	c.process = OwnProcess(c.t, "collector", binary, c.grpc, c.http)
	c.process.Await(c.t, "ready")
}

// Kill ends it as kill -9 does.
func (c *Collector) Kill() {
	c.process.Kill()
	c.printed = append(c.printed, c.process.LinesFrom(0)...)
	c.process = nil
}

// HTTP is where it takes OTLP over HTTP.
func (c *Collector) HTTP() string { return "http://" + c.http }

// GRPC is where it takes OTLP over gRPC.
func (c *Collector) GRPC() string { return "http://" + c.grpc }

// Spans returns what it has got, in order.
func (c *Collector) Spans() (spans []Span) {
	c.t.Helper()
	lines := c.printed
	if c.process != nil {
		lines = append(lines[:len(lines):len(lines)], c.process.LinesFrom(0)...)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		var request struct {
			ResourceSpans []struct {
				Resource   struct{ Attributes Attributes }
				ScopeSpans []struct{ Spans []Span }
			}
		}
		if err := json.Unmarshal([]byte(line), &request); err != nil {
			c.t.Fatalf("%v in %s", err, line)
		}
		for _, from := range request.ResourceSpans {
			for _, scope := range from.ScopeSpans {
				for _, span := range scope.Spans {
					span.Resource = from.Resource.Attributes
					spans = append(spans, span)
				}
			}
		}
	}
	return spans
}
