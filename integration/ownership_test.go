package integration

import (
	"fmt"
	"testing"
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
			atBoth(t, router(t), auto, func(t *testing.T, s side) {
				register := fmt.Sprintf(`[64,1,{"invoke":"first"},%q]`, procedure+"."+name)
				owner, forger := joinRaw(t, "owner", s.url), joinRaw(t, "forger", s.url)
				for _, callee := range []*rawSession{owner, forger} {
					callee.send(register)
					callee.expect(`[65,1,`)
				}
				caller := joinRaw(t, "caller", s.url)
				caller.send(fmt.Sprintf(`[48,1,{},%q]`, procedure+"."+name))
				id := element(t, owner.expect(`[68,`), 1)
				forger.send(fmt.Sprintf(forged, id))
				if s.wampool { // the ID was never issued to the forger
					forger.expect(`[3,`)
				} else if name == "ERROR" { // Crossbar.io checks no owner here
					caller.expect(`[8,48,1,{},"com.example.forged"`)
					return
				} else {
					forger.expect("closed: ")
				}
				owner.send(fmt.Sprintf(`[70,%d,{},["genuine"]]`, id))
				if got := caller.expect(`[50,1,`); got[len(got)-len(`["genuine"]]`):] != `["genuine"]]` {
					t.Errorf("the caller got %s", got)
				}
			})
		})
	}
}
