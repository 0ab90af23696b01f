package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Whatever a file says may be read from a variable or another file: numbers and
// truth values by the type of their attribute, labels, and parts of a string.
func TestReadFromElsewhere(t *testing.T) {
	t.Setenv("ROUTER_HOST", "router.example.com")
	t.Setenv("LIMIT", "7")
	t.Setenv("AUTO", "false")
	t.Setenv("WAIT", "3s")
	t.Setenv("REALM", "orders")
	t.Setenv("PREFIX", "com.example")
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	if err := os.WriteFile(filepath.Join(dir, "ticket"), []byte("a-ticket\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Parse([]byte(`
router {
  url          = "ws://${env("ROUTER_HOST")}:8080/ws"
  dial_timeout = env("WAIT")
}
listen "ws://127.0.0.1:9000/ws" {}
realm "${env("REALM")}" {
  auto = env("AUTO")
  auth {
    method = "ticket"
    authid = "wampool"
    secret = file("${env("CREDENTIALS_DIRECTORY")}/ticket")
  }
  pool "${env("PREFIX")}.compute" {
    concurrency = "${env("LIMIT")}"
    admit       = ["a", "${env("REALM")}-worker"]
  }
}
`), "test.hcl")
	if err != nil {
		t.Fatal(err)
	}
	realm := c.Realms[0]
	secret, err := realm.Auth.Secret.Read()
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.Router.URL, c.Router.DialTimeout, realm.Name, realm.Auto, secret, realm.Pools[0].URI, realm.Pools[0].Concurrency, strings.Join(realm.Pools[0].Admit, " ")}
	want := []any{"ws://router.example.com:8080/ws", 3 * time.Second, "orders", false, "a-ticket", "com.example.compute", 7, "a orders-worker"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %v, want %v", got[i], want[i])
		}
	}
}

// What is read is not shown, however wrong it is.
func TestWrongFromElsewhere(t *testing.T) {
	t.Setenv("WORD", "hunter2")
	t.Setenv("DIR", "/nowhere/hunter2")
	_, err := Parse([]byte(`
router {
  url = "ws://127.0.0.1:8080/ws"
}
listen "ws://127.0.0.1:9000/ws" {}
realm "${env("NO_SUCH_REALM")}" {
  auto = env("WORD")
  auth {
    method = "ticket"
    authid = "wampool"
    secret = file("${env("DIR")}/ticket")
  }
  pool "${file("no-such-file")}" {
    concurrency = env("WORD")
  }
  pool "${env("WORD")} x" {}
}
`), "test.hcl")
	const want = `test.hcl:6,10: environment variable "NO_SUCH_REALM" is not set
  6 | realm "${env("NO_SUCH_REALM")}" {
    |          ^^^^^^^^^^^^^^^^^^^^

test.hcl:7,10: auto must be true or false, and what is read here is not
  7 |   auto = env("WORD")
    |          ^^^^^^^^^^^

test.hcl:11,14: cannot read file "${env("DIR")}/ticket": no such file or directory
  11 |     secret = file("${env("DIR")}/ticket")
     |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^

test.hcl:13,11: cannot read file "no-such-file": no such file or directory
  13 |   pool "${file("no-such-file")}" {
     |           ^^^^^^^^^^^^^^^^^^^^

test.hcl:14,19: concurrency must be a whole number, and what is read here is not
  14 |     concurrency = env("WORD")
     |                   ^^^^^^^^^^^

test.hcl:16,8: this is not a valid procedure URI
  16 |   pool "${env("WORD")} x" {}
     |        ^^^^^^^^^^^^^^^^^^
       parts joined by dots, none empty, without spaces and #, as in "com.example.compute"

6 mistakes`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}
