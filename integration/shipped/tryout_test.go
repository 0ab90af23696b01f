package shipped

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"
)

// The five minutes of README.md, but for the ports. The service takes a second for
// each call, four at a time, so that 20 calls at three of them take two seconds.

// tryoutCrossbar returns the router of the five minutes.
func tryoutCrossbar(t *testing.T) *harness.Crossbar {
	t.Helper()
	return harness.SharedNode(t, "tryout", func() (*harness.Crossbar, error) {
		content, err := os.ReadFile(harness.Path("../deploy/tryout/crossbar.json"))
		if err != nil {
			return nil, err
		}
		port, err := harness.FreePort()
		if err != nil {
			return nil, err
		}
		return harness.StartNode(strings.Replace(string(content), `"port": 8080`, fmt.Sprintf(`"port": %d`, port), 1), port)
	})
}

// tryoutService starts a service, which lives as long as the test, and returns its
// first line.
func tryoutService(t *testing.T, url string) string {
	t.Helper()
	service := harness.Command(harness.Path(".venv/bin/python"), harness.Path("../deploy/tryout/service.py"), url)
	out, err := service.StdoutPipe()
	if err == nil {
		err = service.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	end := func() {
		_ = service.Process.Kill()
		_ = service.Wait()
	}
	t.Cleanup(end)
	late := time.AfterFunc(harness.Patience, end)
	defer late.Stop()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the service says %q: %v", line, err)
	}
	return line
}

// tryoutCalls runs the caller, and returns how many calls each answer has.
func tryoutCalls(t *testing.T, url string, calls int) map[string]int {
	t.Helper()
	caller := harness.Command(harness.Path(".venv/bin/python"), harness.Path("../deploy/tryout/caller.py"), url, fmt.Sprint(calls))
	late := time.AfterFunc(harness.Patience, func() { _ = caller.Process.Kill() })
	defer late.Stop()
	out, err := caller.Output()
	if err != nil {
		t.Fatalf("the caller says %q: %v", out, err)
	}
	answers := make(map[string]int)
	for line := range strings.Lines(string(out)) {
		var times int
		var answer string
		if _, err := fmt.Sscanf(line, "%d by process %s", &times, &answer); err != nil {
			t.Fatalf("the caller says %q", out)
		}
		answers[answer] = times
	}
	return answers
}

func TestFiveMinutesOfTheReadme(t *testing.T) {
	alone, router := harness.SharedCrossbar(t), tryoutCrossbar(t)
	first, second := tryoutService(t, alone.URL()), tryoutService(t, alone.URL())
	if !strings.HasPrefix(first, "registered by process ") || second != "not registered: wamp.error.procedure_already_exists\n" {
		t.Errorf("without wampool the services say %q and %q", first, second)
	}
	w := shippedWampool(t, "configs/examples/compute.hcl", router.URL())
	for range 3 {
		if line := tryoutService(t, w.URL); !strings.HasPrefix(line, "registered by process ") {
			t.Fatalf("a service at wampool says %q", line)
		}
	}
	sum := 0
	answers := tryoutCalls(t, router.URL(), 20)
	for process, times := range answers {
		if sum += times; times < 4 {
			t.Errorf("process %s answers %d calls, and takes 4 at once", process, times)
		}
	}
	if sum != 20 || len(answers) != 3 {
		t.Errorf("%d of 20 calls are answered, by %v", sum, answers)
	}
}
