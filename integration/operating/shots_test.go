package operating

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/wampool/wampool/integration/harness"
)

var shots = flag.String("shots", "", "folder for pictures of the page, to be looked at; the test is left out without")

// TestScreenshots takes pictures of the page at 50 pools with 200 callees each: light and
// dark, of a desktop and of a phone.
func TestScreenshots(t *testing.T) {
	if *shots == "" {
		t.Skip("no folder for them: -shots DIR")
	}
	const pools, callees = 50, 200
	c := harness.SharedCrossbar(t)
	w := crowd(t, c.URL(), pools, callees)
	caller := harness.Library(t, "asyncio").Join(t, c.URL(), nil)
	for n := range 230 {
		caller.Call("com.example.p00", n)
		caller.Call(fmt.Sprintf("com.example.p%02d", n%pools), n)
	}
	harness.Settled(t, caller)
	p := open(t, "http://"+w.Admin()+"/")
	p.until(`document.querySelectorAll("tbody tr").length >= 50`, "true")
	for _, view := range []struct{ name, hash string }{{"pools", "#/"}, {"pool", "#/pool/realm1/exact/com.example.p00"}, {"sessions", "#/sessions"}, {"warnings", "#/log"}} {
		p.do(fmt.Sprintf("location.hash = %q", view.hash))
		p.until(`document.querySelector("main h1") !== null`, "true")
		<-time.After(3 * time.Second) // some of its history
		for _, scheme := range []string{"light", "dark"} {
			if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			}); err != nil {
				t.Fatal(err)
			}
			for _, width := range []int64{1280, 375} {
				p.shoot(width, filepath.Join(*shots, fmt.Sprintf("%s-%s-%d.png", view.name, scheme, width)))
			}
		}
	}
}

// shoot takes a picture of what a screen of a width shows at first.
func (p *page) shoot(width int64, file string) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, chromedp.EmulateViewport(width, 900)); err != nil {
		p.t.Fatal(err)
	}
	<-time.After(300 * time.Millisecond) // it is drawn
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(file, picture, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// crowd has as many callees in each of so many pools.
func crowd(t *testing.T, routerURL string, pools, callees int) *harness.Wampool {
	t.Helper()
	w := harness.LaunchConfig(t, fmt.Sprintf(`router {
  url = %q
}
listen "ws://127.0.0.1:0/ws" {}
limits {
  %s
}
realm "realm1" {
  pool "com.example." {
    match       = "prefix"
    policy      = "roundrobin"
    concurrency = 1
    queue {
      limit = 100
    }
  }
}
admin {
  address = "127.0.0.1:0"
  control = true
}
drain_timeout = "1s"
`, routerURL, harness.Unhurried))
	w.Process.Await(t, "pool session up")
	for n := range callees {
		s := harness.JoinRaw(t, fmt.Sprintf("callee %d", n), w.URL)
		for pool := range pools {
			s.Send(fmt.Sprintf(`[64,%d,{},"com.example.p%02d"]`, pool+1, pool))
		}
		for range pools {
			if message := s.Receive(); !strings.HasPrefix(message, "[65,") {
				t.Fatalf("callee %d: %s", n, message)
			}
		}
	}
	return w
}
