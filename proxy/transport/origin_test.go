package transport

import (
	"net/http"
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
	} {
		r := &http.Request{Host: "wampool.example:9000", Header: http.Header{}}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		var allowed []string
		if c.allowed != "" {
			allowed = strings.Split(c.allowed, ", ")
		}
		if got := originAllowed(r, allowed); got != c.want {
			t.Errorf("a page of %q, allowed %q: %v", c.origin, c.allowed, got)
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
