package proxy

import "testing"

// What leaves on the pool session has the form that the specification gives,
// whatever a callee sends: a router that ends the session for null in the place of
// a list would take all pools with it.
func TestNullOfACalleeStaysHere(t *testing.T) {
	for came, left := range map[string]string{
		`[70,1,{},null]`:                              `[70,9,{}]`,
		`[70,1,{},null,null]`:                         `[70,9,{}]`,
		`[70,1,{},null,{"k":1}]`:                      `[70,9,{},[],{"k":1}]`,
		`[70,1,{},[null],null]`:                       `[70,9,{},[null]]`,
		`[70,1,{},[1],{"k":null}]`:                    `[70,9,{},[1],{"k":null}]`,
		`[8,68,1,{},"com.example.e",null]`:            `[8,68,9,{},"com.example.e"]`,
		`[8,68,1,{},"com.example.e",null,{"k":null}]`: `[8,68,9,{},"com.example.e",[],{"k":null}]`,
	} {
		w, pool := newWorld(t, `pool "com.example.p" {}`)
		client, _, _ := w.callee(pool, `{}`, "")
		pool.send(`[68,9,100,{}]`)
		client.expectPrefix(`[68,1,`)
		client.send("%s", came)
		pool.expect("%s", left)
		w.stop()
	}
}
