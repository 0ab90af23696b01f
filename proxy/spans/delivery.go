package spans

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc/status"
)

// delivery sends spans, and tells in the log when they can't be sent. Its errors are
// its own affair: the SDK sees none, and has nothing to tell.
type delivery struct {
	exporter sdktrace.SpanExporter
	life     context.Context // ends when nobody waits for what is sent any more
	losses   *losses
}

// ExportSpans sends some. Those that can't be sent are lost.
func (d *delivery) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.life, cancel)()
	if err := d.exporter.ExportSpans(ctx, spans); err != nil {
		d.losses.unsent(len(spans), err)
	} else {
		d.losses.sent()
	}
	return nil
}

// Shutdown ends the connection to the collector.
func (d *delivery) Shutdown(ctx context.Context) error { return d.exporter.Shutdown(ctx) }

// tellEvery is how often it is told at most that calls or spans are lost.
const tellEvery = time.Minute

// losses counts what is lost, and tells of it: at first, and then once a minute.
type losses struct {
	log zerolog.Logger

	mu    sync.Mutex
	calls uint64 // that there was no room for, since it was told last
	spans uint64 // that could not be sent
	cause string // why not
	told  time.Time
	isBad bool // what was told last is that something is lost
}

// overrun notes calls that there was no room for.
func (l *losses) overrun(calls uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls += calls
	l.tell(false)
}

// unsent notes spans that could not be sent.
func (l *losses) unsent(spans int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spans += uint64(spans) //nolint:gosec // not negative
	l.cause = plain(err)
	l.tell(false)
}

// sent notes that spans can be sent.
func (l *losses) sent() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isBad {
		l.log.Info().Uint64("spans_lost", l.spans).Uint64("calls_lost", l.calls).Msg("traces are sent again")
		l.isBad, l.spans, l.calls = false, 0, 0
	}
	l.cause = ""
}

// last tells what has not been told.
func (l *losses) last() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell(true)
}

func (l *losses) tell(now bool) {
	if l.calls+l.spans == 0 || !now && time.Since(l.told) < tellEvery {
		return
	}
	line := l.log.Warn().Uint64("spans_lost", l.spans).Uint64("calls_lost", l.calls)
	if l.cause != "" {
		line = line.Str("cause", l.cause)
	}
	line.Msg("traces are lost: no call is affected")
	l.told, l.isBad, l.spans, l.calls = time.Now(), true, 0, 0
}

// maxCause is the longest cause that is logged, in bytes.
const maxCause = 300

// plain is what an error of an exporter says, less what may be secret: URLs, what the
// collector answers beside its status, and the values of the headers.
func plain(err error) string {
	text := err.Error()
	var at *url.Error
	switch from, isStatus := status.FromError(err); {
	case errors.Is(err, context.DeadlineExceeded):
		text = "the collector does not answer in time"
	case errors.Is(err, context.Canceled):
		text = "given up at the end"
	case errors.As(err, &at):
		text = at.Err.Error()
	case isStatus:
		text = from.Code().String() + ": " + from.Message()
	default:
		text, _, _ = strings.Cut(text, "body: ")
		text = strings.TrimRight(text, " (")
	}
	for _, name := range []string{envHeaders, envTracesHeaders} {
		text = withoutHeaders(text, os.Getenv(name))
	}
	return strings.ToValidUTF8(text[:min(len(text), maxCause)], "")
}

// withoutHeaders conceals the values of headers, in the form of the variables.
func withoutHeaders(text, headers string) string {
	for header := range strings.SplitSeq(headers, ",") {
		_, value, _ := strings.Cut(header, "=")
		if value = strings.TrimSpace(value); value == "" {
			continue
		}
		text = strings.ReplaceAll(text, value, "…")
		if unescaped, err := url.PathUnescape(value); err == nil {
			text = strings.ReplaceAll(text, unescaped, "…")
		}
	}
	return text
}
