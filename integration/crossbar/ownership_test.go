package crossbar

import (
	"fmt"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// A callee that answers an INVOCATION which is another callee's: told at
// Crossbar.io's own feature and at wampool, as in faults_test.go.
func TestOnlyTheCalleeThatHasACallAnswersIt(t *testing.T) {
	const procedure = "com.example.owned"
	for name, forged := range map[string]string{
		"ERROR": `[8,68,%d,{},"com.example.forged"]`,
		"YIELD": `[70,%d,{},["forged"]]`,
	} {
		t.Run(name, func(t *testing.T) {
			harness.AtBoth(t, harness.SharedCrossbar(t), harness.Auto, func(t *testing.T, s harness.Side) {
				register := fmt.Sprintf(`[64,1,{"invoke":"first"},%q]`, procedure+"."+name)
				owner, forger := harness.JoinRaw(t, "owner", s.URL), harness.JoinRaw(t, "forger", s.URL)
				for _, callee := range []*harness.RawSession{owner, forger} {
					callee.Send(register)
					callee.Expect(`[65,1,`)
				}
				caller := harness.JoinRaw(t, "caller", s.URL)
				caller.Send(fmt.Sprintf(`[48,1,{},%q]`, procedure+"."+name))
				id := harness.Element(t, owner.Expect(`[68,`), 1)
				forger.Send(fmt.Sprintf(forged, id))
				if s.Wampool { // the ID was never issued to the forger
					forger.Expect(`[3,`)
				} else if name == "ERROR" { // Crossbar.io checks no owner here
					caller.Expect(`[8,48,1,{},"com.example.forged"`)
					return
				} else {
					forger.Expect("closed: ")
				}
				owner.Send(fmt.Sprintf(`[70,%d,{},["genuine"]]`, id))
				if got := caller.Expect(`[50,1,`); got[len(got)-len(`["genuine"]]`):] != `["genuine"]]` {
					t.Errorf("the caller got %s", got)
				}
			})
		})
	}
}
