package shipped

import (
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// What fires in played incidents, and what does not: deploy/prometheus/alerts_test.yaml.
func TestAlertsFireWhenTheyShould(t *testing.T) {
	harness.Needs(t, "prometheus")
	promtool := harness.Path(".prometheus/usr/bin/promtool")
	for _, args := range [][]string{{"check", "rules", "alerts.yaml"}, {"test", "rules", "alerts_test.yaml"}} {
		command := harness.Command(promtool, args...)
		command.Dir = harness.Path("../deploy/prometheus")
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}
