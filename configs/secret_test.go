package configs

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func ticketFile(secret string) []byte {
	return []byte(realm("auth {\n method = \"ticket\"\n authid = \"wampool\"\n secret = " + secret + "\n}"))
}

func TestSecretNeverShows(t *testing.T) {
	c, err := Parse(ticketFile(`"hunter2"`), "wampool.hcl")
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{string(asJSON), fmt.Sprint(c.Realms[0].Auth.Secret), c.Realms[0].Auth.Secret.String(), c.Realms[0].Auth.Secret.GoString()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts = append(texts, fmt.Sprintf(verb, c.Realms), fmt.Sprintf(verb, c.Realms[0].Auth.Secret))
	}
	for _, text := range texts {
		if strings.Contains(text, "hunter2") || strings.Contains(text, "68756e74657232") || !strings.Contains(text, redacted) {
			t.Errorf("shown as %s", text)
		}
	}
	if got, err := c.Realms[0].Auth.Secret.Read(); got != "hunter2" || err != nil {
		t.Errorf("Read = %q, %v", got, err)
	}
}

func TestSecretIsReadAnew(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ticket.txt")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("one\n")
	c, err := Parse(ticketFile(`file("ticket.txt")`), filepath.Join(dir, "wampool.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	secret := c.Realms[0].Auth.Secret
	read := func(want, wantErr string) {
		t.Helper()
		got, err := secret.Read()
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got != want || text != wantErr {
			t.Errorf("Read = %q, %q; want %q, %q", got, text, want, wantErr)
		}
	}
	read("one", "")
	write("two\r\n")
	read("two", "")
	write(" kept \n\n") // one newline only
	read(" kept \n", "")
	write("e\u0301") // not normalized to é
	read("e\u0301", "")
	write("")
	read("", "secret is empty")
	write("\xff\xfe")
	read("", `cannot read file "ticket.txt": not valid UTF-8`)
	write(strings.Repeat("x", maxSecretBytes+1))
	read("", `cannot read file "ticket.txt": longer than 65536 bytes`)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	read("", `cannot read file "ticket.txt": no such file or directory`)
}

func TestSecretFromEnvironment(t *testing.T) {
	t.Setenv("WAMPOOL_TEST_TICKET", "first")
	c, err := Parse(ticketFile(`"${env("WAMPOOL_TEST_TICKET")}-suffix"`), "wampool.hcl")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("WAMPOOL_TEST_TICKET", "second")
	if got, err := c.Realms[0].Auth.Secret.Read(); got != "second-suffix" || err != nil {
		t.Errorf("Read = %q, %v", got, err)
	}
}

func TestSecretUnset(t *testing.T) {
	if (Secret{}).IsSet() || !NewSecret("").IsSet() {
		t.Error("IsSet")
	}
	if got, err := (Secret{}).Read(); got != "" || err == nil {
		t.Errorf("Read = %q, %v", got, err)
	}
}

// A value from elsewhere is not quoted, in whatever attribute it was wrong.
func TestComputedValuesNeverShow(t *testing.T) {
	t.Setenv("WAMPOOL_TEST_SECRET", "hunter2@:/ #")
	src := `
router {
  url          = env("WAMPOOL_TEST_SECRET")
  dial_timeout = env("WAMPOOL_TEST_SECRET")
}
` + listenBlock + `
limits { message_bytes = env("WAMPOOL_TEST_SECRET") }
realm "realm1" {
  auto = env("WAMPOOL_TEST_SECRET")
  auth {
    method = env("WAMPOOL_TEST_SECRET")
  }
  pool "com.example.compute" {
    policy         = env("WAMPOOL_TEST_SECRET")
    concurrency    = env("WAMPOOL_TEST_SECRET")
    overload_error = "${env("WAMPOOL_TEST_SECRET")}"
    admit          = [env("WAMPOOL_TEST_SECRET"), env("WAMPOOL_TEST_SECRET")]
    upstream       = env(env("WAMPOOL_TEST_SECRET"))
  }
}
`
	_, err := Parse([]byte(src), "wampool.hcl")
	if err == nil {
		t.Fatal("accepted")
	}
	text := err.Error()
	if !strings.HasSuffix(text, "\n10 mistakes") {
		t.Errorf("not 10 mistakes:\n%s", text)
	}
	if strings.Contains(text, "hunter2") {
		t.Errorf("a value is shown:\n%s", text)
	}
}
