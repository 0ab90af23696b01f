package shipped

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/integration/harness"
)

// The files for Kubernetes, and what the chart makes of its values, in Kubernetes' own types.
func TestManifests(t *testing.T) {
	dir := t.TempDir()
	if rendered := renderChart(t, "--set", "serviceMonitor.enabled=true,prometheusRule.enabled=true,networkPolicy.enabled=true",
		"--set", "cluster.enabled=true,existingConfigMap=mine"); rendered != "" {
		if err := os.WriteFile(filepath.Join(dir, "chart.yaml"), []byte(rendered), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := harness.Command("go", "test", "-count=1", ".")
	command.Dir = harness.Path("manifests")
	command.Env = append(command.Environ(), "MANIFESTS="+dir)
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// renderChart returns "" where Helm is not.
func renderChart(t *testing.T, args ...string) string {
	t.Helper()
	helm := harness.Path(".helm/bin/helm")
	if _, err := os.Stat(helm); err != nil {
		t.Log("without the chart: Helm is not installed")
		return ""
	}
	out, err := harness.Command(helm, append([]string{"template", "try", harness.Path("../deploy/helm/wampool")}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestChart(t *testing.T) {
	harness.Needs(t, "helm")
	if out, err := harness.Command(harness.Path(".helm/bin/helm"), "lint", "--strict", harness.Path("../deploy/helm/wampool")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for _, args := range [][]string{
		nil, {"--set", "existingConfigMap=mine,replicas=1,podDisruptionBudget.enabled=false"},
		{"--set", "env[0].name=WAMPOOL_TICKET,env[0].valueFrom.secretKeyRef.name=wampool,env[0].valueFrom.secretKeyRef.key=ticket"},
	} {
		checkRendered(t, renderChart(t, args...))
	}
	checkDrain(t)
	checkCluster(t)
}

// checkCluster has the block of the values' comment read what the chart sets for it.
func checkCluster(t *testing.T) {
	t.Helper()
	out, err := harness.Command(harness.Path(".helm/bin/helm"), "template", "try", harness.Path("../deploy/helm/wampool"), "--set", "cluster.enabled=true").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "needs a cluster block") {
		t.Errorf("without a block, the chart says %v %s", err, out)
	}
	values, err := os.ReadFile(harness.Path("../deploy/helm/wampool/values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var own struct{ Config string }
	if err := yaml.Unmarshal(values, &own); err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?ms)^#   cluster \{$.*?^#   \}$`).FindString(string(values))
	own.Config += strings.ReplaceAll(block, "#   ", "")
	file := filepath.Join(t.TempDir(), "values.json")
	content, err := json.Marshal(map[string]any{"config": own.Config, "cluster": map[string]any{"enabled": true}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	rendered := renderChart(t, "-f", file)
	t.Setenv("WAMPOOL_CLUSTER_SECRET", "known to all peers")
	join := regexp.MustCompile(`WAMPOOL_CLUSTER_JOIN\n\s+value: "(.*)"`).FindStringSubmatch(rendered)
	if join == nil || !strings.Contains(rendered, "name: "+strings.TrimSuffix(join[1], ":7946")+"\n") {
		t.Fatalf("no Service of the name that is joined:\n%s", rendered)
	}
	t.Setenv("WAMPOOL_CLUSTER_JOIN", join[1])
	checkRendered(t, rendered)
}

// checkDrain looks at the hook that gives registrations up before the stop, which is a
// command that wampool has, and that needs to be let.
func checkDrain(t *testing.T) {
	t.Helper()
	rendered := renderChart(t, "--set", "drainBeforeStop=true,existingConfigMap=mine,preStopSeconds=0")
	hook := regexp.MustCompile(`command: (\["/wampool".*\])`).FindStringSubmatch(rendered)
	var words []string
	if hook == nil || json.Unmarshal([]byte(hook[1]), &words) != nil {
		t.Fatalf("no hook in\n%s", rendered)
	}
	harness.Tool(t, append(words[1:], "--help")...) // which fails for a flag that there is not
	out, err := harness.Command(harness.Path(".helm/bin/helm"), "template", "try", harness.Path("../deploy/helm/wampool"), "--set", "drainBeforeStop=true").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "needs control = true") {
		t.Errorf("without control, the chart says %v %s", err, out)
	}
}

// checkRendered loads the configuration as wampool would, which has to drain within the time that the pod has.
func checkRendered(t *testing.T, rendered string) {
	t.Helper()
	var grace float64
	var source string
	for document := range strings.SplitSeq(rendered, "\n---\n") {
		var object struct {
			Kind string
			Data map[string]string
			Spec struct {
				Template struct {
					Spec struct{ TerminationGracePeriodSeconds float64 }
				}
			}
		}
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatalf("%v\n%s", err, document)
		}
		switch object.Kind {
		case "Deployment":
			grace = object.Spec.Template.Spec.TerminationGracePeriodSeconds
		case "ConfigMap":
			source = object.Data["wampool.hcl"]
		}
	}
	if source == "" { // it is the user's own
		return
	}
	config, err := configs.Parse([]byte(source), "wampool.hcl")
	if err != nil {
		t.Fatal(err)
	}
	if grace <= config.DrainTimeout.Seconds()+5 {
		t.Errorf("the pod is killed after %v s, and wampool drains for %s after preStop's 5 s", grace, config.DrainTimeout)
	}
}
