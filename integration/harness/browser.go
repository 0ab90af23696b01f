package harness

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// Browse starts Chromium, and returns what opens a tab: its context is for chromedp.
func Browse(t *testing.T) (open func(t *testing.T, url string) context.Context) {
	t.Helper()
	Needs(t, "chromium")
	path, err := os.ReadFile(Path(".chromium/.installed"))
	if err != nil {
		t.Fatal(err)
	}
	flags := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(strings.TrimSpace(string(path))), chromedp.UserDataDir(t.TempDir()),
		chromedp.NoInheritEnv, chromedp.Env(Environment()...),
		chromedp.Headless, chromedp.NoSandbox, chromedp.NoFirstRun, chromedp.DisableGPU,
	}
	for _, name := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage"} {
		flags = append(flags, chromedp.Flag(name, true))
	}
	ctx, stop := context.WithTimeout(context.Background(), 2*Patience)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewExecAllocator(ctx, flags...)
	t.Cleanup(stop)
	browser, stop := chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(browser, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T, url string) context.Context {
		t.Helper()
		tab, stop := chromedp.NewContext(browser)
		t.Cleanup(stop)
		if err := chromedp.Do(tab, chromedp.Navigate(url)); err != nil {
			t.Fatal(err)
		}
		return tab
	}
}
