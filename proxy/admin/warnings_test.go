package admin_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/proxy/admin"
)

func TestWarningLog(t *testing.T) {
	var written bytes.Buffer
	kept := admin.NewWarningLog(&written)
	log := zerolog.New(kept).With().Timestamp().Logger()
	log.Info().Msg("calm")
	log.Warn().Str("procedure", "p").Int("queued", 3).Msg("call refused")
	log.Error().Str("stack", strings.Repeat("x", 10_000)).Msg("internal error")
	latest, all := kept.Latest()
	if all != 2 || len(latest) != 2 || kept.Count() != 2 || strings.Count(written.String(), "\n") != 3 {
		t.Fatalf("kept is %+v of %d; written is %d bytes", latest, all, written.Len())
	}
	if w := latest[0]; w.Message != "call refused" || w.Level != "warn" || w.Time == 0 || w.Number != 1 || len(w.Fields) != 2 || w.Fields["procedure"] != "p" {
		t.Errorf("the first is %+v", w)
	}
	if w := latest[1]; w.Message != "internal error" || w.Level != "error" || len(w.Fields) != 0 {
		t.Errorf("the long one is %+v", w)
	}
	for range 200 {
		log.Warn().Msg("again")
	}
	if latest, all := kept.Latest(); all != 202 || len(latest) != 100 || latest[99].Number != 202 || latest[0].Number != 103 {
		t.Errorf("%d are kept of %d", len(latest), all)
	}
}
