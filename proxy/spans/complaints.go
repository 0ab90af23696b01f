package spans

import (
	"github.com/go-logr/logr"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel"
)

// listen has the SDK say in the log what it has to complain of, in the words of its
// own alone: beside them stand values of variables, that may be secret. It is the whole
// process's, and the last one to call listens.
func listen(log zerolog.Logger) {
	otel.SetLogger(logr.New(complaints{log}))
	otel.SetErrorHandler(complaints{log})
}

// complaints is where the SDK complains.
type complaints struct{ log zerolog.Logger }

// Handle takes an error.
func (c complaints) Handle(err error) { c.tell(plain(err)) }

// Error takes an error, of which only what the SDK says of it is told.
func (c complaints) Error(_ error, text string, _ ...any) { c.tell(text) }

func (c complaints) tell(cause string) {
	c.log.Warn().Str("cause", cause).Msg("OpenTelemetry's library complains: look at the OTEL_ variables")
}

// Init is for what this has no use for.
func (complaints) Init(logr.RuntimeInfo) {}

// Enabled is false: what is less than an error is not told.
func (complaints) Enabled(int) bool { return false }

// Info is never called.
func (complaints) Info(int, string, ...any) {}

// WithValues returns the same.
func (c complaints) WithValues(...any) logr.LogSink { return c }

// WithName returns the same.
func (c complaints) WithName(string) logr.LogSink { return c }
