package transport

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestOrigins(t *testing.T) {
	for _, c := range []struct {
		origin  string
		allowed string
		want    bool
	}{
		{"", "", true},
		{"http://wampool.example:9000", "", true},
		{"https://WAMPOOL.example:9000", "", true},
		{"http://wampool.example", "", false}, // another port
		{"http://elsewhere.example", "", false},
		{"null", "", false},
		{"null", "*", false},
		{"not a URL%", "*", false},
		{"file:///page.html", "*", false},
		{"http://elsewhere.example", "*", true},
		{"https://app.example", "app.example", true},
		{"https://App.Example:8443", "aPP.eXample", true},
		{"https://app.example:8443", "app.example:8443", true},
		{"https://app.example:8444", "app.example:8443", false},
		{"https://app.example", "app.example:8443", false},
		{"https://app.example:8444", "app.example:*", true},
		{"https://myapp.example", "app.example", false},
		{"https://app.example.evil.example", "app.example", false},
		{"https://a.b.app.example", "*.app.example", true},
		{"https://app.example", "*.app.example", false},
		{"https://app.example.evil.example", "*.app.example", false},
		{"https://evilapp.example", "*.app.example", false},
		{"https://one.two", "x.y, one.*", true},
		{"https://stage-7.app.example", "stage-*.app.example", true},
		{"https://stage-.app.exampl", "stage-*.app.example", false},
		{"https://abcab", "ab*ab", true},
		{"https://ab", "ab*ab", false},
		{"https://a1b2c3d", "a*b*c*d", true},
		{"https://a1c2b3d", "a*b*c*d", false},
		{"http://[::1]:5173", "[::1]", true},
		{"http://[::1]:5173", "[::1]:5173", true},
		{"http://[::1]:5173", "[::2]", false},
		{"http://wampool.example:9000", "app.example", true}, // this host always
		{"http://wampool.example.:9000", "", true},
		{"https://app.example", "app.example:443", true},
		{"https://app.example:443", "app.example:443", true},
		{"http://app.example", "app.example:443", false},
		{"http://app.example", "app.example:80", true},
		{"https://app.example", "app.example:*", true},
		{"https://app.example:443", "app.example", true},
		{"tauri://localhost", "localhost", true},
		{"tauri://localhost", "localhost:80", false}, // which scheme knows no port
		{"null", "null", true},
		{"null", "file://", false},
		{"file://", "file://", true},
		{"file://", "null, *", false},
		{"file:///page.html", "file://", false}, // no browser says more
	} {
		r := &http.Request{Host: "wampool.example:9000", Header: http.Header{}}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		var allowed []string
		if c.allowed != "" {
			allowed = strings.Split(c.allowed, ", ")
		}
		o := newOrigins(&url.URL{Host: "wampool.example:9000"}, allowed)
		if got := o.admit(r); got != foreign != c.want {
			t.Errorf("a page of %q, allowed %q: %v", c.origin, c.allowed, got)
		}
	}
}

// A browser that was talked into a name for this address says that name as Host
// and as Origin alike. Only what can lead nowhere else counts as this host.
func TestOriginOfARouter(t *testing.T) {
	for raw, want := range map[string]string{"ws://router:8080/ws": "http://router:8080", "wss://router/ws?x=1": "https://router"} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := originOf(u); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}

func TestHostsThatLeadHereForCertain(t *testing.T) {
	for _, c := range []struct {
		listener, host, origin string
		want                   admission
	}{
		{"ws://127.0.0.1:9000/ws", "evil.example:9000", "http://evil.example:9000", foreign},
		{"ws://127.0.0.1:9000/ws", "EVIL.example:9000", "http://evil.EXAMPLE:9000", foreign},
		{"ws://127.0.0.1:9000/ws", "127.0.0.1.evil.example:9000", "http://127.0.0.1.evil.example:9000", foreign},
		{"ws://127.0.0.1:9000/ws", "localhost.evil.example:9000", "http://localhost.evil.example:9000", foreign},
		{"ws://127.0.0.1:9000/ws", "mylocalhost:9000", "http://mylocalhost:9000", foreign},
		{"ws://127.0.0.1:9000/ws", "127.0.0.1:9000", "http://127.0.0.1:9000", own},
		{"ws://127.0.0.1:9000/ws", "localhost:9000", "http://localhost:9000", own},
		{"ws://127.0.0.1:9000/ws", "app.localhost:9000", "http://app.localhost:9000", own},
		{"ws://127.0.0.1:9000/ws", "localhost:9000", "http://127.0.0.1:9000", foreign},
		{"ws://[::1]:9000/ws", "[::1]:9000", "http://[::1]:9000", own},
		{"ws://0.0.0.0:80/ws", "192.0.2.7", "http://192.0.2.7", own},
		{"ws://0.0.0.0:80/ws", "192.0.2.7:80", "http://192.0.2.7", own},
		{"ws://0.0.0.0:80/ws", "192.0.2.7", "http://192.0.2.7:80", own},
		{"ws://0.0.0.0:80/ws", "192.0.2.7", "https://192.0.2.7:80", foreign},             // Host's port is 443 then
		{"ws://0.0.0.0:9000/ws", "app.example:9000", "http://app.example:9000", foreign}, // any address has no name of its own
		{"ws://[::]:9000/ws", "app.example:9000", "http://app.example:9000", foreign},
		{"ws://App.example:9000/ws", "app.example:9000", "http://app.example:9000", own},
		{"ws://app.example:9000/ws", "evil.example:9000", "http://evil.example:9000", foreign},
		{"wss://app.example:443/ws", "app.example", "https://app.example", own},
		{"wss://app.example:443/ws", "app.example:443", "https://app.example", own},
		{"wss://app.example:443/ws", "app.example", "https://app.example:443", own},
		{"ws://127.0.0.1:9000/ws", "listed.example", "https://listed.example", own}, // behind another proxy
		{"ws://127.0.0.1:9000/ws", "127.0.0.1:9000", "https://listed.example", listed},
		{"ws://127.0.0.1:9000/ws", "evil.example:9000", "", unsaid},
	} {
		listener, err := url.Parse(c.listener)
		if err != nil {
			t.Fatal(err)
		}
		r := &http.Request{Host: c.host, Header: http.Header{}}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		o := newOrigins(listener, []string{"listed.example"})
		if got := o.admit(r); got != c.want {
			t.Errorf("%s, Host %s, Origin %s: %d, want %d", c.listener, c.host, c.origin, got, c.want)
		}
	}
	r := &http.Request{Host: "127.0.0.1:9000", Header: http.Header{"Origin": {"http://127.0.0.1:9000", "http://evil.example"}}}
	o := newOrigins(&url.URL{Host: "127.0.0.1:9000"}, nil)
	if got := o.admit(r); got != foreign {
		t.Errorf("two origins: %d", got)
	}
}

func TestReboundNameIsTurnedAway(t *testing.T) {
	l := listenAt(t, "ws://127.0.0.1:0/ws", ListenOptions{}, nil, greet)
	for host, status := range map[string]int{"evil.example:" + l.url.Port(): 403, "localhost:" + l.url.Port(): 101, "HOST": 101} {
		response, _ := request(t, l, "GET /ws HTTP/1.1\nHost: "+host+"\nOrigin: http://"+host+"\n"+upgradeLines+"Sec-WebSocket-Protocol: wamp.2.json\n\n")
		if response.StatusCode != status {
			t.Errorf("Host and Origin %s: status %d, want %d", host, response.StatusCode, status)
		}
	}
}

// A page of an allowed host gets in, and no header that would let it do more.
func TestAllowedOriginConnects(t *testing.T) {
	l := listenAt(t, "ws://127.0.0.1:0/ws", ListenOptions{AllowedOrigins: []string{"*.app.example"}}, nil, greet)
	for origin, status := range map[string]int{"https://a.app.example": 101, "https://elsewhere.example": 403} {
		response, _ := request(t, l, "GET /ws HTTP/1.1\nHost: HOST\nOrigin: "+origin+"\n"+upgradeLines+"Sec-WebSocket-Protocol: wamp.2.json\n\n")
		if response.StatusCode != status {
			t.Errorf("%s: status %d, want %d", origin, response.StatusCode, status)
		}
		for name := range response.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("header %s", name)
			}
		}
	}
	response, _ := request(t, l, "OPTIONS /ws HTTP/1.1\nHost: HOST\nOrigin: https://a.app.example\nAccess-Control-Request-Method: GET\n\n")
	if response.StatusCode != 426 || response.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("OPTIONS: status %d, header %v", response.StatusCode, response.Header)
	}
}
