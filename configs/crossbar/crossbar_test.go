package crossbar

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wampool/wampool/configs"
)

var update = flag.Bool("update", false, "rewrite testdata/*.hcl")

// sources are configurations of nodes: those in testdata, and those shipped.
func sources(t testing.TB) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"testdata/*.json", "testdata/*.yaml", "../../deploy/*/crossbar.json"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	return files
}

// What is written is read by wampool, is in its canonical form, and copies no
// secret; testdata has it as people see it.
func TestConvert(t *testing.T) {
	for _, variable := range []string{"WAMPOOL_SECRET", "WAMPOOL_SECRET_2", "TKT"} {
		t.Setenv(variable, strings.Repeat("7", 64))
	}
	for _, file := range sources(t) {
		t.Run(filepath.Base(filepath.Dir(file))+" "+filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			result, err := Convert(src, filepath.Base(file), Options{Folder: "/srv/.crossbar"})
			if err != nil {
				t.Fatal(err)
			}
			config, err := configs.Parse(result.HCL, "imported.hcl")
			if err != nil {
				t.Fatalf("%v\n%s", err, result.HCL)
			}
			for _, warning := range config.Warnings {
				if !strings.HasPrefix(warning.Summary, "null stands for any page") {
					t.Error(warning)
				}
			}
			if formatted, err := configs.Format(result.HCL, "imported.hcl"); err != nil || string(formatted) != string(result.HCL) {
				t.Errorf("not in canonical form (%v)", err)
			}
			if strings.Contains(string(result.HCL), "hunter2") || strings.Contains(string(result.HCL), "\x1b") {
				t.Errorf("a secret, or what a terminal obeys, in\n%s", result.HCL)
			}
			if !strings.HasPrefix(file, "testdata/") {
				return
			}
			golden := strings.TrimSuffix(file, filepath.Ext(file)) + ".hcl"
			if *update {
				if err := os.WriteFile(golden, result.HCL, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(result.HCL)); diff != "" {
				t.Errorf("other text than %s (rewrite with -update):\n%s", golden, diff)
			}
		})
	}
}

// A door that is asked for is taken, in whatever worker it is.
func TestDoorOfChoice(t *testing.T) {
	src, err := os.ReadFile("testdata/node.json")
	if err != nil {
		t.Fatal(err)
	}
	result, err := Convert(src, "node.json", Options{Folder: "/srv", Door: "workers[0].transports[1]", Listen: "ws://127.0.0.1:9090/x"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`url = "unix:///srv/sock"`, `listen "ws://127.0.0.1:9090/x" {`, `address = "127.0.0.1:9091"`, `--door 'workers[0].transports[0].paths.ws'`} {
		if !strings.Contains(string(result.HCL), want) {
			t.Errorf("no %s in\n%s", want, result.HCL)
		}
	}
}

func TestNothingToConvert(t *testing.T) {
	for name, tt := range map[string]struct{ src, file, want string }{
		"no JSON":      {"{", "config.json", "line 1: the configuration ends too early"},
		"broken later": {"{\n\"a\": [\n}", "config.json", "line 3: invalid character '}' looking for beginning of value"},
		"two values":   {"{} {}", "config.json", "line 1: something follows after the configuration"},
		"no object":    {"[]", "config.json", "a Crossbar.io configuration is an object"},
		"empty YAML":   {"", "config.yaml", "a Crossbar.io configuration is an object"},
		"no YAML":      {"a: [", "config.yaml", "yaml"},
		"deep":         {strings.Repeat("[", 100_000), "config.json", "line 1: nested too deeply"},
		"long":         {strings.Repeat(" ", maxBytes+1), "config.json", "longer than 1048576 bytes"},
		"laughs":       {laughs(), "config.yaml", "too much, or nested too deeply"},
		"no workers":   {"{}", "", "no router in it has a transport at which WAMP clients connect"},
		"no door":      {`{"workers": [{"type": "router", "transports": [{"type": "websocket", "endpoint": {"type": "onion"}}]}]}`, "", "wampool can connect at none of workers[0].transports[0]"},
		"other door":   {`{"workers": [{"type": "router", "transports": [{"type": "websocket", "endpoint": {"port": 80}}]}]}`, "door", "there are: workers[0].transports[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{}
			if tt.file == "door" {
				o.Door, tt.file = "workers[7]", ""
			}
			_, err := Convert([]byte(tt.src), tt.file, o)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

// laughs is YAML that is short, and long when its aliases are followed.
func laughs() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 10; i++ {
		last := string(rune('0' + i - 1))
		this := string(rune('0' + i))
		b.WriteString("a" + this + ": &a" + this + " [" + strings.Repeat("*a"+last+", ", 9) + "*a" + last + "]\n")
	}
	return b.String()
}

// FuzzConvert wants of any source an error, or what wampool reads.
func FuzzConvert(f *testing.F) {
	for _, file := range sources(f) {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		result, err := Convert(src, "", Options{Folder: "/srv"})
		if err != nil {
			if strings.Contains(err.Error(), "should be reported") {
				t.Error(err)
			}
			return
		}
		formatted, err := configs.Format(result.HCL, "imported.hcl")
		if err != nil || string(formatted) != string(result.HCL) {
			t.Errorf("not in canonical form (%v)\n%s", err, result.HCL)
		}
		for _, mistake := range mistakesOf(string(result.HCL)) {
			if !strings.HasPrefix(mistake, "environment variable") {
				t.Errorf("%s\n%s", mistake, result.HCL)
			}
		}
	})
}
