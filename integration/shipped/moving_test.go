package shipped

import (
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

var update = flag.Bool("update", false, "rewrite the outputs in deploy/from-crossbar.md")

// A document whose commands are played, each with what it prints.
const moving = "../deploy/from-crossbar.md"

// The ports of deploy/from-crossbar.md are taken where others run, too: here each is
// another one.
func movingPorts(t *testing.T) (there, back *strings.Replacer) {
	t.Helper()
	router := 0
	for range 100 {
		router = harness.OwnPort(t)
		beside, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", router+1000)) // where import has wampool listen
		if err == nil {
			_ = beside.Close()
			break
		}
	}
	var to, from []string
	for port, own := range map[string]int{"8080": router, "9080": router + 1000, "8081": harness.OwnPort(t), "9090": harness.OwnPort(t), "9091": harness.OwnPort(t)} {
		to, from = append(to, port, strconv.Itoa(own)), append(from, strconv.Itoa(own), port)
	}
	return strings.NewReplacer(to...), strings.NewReplacer(from...)
}

// movingFolder is the folder in which the document is played.
func movingFolder(t *testing.T, ports *strings.Replacer) string {
	t.Helper()
	dir := t.TempDir()
	for _, file := range []string{"from-crossbar/node/config.json", "from-crossbar/worker.py", "from-crossbar/caller.py", "from-crossbar/prometheus.yml", "prometheus/alerts.yaml"} {
		content, err := os.ReadFile(harness.Path("../deploy/" + file))
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(file, "/")
		to := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(ports.Replace(string(content))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// From a node of Crossbar.io to a pool that Prometheus watches, and back: every
// command of the document prints what stands there, but for numbers.
func TestMovingFromCrossbar(t *testing.T) {
	harness.Needs(t, "prometheus")
	content, err := os.ReadFile(harness.Path(moving))
	if err != nil {
		t.Fatal(err)
	}
	there, back := movingPorts(t)
	dir := movingFolder(t, there)
	s := newShell(t, dir, filepath.Dir(harness.Binary()), harness.Path(".venv/bin"), harness.Path(".prometheus/usr/bin"))
	played := parseDocument(string(content))
	if len(played.steps) < 20 {
		t.Fatalf("only %d steps in %s", len(played.steps), moving)
	}
	for i := range played.steps {
		step := &played.steps[i]
		wants := func(printed string) bool { return alike(step.output, back.Replace(printed)) }
		if *update && step.output == "" { // it will say something
			wants = func(printed string) bool { return printed != "" }
		}
		printed := back.Replace(s.play(there.Replace(step.commands), wants))
		if *update && !alike(step.output, printed) {
			step.output = printed
		}
		if !alike(step.output, printed) {
			t.Fatalf("%s, line %d:\n%s\nprints\n%s\ninstead of\n%s", moving, step.line, step.commands, printed, step.output)
		}
		imported(t, filepath.Join(dir, "wampool.hcl"), there)
	}
	if *update {
		if err := os.WriteFile(harness.Path(moving), []byte(played.text()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// imported has the admin listener elsewhere than where import has it for everybody.
func imported(t *testing.T, file string, ports *strings.Replacer) {
	t.Helper()
	config, err := os.ReadFile(file)
	const everybody = `"127.0.0.1:9090"`
	if err != nil || !strings.Contains(string(config), everybody) {
		return
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(config), everybody, ports.Replace(everybody), 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}
