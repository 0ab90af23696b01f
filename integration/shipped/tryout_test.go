package shipped

import (
	"fmt"
	"os"
	"strings"
	"testing"

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

// tryoutProgram starts one of the five minutes' programs.
func tryoutProgram(t *testing.T, file string, args ...string) *harness.Process {
	t.Helper()
	command := []string{harness.Path(".venv/bin/python"), harness.Path("../deploy/tryout/" + file)}
	return harness.OwnProcess(t, file, append(command, args...)...)
}

// tryoutService starts a service, which lives as long as the test, and returns what
// it says of its registration.
func tryoutService(t *testing.T, url string) string {
	t.Helper()
	return tryoutProgram(t, "service.py", url).Await(t, "registered")
}

// tryoutCalls runs the caller, and returns how many calls each answer has.
func tryoutCalls(t *testing.T, url string, calls int) map[string]int {
	t.Helper()
	caller := tryoutProgram(t, "caller.py", url, fmt.Sprint(calls))
	if code := caller.End(t); code != 0 {
		t.Fatalf("the caller ends with exit code %d:\n%s", code, caller.Output())
	}
	answers := make(map[string]int)
	for _, line := range caller.LinesFrom(0) {
		var times int
		var answer string
		if _, err := fmt.Sscanf(line, "%d by process %s", &times, &answer); err == nil {
			answers[answer] = times
		}
	}
	t.Logf("the caller says\n%s", caller.Output()) // and Python's modules, what they like
	return answers
}

func TestFiveMinutesOfTheReadme(t *testing.T) {
	alone, router := harness.SharedCrossbar(t), tryoutCrossbar(t)
	first, second := tryoutService(t, alone.URL()), tryoutService(t, alone.URL())
	if !strings.HasPrefix(first, "registered by process ") || second != "not registered: wamp.error.procedure_already_exists" {
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
