package shipped

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"
)

// A real Prometheus scrapes a real wampool, and evaluates what is shipped for it.

// hurried is how many times faster the alerts are here than as they are shipped.
const hurried = 180

var promDuration = regexp.MustCompile(`(\[|for: )(\d+)m\b`)

// hurry shortens the times of the rules.
func hurry(rules string) string {
	return promDuration.ReplaceAllStringFunc(rules, func(found string) string {
		parts := promDuration.FindStringSubmatch(found)
		minutes, err := strconv.Atoi(parts[2])
		if err != nil {
			return found
		}
		milliseconds := minutes * 60_000 / hurried
		if parts[1] == "[" {
			milliseconds = max(milliseconds, 3000) // some scrapes
		}
		return fmt.Sprintf("%s%dms", parts[1], milliseconds)
	})
}

// prometheus is a server that runs.
type prometheus struct {
	t   *testing.T
	url string
}

// startPrometheus starts one that scrapes an admin listener.
func startPrometheus(t *testing.T, target string) *prometheus {
	t.Helper()
	harness.Needs(t, "prometheus")
	rules, err := os.ReadFile(harness.Path("../deploy/prometheus/alerts.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"alerts.yaml": hurry(string(rules)),
		"prometheus.yml": fmt.Sprintf("global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 250ms}\nrule_files: [alerts.yaml]\n"+
			"scrape_configs:\n  - job_name: wampool\n    static_configs: [{targets: [%q]}]\n", target),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	address := fmt.Sprintf("127.0.0.1:%d", harness.OwnPort(t))
	p := harness.OwnProcess(t, "Prometheus", harness.Path(".prometheus/usr/bin/prometheus"), "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--log.level=info")
	p.Await(t, "Server is ready to receive web requests.")
	return &prometheus{t, "http://" + address}
}

// value is one series of an answer.
type value struct {
	Metric map[string]string
	Value  []any
}

// query evaluates an expression now.
func (p *prometheus) query(expression string) ([]value, error) {
	answer, err := http.Get(p.url + "/api/v1/query?query=" + url.QueryEscape(expression))
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	var said struct {
		Status, Error string
		Data          struct{ Result []value }
	}
	if err := json.Unmarshal(text, &said); err != nil || said.Status != "success" {
		return nil, fmt.Errorf("%s: %s %w", expression, said.Error, err)
	}
	return said.Data.Result, nil
}

// firing are the alerts that fire.
func (p *prometheus) firing() (names []string) {
	p.t.Helper()
	found, err := p.query(`count by (alertname) (ALERTS{alertstate="firing"})`)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, v := range found {
		names = append(names, v.Metric["alertname"])
	}
	slices.Sort(names)
	return names
}

// await waits until these alerts fire and no others.
func (p *prometheus) await(what string, want ...string) {
	p.t.Helper()
	p.until(what, func() (string, bool) {
		got := p.firing()
		return fmt.Sprintf("firing are %q, want %q", got, want), slices.Equal(got, want)
	})
}

// until waits for a state.
func (p *prometheus) until(what string, is func() (string, bool)) {
	p.t.Helper()
	var now string
	var ok bool
	for end := time.Now().Add(harness.Patience); time.Now().Before(end); {
		if now, ok = is(); ok {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	p.t.Fatalf("%s: %s", what, now)
}

// incident is a pool with one callee of one slot, in which four calls may wait.
const incident = `router {
  url = %q
}
listen "ws://127.0.0.1:0/ws" {}
realm "realm1" {
  pool "com.example.compute" {
    concurrency = 1
    admit       = ["*"]
    queue {
      limit = 4
    }
  }
}
admin {
  address = "127.0.0.1:0"
}
drain_timeout = "100ms"
`

func TestPlayedIncident(t *testing.T) {
	const procedure = "com.example.compute"
	c := harness.SharedCrossbar(t)
	w := harness.LaunchConfig(t, fmt.Sprintf(incident, c.URL()))
	w.Process.Await(t, "pool session up")
	p := startPrometheus(t, w.Admin())
	python := harness.Library(t, "asyncio")
	callee, caller := python.Join(t, w.URL, nil), python.Join(t, c.URL(), nil)
	callee.Register(procedure, "hold", nil).OK(t)

	p.until("a scrape of the callee", func() (string, bool) {
		found, err := p.query(`wampool_pool_callees == 1`)
		return fmt.Sprint(found, err), err == nil && len(found) > 0
	})
	p.await("all is well")
	checkDashboard(t, p)

	// One call runs, four wait, and whatever else comes is refused.
	held := []*harness.Answer{caller.Call(procedure, 0)}
	callee.Invoked(1)
	for n := range 4 {
		held = append(held, caller.Call(procedure, n))
	}
	harness.Settled(t, caller)
	refusing := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for other := python.Join(t, c.URL(), nil); ; {
			select {
			case <-refusing:
				return
			case <-time.After(50 * time.Millisecond):
				_, _ = other.Call(procedure, "more").Reply()
			}
		}
	}()
	p.await("overload", "WampoolCallsRefused", "WampoolPoolSaturated", "WampoolQueueFills")
	close(refusing)
	<-stopped

	// The callee crashes. The calls that it had and that waited are answered.
	callee.Leave()
	for _, call := range held {
		if _, err := call.Reply(); err != nil {
			t.Error(err)
		}
	}
	p.until("a callee is lost", func() (string, bool) {
		found, err := p.query(`max_over_time(count(ALERTS{alertname="WampoolCalleesLost", alertstate="firing"})[1m:250ms])`)
		return fmt.Sprint(found, err), err == nil && len(found) > 0
	})
	p.await("none is left", "WampoolPoolWithoutCallees")
	ledger, err := p.query(`max(max_over_time(abs(wampool_ledger_difference)[10m:500ms]))`)
	if err != nil || len(ledger) != 1 || ledger[0].Value[1] != "0" {
		t.Errorf("the ledger was %v, %v", ledger, err)
	}
	balance, err := p.query(`sum(wampool_calls_received_total) - sum(wampool_calls_ended_total) - sum(wampool_calls_waiting) - sum(wampool_calls_running)`)
	if err != nil || len(balance) != 1 || balance[0].Value[1] != "0" {
		t.Errorf("the sums differ by %v, %v", balance, err)
	}

	// It hangs, until it is left alone again.
	if err := w.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Process.Signal(syscall.SIGCONT) }()
	p.await("wampool does not answer", "WampoolDown")
}

// checkDashboard has each of its queries answered by something.
func checkDashboard(t *testing.T, p *prometheus) {
	t.Helper()
	content, err := os.ReadFile(harness.Path("../deploy/grafana/wampool.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(content, &dashboard); err != nil {
		t.Fatal(err)
	}
	variables := strings.NewReplacer("$__rate_interval", "5s", "$realm", ".*", "$pool", ".*", "$instance", ".*")
	n := 0
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			n++
			// What there is only once somebody is refused may be empty.
			mayBeEmpty := strings.HasPrefix(panel.Title, "Refused")
			p.until("the dashboard's "+panel.Title, func() (string, bool) {
				found, err := p.query(variables.Replace(target.Expr))
				return fmt.Sprint(target.Expr, found, err), err == nil && (len(found) > 0 || mayBeEmpty)
			})
		}
	}
	if n < 20 {
		t.Errorf("the dashboard has %d queries", n)
	}
}
