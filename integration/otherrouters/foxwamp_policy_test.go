package otherrouters

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// threeInstances joins callees of three libraries and registers a procedure that
// returns its callee's name. It returns the names in the order of registration.
func threeInstances(t *testing.T, w *harness.Wampool, f harness.Router, procedure string, options harness.Args) []string {
	t.Helper()
	var names []string
	for _, name := range []string{"asyncio", "autobahn", "wampy"} {
		callee := harness.Library(t, name).Join(t, w.URL, f.Joining())
		callee.Register(procedure, "name", options).OK(t)
		names = append(names, callee.Name)
	}
	return names
}

// takers returns which callee took each of n calls, as its place in names.
func takers(t *testing.T, caller *harness.Client, procedure string, names []string, n int) []int {
	t.Helper()
	places := map[string]int{}
	for i, name := range names {
		places[fmt.Sprintf("%q", name)] = i
	}
	var order []int
	for range n {
		got := string(caller.Call(procedure, "who").OK(t))
		place, known := places[got]
		if !known {
			t.Fatalf("the call returns %s, which is none of %v", got, names)
		}
		order = append(order, place)
	}
	return order
}

func TestFoxWampSharesRegistrationsByEachPolicy(t *testing.T) {
	f := harness.SharedRouter(t, "fox-wamp")
	for policy, want := range map[string]string{
		"first":      "[0 0 0 0 0 0]",
		"last":       "[2 2 2 2 2 2]",
		"roundrobin": "[0 1 2 0 1 2]",
		"random":     "",
		"least":      "[0 1 2 0 1 2]", // nobody is busy: ties go round
	} {
		t.Run(policy, func(t *testing.T) {
			procedure := "com.example.fox.policy." + policy
			w := harness.StartWampool(t, f.URL(), harness.Anybody(procedure, fmt.Sprintf("policy = %q", policy)))
			names := threeInstances(t, w, f, procedure, nil)
			harness.EachSide(t, w, f, func(t *testing.T, callers string) {
				caller := harness.Library(t, "autobahn").Join(t, callers, f.Joining())
				order := takers(t, caller, procedure, names, 6)
				if want != "" && fmt.Sprint(order) != want {
					t.Errorf("calls went to %v, want %s", order, want)
				}
			})
		})
	}
}

func TestFoxWampSharesWhatCalleesAskToShare(t *testing.T) {
	f := harness.SharedRouter(t, "fox-wamp")
	w := harness.StartWampool(t, f.URL(), harness.Whoever)
	const procedure = "com.example.fox.auto"
	names := threeInstances(t, w, f, procedure, harness.Args{"invoke": "roundrobin"})
	caller := harness.Library(t, "autobahn").Join(t, f.URL(), f.Joining())
	if order := fmt.Sprint(takers(t, caller, procedure, names, 6)); order != "[0 1 2 0 1 2]" {
		t.Errorf("calls went to %s", order)
	}
	late := harness.Library(t, "twisted").Join(t, w.URL, f.Joining())
	late.Register(procedure, "name", harness.Args{"invoke": "first"}).
		Fails(t, "wamp.error.procedure_exists_with_different_invocation_policy")
}

func TestFoxWampRefusesASecondSingleCallee(t *testing.T) {
	f := harness.SharedRouter(t, "fox-wamp")
	const procedure = "com.example.fox.single"
	w := harness.StartWampool(t, f.URL(), harness.Anybody(procedure, `policy = "single"`))
	first, second := harness.Library(t, "asyncio").Join(t, w.URL, f.Joining()), harness.Library(t, "autobahn").Join(t, w.URL, f.Joining())
	first.Register(procedure, "name", nil).OK(t)
	second.Register(procedure, "name", nil).Fails(t, "wamp.error.procedure_already_exists")
	var name string
	if err := json.Unmarshal(second.Call(procedure, "who").OK(t), &name); err != nil || name != first.Name {
		t.Errorf("the call went to %s (%v)", name, err)
	}
}
