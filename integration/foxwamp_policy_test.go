package integration

import (
	"encoding/json"
	"fmt"
	"testing"
)

// threeInstances joins callees of three libraries and registers a procedure that
// returns its callee's name. It returns the names in the order of registration.
func threeInstances(t *testing.T, w *wampool, f node, procedure string, options args) []string {
	t.Helper()
	var names []string
	for _, name := range []string{"asyncio", "autobahn", "wampy"} {
		callee := library(t, name).join(t, w.url, f.joining())
		callee.register(procedure, "name", options).ok(t)
		names = append(names, callee.name)
	}
	return names
}

// takers returns which callee took each of n calls, as its place in names.
func takers(t *testing.T, caller *client, procedure string, names []string, n int) []int {
	t.Helper()
	places := map[string]int{}
	for i, name := range names {
		places[fmt.Sprintf("%q", name)] = i
	}
	var order []int
	for range n {
		got := string(caller.call(procedure, "who").ok(t))
		place, known := places[got]
		if !known {
			t.Fatalf("the call returns %s, which is none of %v", got, names)
		}
		order = append(order, place)
	}
	return order
}

func TestFoxWampSharesRegistrationsByEachPolicy(t *testing.T) {
	f := foxRouter(t)
	for policy, want := range map[string]string{
		"first":      "[0 0 0 0 0 0]",
		"last":       "[2 2 2 2 2 2]",
		"roundrobin": "[0 1 2 0 1 2]",
		"random":     "",
		"least":      "[0 1 2 0 1 2]", // nobody is busy: ties go round
	} {
		t.Run(policy, func(t *testing.T) {
			procedure := "com.example.fox.policy." + policy
			w := startWampool(t, f.url(), anybody(procedure, fmt.Sprintf("policy = %q", policy)))
			names := threeInstances(t, w, f, procedure, nil)
			eachSide(t, w, f, func(t *testing.T, callers string) {
				caller := library(t, "autobahn").join(t, callers, f.joining())
				order := takers(t, caller, procedure, names, 6)
				if want != "" && fmt.Sprint(order) != want {
					t.Errorf("calls went to %v, want %s", order, want)
				}
			})
		})
	}
}

func TestFoxWampSharesWhatCalleesAskToShare(t *testing.T) {
	f := foxRouter(t)
	w := startWampool(t, f.url(), whoever)
	const procedure = "com.example.fox.auto"
	names := threeInstances(t, w, f, procedure, args{"invoke": "roundrobin"})
	caller := library(t, "autobahn").join(t, f.url(), f.joining())
	if order := fmt.Sprint(takers(t, caller, procedure, names, 6)); order != "[0 1 2 0 1 2]" {
		t.Errorf("calls went to %s", order)
	}
	late := library(t, "twisted").join(t, w.url, f.joining())
	late.register(procedure, "name", args{"invoke": "first"}).
		fails(t, "wamp.error.procedure_exists_with_different_invocation_policy")
}

func TestFoxWampRefusesASecondSingleCallee(t *testing.T) {
	f := foxRouter(t)
	const procedure = "com.example.fox.single"
	w := startWampool(t, f.url(), anybody(procedure, `policy = "single"`))
	first, second := library(t, "asyncio").join(t, w.url, f.joining()), library(t, "autobahn").join(t, w.url, f.joining())
	first.register(procedure, "name", nil).ok(t)
	second.register(procedure, "name", nil).fails(t, "wamp.error.procedure_already_exists")
	var name string
	if err := json.Unmarshal(second.call(procedure, "who").ok(t), &name); err != nil || name != first.name {
		t.Errorf("the call went to %s (%v)", name, err)
	}
}
