package operating

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/wampool/wampool/integration/harness"
)

const procedure = "com.example.compute"

// steered is a sidecar whose admin listener shows and steers.
func steered(t *testing.T, routerURL string) *harness.Wampool {
	t.Helper()
	w := harness.LaunchConfig(t, fmt.Sprintf(`router {
  url = %q
}
listen "ws://127.0.0.1:0/ws" {}
realm "realm1" {
  pool %q {
    concurrency = 2
    queue {
      limit = 10
    }
  }
}
admin {
  address = "127.0.0.1:0"
  control = true
}
drain_timeout = "1s"
`, routerURL, procedure))
	w.Process.Await(t, "pool session up")
	return w
}

// page is the page in a tab of a real browser.
type page struct {
	t   *testing.T
	ctx context.Context
}

// open opens the page. What a script of it complains about fails the test.
func open(t *testing.T, url string) *page {
	t.Helper()
	ctx := harness.Browse(t)(t, "about:blank")
	complain := func(event any) {
		switch event := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("the page's script fails: %+v", event.ExceptionDetails)
		case *runtime.EventConsoleAPICalled:
			if event.Type == "error" {
				t.Errorf("the page complains: %+v", event.Args)
			}
		}
	}
	if err := chromedp.Listen(ctx, complain); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	return &page{t, ctx}
}

// until waits until an expression of JavaScript is what it is to be.
func (p *page) until(expression, want string) {
	p.t.Helper()
	var got string
	for end := time.Now().Add(harness.Patience); time.Now().Before(end); {
		var err error
		if got, err = chromedp.Run(p.ctx, chromedp.Evaluate[string]("String("+expression+")")); err == nil && got == want {
			return
		}
		<-time.After(50 * time.Millisecond)
	}
	p.t.Fatalf("%s is %q, want %q", expression, got, want)
}

// do does something in the page.
func (p *page) do(expression string) {
	p.t.Helper()
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](expression+"; ''")); err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
}

// cell is what a row's cell under a head shows.
func cell(row, label string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("tbody tr")].find((r) => r.textContent.includes(%q))?.querySelector('[data-label=%q]')?.textContent`, row, label)
}

// The page shows what is: callees that come, calls that run and wait, a pool's own
// view, sessions. Names that clients choose are text and nothing else.
func TestPage(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := steered(t, c.URL())
	p := open(t, "http://"+w.Admin()+"/")
	p.until(`document.getElementById("state").textContent`, "ready")
	p.until(`document.querySelector("main").textContent.includes("No pool yet")`, "true")
	python := harness.Library(t, "asyncio")
	callee, caller := python.Join(t, w.URL, nil), python.Join(t, c.URL(), nil)
	callee.Register(procedure, "hold", nil).OK(t)
	p.until(cell(procedure, "Slots taken"), "0 / 2")
	for n := range 3 {
		caller.Call(procedure, n)
	}
	p.until(cell(procedure, "Slots taken"), "2 / 2")
	p.until(cell(procedure, "Waiting"), "1 / 10")

	p.do(`document.querySelector('a[href^="#/pool/"]').click()`)
	p.until("document.title", procedure+" · wampool")
	p.until(cell("2 / 2", "Slots taken"), "2 / 2")
	p.until(`document.querySelectorAll(".cells i.full").length`, "1")
	p.until(`document.querySelectorAll("svg.chart path[d^=M]").length > 0`, "true") // the latest minutes
	callee.Release(procedure, 1)
	p.until(`document.querySelector("table[aria-label='How its calls ended']")?.textContent.includes("result")`, "true")

	for n := range 4 {
		callee.Register(fmt.Sprintf("com.example.one-of-many-%d", n), "echo", harness.Args{"invoke": "roundrobin"}).OK(t)
	}
	p.do(`location.hash = "#/sessions"`)
	p.until(cell(procedure, "Realm"), "realm1")
	p.until(cell(procedure, "Pools"), procedure+", com.example.one-of-many-0and 3 morecom.example.one-of-many-1, com.example.one-of-many-2, com.example.one-of-many-3")
	p.until(`document.querySelector("details > span").checkVisibility()`, "false")
	p.do(`document.querySelector("summary").click()`)
	p.until(`document.querySelector("details > span").checkVisibility()`, "true")
	p.do(`location.hash = "#/log"`)
	p.until(`document.querySelector("main h1").textContent`, "Latest warnings")
}

// agree answers what the page asks before it does something.
func (p *page) agree(button string) {
	p.t.Helper()
	p.until(fmt.Sprintf("%s?.checkVisibility()", button), "true")
	p.do(button + ".click()")
	p.until(`document.getElementById("ask").open`, "true")
	p.do(`document.querySelector("#ask button[value=yes]").click()`)
}

// named is a button by the beginning of its name.
func named(name string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("button")].find((b) => (b.ariaLabel || b.textContent).startsWith(%q))`, name)
}

// The page drains a callee and a pool, pauses that and reloads, each once the person has agreed.
func TestPageSteers(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := steered(t, c.URL())
	python := harness.Library(t, "asyncio")
	callee, caller := python.Join(t, w.URL, nil), python.Join(t, c.URL(), nil)
	callee.Register(procedure, "echo", nil).OK(t)
	p := open(t, "http://"+w.Admin()+"/#/pool/realm1/exact/"+procedure)

	p.do(`document.getElementById("main").focus()`)
	p.agree(named("Drain ")) // a callee, and not the pool
	p.until(`document.getElementById("said").textContent`, "It gets no new calls.")
	waits := caller.Call(procedure, "drained")
	harness.Settled(t, caller)
	if !waits.Open() {
		t.Error("a callee that is drained got a call")
	}
	p.agree(named("Undrain "))
	waits.OK(t)

	p.agree(named("Pause"))
	p.until(`document.getElementById("said").textContent`, "Its calls wait.")
	waits = caller.Call(procedure, "paused")
	harness.Settled(t, caller)
	if !waits.Open() {
		t.Error("a pool that is paused gave a call out")
	}
	p.agree(named("Resume"))
	waits.OK(t)

	p.agree(named("Drain")) // the pool, which stands before its callees
	p.until(`document.getElementById("said").textContent`, "Its registration is given up.")
	printed := w.Process.Printed()
	p.agree(named("Undrain"))
	p.until(`document.getElementById("said").textContent`, "Its registration is asked for.")
	w.Process.AwaitFrom(t, printed, "pool registered at the router")

	p.agree(named("Reload"))
	p.until(`document.getElementById("said").textContent.split(".")[0]`, "Nothing has changed")
	// Who does not agree changes nothing.
	p.until(fmt.Sprintf("%s?.checkVisibility()", named("Pause")), "true")
	p.do(named("Pause") + ".click()")
	p.do(`document.querySelector("#ask button[value=no]").click()`)
	caller.Call(procedure, "as before").OK(t)
}

// On a narrow screen nothing is wider than it; by keyboard alone everything is
// reached; each control has a name.
func TestPageIsForEverybody(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := steered(t, c.URL())
	p := open(t, "http://"+w.Admin()+"/")
	callee := harness.Library(t, "asyncio").Join(t, w.URL, nil)
	callee.Register(procedure, "hold", nil).OK(t)
	p.until(cell(procedure, "Slots taken"), "0 / 2")
	for _, hash := range []string{"#/", "#/pool/realm1/exact/" + procedure, "#/sessions", "#/log"} {
		p.do(fmt.Sprintf("location.hash = %q", hash))
		p.until(`document.querySelector("main h1")?.getBoundingClientRect().top >= document.querySelector("header").getBoundingClientRect().bottom`, "true")
		for _, width := range []int64{320, 1280} {
			if err := chromedp.Do(p.ctx, chromedp.EmulateViewport(width, 800)); err != nil {
				t.Fatal(err)
			}
			p.until("document.documentElement.scrollWidth <= innerWidth", "true")
		}
		p.until(`[...document.querySelectorAll("button, a, input")].filter((e) => e.checkVisibility() && !(e.ariaLabel || e.textContent.trim())).length`, "0")
		p.until(`[...document.querySelectorAll("th")].filter((e) => !e.scope).length`, "0")
	}
	// From the top, Tab comes to the link over the head, then to the views.
	if err := chromedp.Do(p.ctx, chromedp.Navigate("about:blank"), chromedp.Navigate("http://"+w.Admin()+"/")); err != nil {
		t.Fatal(err)
	}
	p.until(cell(procedure, "Slots taken"), "0 / 2")
	var reached []string
	for range 20 {
		if err := chromedp.Do(p.ctx, chromedp.KeyEvent("\t")); err != nil {
			t.Fatal(err)
		}
		name, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`(document.activeElement.ariaLabel || document.activeElement.textContent).trim()`))
		if err != nil {
			t.Fatal(err)
		}
		reached = append(reached, name)
	}
	all := strings.Join(reached, "|")
	for _, want := range []string{"Pools", "Sessions", "Warnings", "Find a pool", "Slots taken", procedure} {
		if !strings.Contains(all, want) {
			t.Errorf("Tab does not reach %q: %q", want, reached)
		}
	}
	for _, scheme := range []string{"light", "dark"} {
		if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		}); err != nil {
			t.Fatal(err)
		}
		// Contrast of text and ground, by their luminances.
		p.until(`(() => {
			const l = (c) => { const [r, g, b] = c.match(/[\d.]+/g).map((x) => { x /= 255; return x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
			const ground = l(getComputedStyle(document.querySelector(".sheet")).backgroundColor);
			return [...document.querySelectorAll("tbody td, tbody a, thead button")].every((e) => { const ink = l(getComputedStyle(e).color); return (Math.max(ink, ground) + .05) / (Math.min(ink, ground) + .05) >= 4.5; });
		})()`, "true")
	}
}
