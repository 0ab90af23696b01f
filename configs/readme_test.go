package configs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// everySetting returns what README.md lists under that heading.
func everySetting(t *testing.T) string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(readme), "\n## Every setting\n")
	_, after, _ = strings.Cut(after, "\n```hcl\n")
	listed, _, found := strings.Cut(after, "\n```\n")
	if !found {
		t.Fatal("README.md lists no settings")
	}
	return listed + "\n"
}

// It spells out every default, so it must equal the file that says none of them.
func TestReadmeListsTheDefaults(t *testing.T) {
	dir := t.TempDir() // where its certificates are
	writeCertificate(t, dir, "wampool")
	in := func(name string) string { return filepath.Join(dir, name) }
	want := configWith(func(c *Config) {
		pool := defaultPool("com.example.compute")
		pool.Queue = &Queue{Limit: DefaultQueueLimit, Bytes: DefaultQueueBytes, Timeout: DefaultQueueTimeout}
		c.Listen = append(c.Listen, Listen{URL: "wss://127.0.0.1:9443/ws", TLS: &TLS{CertFile: in("wampool.crt"), KeyFile: in("wampool.key")}})
		c.Realms = []Realm{defaultRealm("realm1")}
		c.Realms[0].Pools = []Pool{pool}
		c.Cluster = &Cluster{Name: DefaultClusterName, Gossip: DefaultGossip, Listen: DefaultClusterListen, MaxRTT: DefaultMaxRTT}
		c.Admin = &Admin{Address: DefaultAdminAddress}
		c.Trace = &Trace{}
	})
	got, err := Parse([]byte(everySetting(t)), in("README.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, bySecret, noWarnings); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestReadmeListsEverySetting(t *testing.T) {
	listed := regexp.MustCompile(`\w+`).FindAllString(everySetting(t), -1)
	for _, shape := range shapes {
		for _, name := range shape.names() {
			if !slices.Contains(listed, name) {
				t.Errorf("README.md lists no %s %s", name, shape.place())
			}
		}
	}
}

// Each example has its line, and each line its example.
func TestReadmeListsTheExamples(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, row := range regexp.MustCompile(`(?m)^\| \[.*\]\((examples/[\w-]+\.hcl)\) \|`).FindAllStringSubmatch(string(readme), -1) {
		listed = append(listed, row[1])
	}
	files, err := filepath.Glob("examples/*.hcl")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(listed)
	if diff := cmp.Diff(files, listed); diff != "" {
		t.Errorf("-there +listed\n%s", diff)
	}
}

// The example in JSON is one.
func TestReadmeHasAConfigurationInJSON(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(readme), "\n```json\n")
	example, _, _ := strings.Cut(after, "\n```\n")
	got, err := Parse([]byte(example), "README.hcl.json")
	if err != nil {
		t.Fatal(err)
	}
	want := configWith(func(c *Config) {
		pool := defaultPool("com.example.compute")
		pool.Concurrency, pool.Queue = 4, &Queue{Limit: 100, Bytes: DefaultQueueBytes, Timeout: DefaultQueueTimeout}
		c.Realms = []Realm{defaultRealm("realm1")}
		c.Realms[0].Pools = []Pool{pool}
	})
	if diff := cmp.Diff(want, got, bySecret, noWarnings); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
