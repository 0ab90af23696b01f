package proxy

import (
	"strings"
	"testing"
)

// A payload that can't be passed on ends its call; the callee's other calls are
// untouched.
func TestUnfitAnswerEndsOneCallAlone(t *testing.T) {
	for name, arguments := range map[string]string{
		"too deep":          strings.Repeat("[", 500) + strings.Repeat("]", 500),
		"an endless number": `[` + strings.Repeat("1", 5000) + `]`,
	} {
		t.Run(name, func(t *testing.T) {
			w, pool := newWorld(t, "")
			callee, _, _ := w.callee(pool, `{"concurrency":2}`, "")
			for i := 1; i <= 2; i++ {
				pool.send(`[68,%d,100,{}]`, i)
				callee.expectPrefix(`[68,%d,`, i)
			}
			callee.send("%s", `[70,1,{},`+arguments+`]`)
			pool.expectPrefix(`[8,68,1,{},"wamp.error.invalid_argument",["the callee's answer can't be passed on: codec: YIELD.Arguments`)
			callee.send(`[70,2,{},["fine"]]`)
			pool.expect(`[70,2,{},["fine"]]`)
		})
	}
}
