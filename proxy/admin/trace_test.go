package admin_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/proxy/admin"
)

func newTraced() *fake {
	return &fake{traces: make(chan traced, 1), stopped: make(chan struct{}, 1)}
}

// Whoever follows a pool gets its calls one by one, until there were enough; over a
// Unix socket as over TCP.
func TestTrace(t *testing.T) {
	for _, address := range []string{"", "unix://" + filepath.Join(t.TempDir(), "admin.sock")} {
		sidecar := newTraced()
		s := serve(t, admin.Options{Address: address, Sidecar: sidecar})
		what := admin.Trace{Realm: "realm1", Pool: "com.example.p", Failed: true, Slow: 1500 * time.Millisecond, Calls: 2}
		var got []string
		err := admin.NewClient(s.Address()).Follow(t.Context(), "/api/v1/trace"+what.Query(), func(name string, data []byte) error {
			got = append(got, name+" "+string(data))
			if name == "following" {
				follower := <-sidecar.traces
				if follower.what != what {
					t.Errorf("%+v is followed", follower.what)
				}
				for request := range uint64(3) {
					if follower.to.Takes() {
						follower.to.Add(&admin.TracedCall{Pool: "com.example.p", Request: request, Outcome: "result"})
					}
				}
			}
			return nil
		})
		want := []string{
			`following {"realm":"realm1","pool":"com.example.p"}`,
			`call {"time":0,"realm":"","pool":"com.example.p","origin":"","request":0,"waited_seconds":0,"ran_seconds":0,"outcome":"result","bytes":0}`,
			`call {"time":0,"realm":"","pool":"com.example.p","origin":"","request":1,"waited_seconds":0,"ran_seconds":0,"outcome":"result","bytes":0}`,
		}
		if !slices.Equal(got, want) || !errors.Is(err, admin.ErrEnded) {
			t.Errorf("%v after\n%s", err, strings.Join(got, "\n"))
		}
		<-sidecar.stopped
	}
}

// The sidecar stops to tell of calls when the reader has gone, and when the listener
// closes.
func TestTraceEnds(t *testing.T) {
	sidecar := newTraced()
	s := serve(t, admin.Options{Sidecar: sidecar})
	left := errors.New("seen enough")
	follow := func(then func()) error {
		return admin.NewClient(s.Address()).Follow(t.Context(), "/api/v1/trace?n=0&pool=com.example.p", func(name string, _ []byte) error {
			if name == "following" {
				(<-sidecar.traces).to.Add(new(admin.TracedCall))
				return nil
			}
			then()
			return left
		})
	}
	if err := follow(func() {}); !errors.Is(err, left) {
		t.Error(err)
	}
	<-sidecar.stopped
	if err := follow(func() { _ = s.Close() }); !errors.Is(err, left) {
		t.Error(err)
	}
	<-sidecar.stopped
}

func TestTraceRequests(t *testing.T) {
	sidecar := newTraced()
	s := serve(t, admin.Options{Sidecar: sidecar})
	for query, want := range map[string]string{
		"":                                   `"pool\" is missing`,
		"pool=com.example.none":              "there is no such pool",
		"pool=com.example.p&n=-1":            `n\" must be a number of calls`,
		"pool=com.example.p&n=x":             `n\" must be a number of calls`,
		"pool=com.example.p&failed=perhaps":  `failed\" must be true or false`,
		"pool=com.example.p&slow=NaN":        `slow\" must be seconds`,
		"pool=com.example.p&slow=1e9":        `slow\" must be seconds`,
		"pool=com.example.p&slowly=1":        `slowly\" is no parameter`,
		"pool=com.example.p&slow=-1&n=1":     `slow\" must be seconds`,
		"pool=com.example.p&failed=&realm=a": `failed\" must be true or false`,
	} {
		status, text := request(t, s, http.MethodGet, "/api/v1/trace?"+query, "", nil)
		var said struct{ Error string }
		if err := json.Unmarshal([]byte(text), &said); status/100 != 4 || err != nil || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s, want %s", query, status, text, want)
		}
	}
	if status, _ := request(t, s, http.MethodPost, "/api/v1/trace?pool=com.example.p", "", nil); status != http.StatusMethodNotAllowed {
		t.Errorf("by POST: status %d", status)
	}
}

func TestWantedCalls(t *testing.T) {
	for _, test := range []struct {
		what   admin.Trace
		failed bool
		took   time.Duration
		want   bool
	}{
		{admin.Trace{}, false, 0, true},
		{admin.Trace{Failed: true}, false, time.Hour, false},
		{admin.Trace{Failed: true}, true, 0, true},
		{admin.Trace{Slow: time.Second}, true, time.Second - 1, false},
		{admin.Trace{Slow: time.Second}, false, time.Second, true},
		{admin.Trace{Failed: true, Slow: time.Second}, true, 0, true},
		{admin.Trace{Failed: true, Slow: time.Second}, false, 0, false},
	} {
		if got := test.what.Wants(test.failed, test.took); got != test.want {
			t.Errorf("%+v of a call that has failed: %t, in %s: %t", test.what, test.failed, test.took, got)
		}
	}
}
