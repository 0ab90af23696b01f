package proxy

import (
	"strings"
	"testing"
	"time"
)

func TestHelloThatIsNeverAnsweredSaysWhatWasSent(t *testing.T) {
	w, log := loggingWorld(t)
	w.prepare = func(p *Proxy) { p.loginPatience = 50 * time.Millisecond }
	w.start(worldOptions{})
	w.accept().expectPrefix(`[1,"realm1",`)
	line := log.find(t, "can't join")
	for _, said := range []string{"did not answer HELLO within 50ms", `realm \"realm1\"`, `method \"anonymous\"`, "callee, caller, publisher, subscriber", "in json"} {
		if !strings.Contains(line, said) {
			t.Errorf("the log does not say %s:\n%s", said, line)
		}
	}
}

func TestPoolSessionThatWasWelcomeIsBackWithinASecond(t *testing.T) {
	for _, x := range []struct{ backoff, lasted, want time.Duration }{
		{lastBackoff, time.Millisecond, welcomeBackoff}, // ended at once, for an answer say
		{lastBackoff, 10 * time.Second, firstBackoff},
		{firstBackoff, time.Millisecond, firstBackoff},
		{200 * time.Millisecond, 2 * time.Second, firstBackoff},
	} {
		if got := afterWelcome(x.backoff, x.lasted); got != x.want || got >= time.Second {
			t.Errorf("after a session of %s the backoff of %s is %s, want %s", x.lasted, x.backoff, got, x.want)
		}
	}
}

func TestTimeoutUnitByWelcome(t *testing.T) {
	for _, x := range []struct{ details, config, unit string }{
		{`"agent":"Crossbar.io-26.10.1"`, "", "seconds"},
		{`"x_cb_node":"node-1"`, "", "seconds"},
		{`"agent":"Bondy"`, "", "milliseconds"},
		{`"agent":7`, "", "milliseconds"},
		{`"realm":"realm1"`, "", "milliseconds"},
		{`"agent":"Crossbar.io-26.10.1"`, "ms", ""},
		{`"agent":"Bondy"`, "s", ""},
	} {
		w, log := loggingWorld(t)
		want := map[string]time.Duration{"seconds": time.Second, "milliseconds": time.Millisecond, "": time.Millisecond}[x.unit]
		w.prepare = func(p *Proxy) {
			if x.config != "" {
				p.config().Router.TimeoutUnit = x.config
			}
		}
		if x.config == "s" {
			want = time.Second
		}
		w.start(worldOptions{})
		pool := w.accept()
		pool.expectPrefix(`[1,"realm1",`)
		pool.send(`[2,1,{%s,"authrole":"backend","roles":{"dealer":{}}}]`, x.details)
		w.callee(pool, shared, "")
		r := w.proxy.realms["realm1"]
		r.mu.Lock()
		if got := r.unit(); got != want {
			t.Errorf("%s, timeout_unit %q: the unit is %s, want %s", x.details, x.config, got, want)
		}
		r.mu.Unlock()
		if says := strings.Count(log.String(), `"unit":`); says != min(1, len(x.unit)) || !strings.Contains(log.String(), x.unit) {
			t.Errorf("%s, timeout_unit %q: the log is\n%s", x.details, x.config, log)
		}
	}
}
