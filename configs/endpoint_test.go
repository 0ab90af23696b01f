package configs

import "testing"

func TestOverlap(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"ws://127.0.0.1:9000/a", "ws://127.0.0.1:9000/b", true},
		{"ws://127.0.0.1:9000/", "ws://127.0.0.1:9001/", false},
		{"ws://127.0.0.1:9000/", "ws://127.0.0.1:09000/", true},
		{"ws://127.0.0.1:9000/", "ws://127.0.0.2:9000/", false},
		{"ws://localhost:9000/", "ws://127.0.0.1:9000/", true},
		{"ws://Host.example:9000/", "ws://host.example:9000/", true},
		{"ws://0.0.0.0:9000/", "ws://10.0.0.5:9000/", true},
		{"ws://0.0.0.0:9000/", "ws://[::1]:9000/", false},
		{"ws://[::]:9000/", "ws://10.0.0.5:9000/", true},
		{"ws://[::1]:9000/", "ws://[0:0:0:0:0:0:0:1]:9000/", true},
		{"ws://[::ffff:127.0.0.1]:9000/", "ws://127.0.0.1:9000/", true},
		{"ws://127.0.0.1:0/", "ws://127.0.0.1:0/", false},
		{"ws://127.0.0.1:0/", "ws://127.0.0.1:00/", false},
		{"rs://127.0.0.1:9000", "ws://127.0.0.1:9000/", true},
		{"rs://127.0.0.1:9000", "rs://127.0.0.1:9001", false},
		{"unix:///run/a.sock", "unix:///run/./a.sock", true},
		{"unix:///run/a.sock", "unix:///run/b.sock", false},
		{"unix:///run/a.sock", "ws://0.0.0.0:9000/", false},
	}
	for _, tt := range tests {
		if got := overlap(tt.a, tt.b); got != tt.want {
			t.Errorf("overlap(%s, %s) = %v", tt.a, tt.b, got)
		}
		if got := overlap(tt.b, tt.a); got != tt.want {
			t.Errorf("overlap(%s, %s) = %v", tt.b, tt.a, got)
		}
	}
}

func TestDialsItself(t *testing.T) {
	tests := []struct {
		router, listen string
		want           bool
	}{
		{"ws://127.0.0.1:8080/ws", "ws://127.0.0.1:8080/", true},
		{"ws://localhost:8080/ws", "ws://0.0.0.0:8080/", true},
		{"ws://[::1]:8080/ws", "ws://[::]:8080/", true},
		{"ws://127.0.0.1/ws", "ws://127.0.0.1:80/", true},
		{"wss://127.0.0.1/ws", "ws://127.0.0.1:443/", true},
		{"ws://10.0.0.5:8080/ws", "ws://0.0.0.0:8080/", false}, // another machine, most likely
		{"ws://router.example:8080/ws", "ws://0.0.0.0:8080/", false},
		{"ws://127.0.0.1:8080/ws", "ws://127.0.0.1:9000/", false},
		{"ws://127.0.0.1:8080/ws", "ws://127.0.0.1:0/", false},
		{"rs://127.0.0.1:8080", "ws://127.0.0.1:8080/", true},
		{"unix:///run/a.sock", "unix:///run/a.sock", true},
		{"unix:///run/a.sock", "unix:///run/b.sock", false},
	}
	for _, tt := range tests {
		if got := dialsItself(tt.router, tt.listen); got != tt.want {
			t.Errorf("dialsItself(%s, %s) = %v", tt.router, tt.listen, got)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"policy", "concurrency", "upstream", "admit", "dial_timeout"}
	for name, want := range map[string]string{
		"concurency":  "concurrency",
		"concurrecny": "concurrency",
		"Policy":      "policy",
		"dialTimeout": "dial_timeout",
		"dial-timout": "dial_timeout",
		"admitt":      "admit",
		"xyz":         "",
		"":            "",
		"a":           "",
	} {
		if got := nearest(name, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", name, got, want)
		}
	}
}
