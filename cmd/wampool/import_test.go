package main

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestImportCrossbar(t *testing.T) {
	const node = "../../configs/crossbar/testdata/node.json"
	code, out, err := runToEnd(t, "import", "crossbar", "--listen", "ws://127.0.0.1:0/ws", node)
	if code != exitClean || !strings.Contains(out, `listen "ws://127.0.0.1:0/ws" {`) ||
		!strings.HasPrefix(err, `to be set where wampool runs: WAMPOOL_SECRET, the ticket of "wampool", workers[0]`) {
		t.Fatalf("exit code %d, errors %q, output\n%s", code, err, out)
	}
	folder, problem := filepath.Abs(filepath.Dir(node))
	if problem != nil {
		t.Fatal(problem)
	}
	code, out, err = runToEnd(t, "import", "crossbar", "--door", "workers[0].transports[1]", node)
	if code != exitClean || !strings.Contains(out, `url = "`+(&url.URL{Scheme: "unix", Path: folder + "/sock"}).String()+`"`) {
		t.Errorf("exit code %d, errors %q, output\n%s", code, err, out)
	}
	t.Setenv("WAMPOOL_SECRET", "a-ticket")
	if code, checked, err := runToEnd(t, "check", writeFile(t, out)); code != exitClean || !strings.HasSuffix(checked, ": ok: 2 realms, 3 pools\n") {
		t.Errorf("exit code %d, output %q, errors %q", code, checked, err)
	}
	broken := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(broken, []byte("workers: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{broken: "no router in it has a transport", broken + ".json": "no such file", "-": "a Crossbar.io configuration is an object"} {
		if code, out, err := runToEnd(t, "import", "crossbar", file); code != exitUsage || out != "" || !strings.Contains(err, want) {
			t.Errorf("%s: exit code %d, output %q, errors %q", file, code, out, err)
		}
	}
}
