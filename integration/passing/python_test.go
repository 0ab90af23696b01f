package passing

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/wampool/wampool/integration/harness"

	"github.com/wampool/wampool/codec"
)

// ofPython are values that Python has and JSON has not, as Python writes them.
// Autobahn|Python's default serializer, CBOR, sends them with tags.
var ofPython = []string{
	`datetime.datetime(2026, 11, 25, 9, 30, tzinfo=datetime.timezone.utc)`, `datetime.date(2026, 11, 25)`,
	`Decimal('3.14159265358979323846264338327950288')`, `Decimal('-1E+30')`,
	`UUID('7d444840-9dc0-11d1-b245-5ffdce74fad2')`, `{1, 2, 3}`, `{1: 'one', -2: {'two': [2]}}`, `(1+2j)`, `nan`, `-inf`,
}

// bigIntegers are beyond 64 bit. Python writes them in JSON as they are.
var bigIntegers = []string{"1180591620717411303424", "-9223372036854775809", "-18446744073709551616"}

func TestWhatPythonHasPasses(t *testing.T) {
	const procedure = "com.example.python"
	harness.AtBoth(t, harness.SharedCrossbar(t), harness.Auto, func(t *testing.T, s harness.Side) {
		for _, framework := range []string{"twisted", "asyncio"} {
			callee := harness.Library(t, framework).Join(t, s.URL, nil)
			callee.Register(procedure, "echo", harness.Args{"invoke": "roundrobin"}).OK(t)
			for _, at := range []string{harness.SharedCrossbar(t).URL(), s.URL} {
				caller := harness.Library(t, "asyncio").Join(t, at, nil)
				for _, expression := range ofPython {
					value := harness.Args{"$python": expression}
					want, _ := json.Marshal(value)
					if got := harness.Normal(t, caller.Call(procedure, value).OK(t)); got != harness.Normal(t, want) {
						t.Errorf("%s comes back as %s", want, got)
					}
				}
				for _, n := range bigIntegers {
					if got := string(caller.Call(procedure, harness.Args{"$python": n}).OK(t)); got != n {
						t.Errorf("%s comes back as %s", n, got)
					}
				}
			}
			callee.Do("unregister", harness.Args{"procedure": procedure}).OK(t)
		}
	})
}

// A caller in whose serializer Crossbar.io can't put the answer is told so;
// Crossbar.io alone leaves it without an answer. The pool goes on.
func TestWhatPythonHasFailsTheCallOfWhoCannotHaveIt(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), harness.Pooled("com.example.python.odd", ""))
	callee := calleeIn(t, w.URL, codec.CBOR, "com.example.python.odd")
	caller := harness.JoinRaw(t, "caller", c.URL())
	answered := func(request int, arguments string) string {
		caller.Send(fmt.Sprintf(`[48,%d,{},"com.example.python.odd"]`, request))
		var m codec.Invocation
		if message := callee.Receive(); m.Decode(codec.CBOR, []byte(message)) != nil {
			t.Fatalf("the callee got %q", message)
		}
		yield := codec.Yield{Request: m.Request, Payload: codec.NewPayload(codec.CBOR, []byte(arguments), nil)}
		callee.Send(string(yield.Append(nil, codec.CBOR)))
		return caller.Receive()
	}
	for i, odd := range []string{"\xc1\x1a\x51\x4b\x67\xb0", "\xd9\x01\x02\x81\x01", "\xf7", "\xd9\x27\x0f\x01", "\xc0\x61x"} {
		if answer := answered(i+1, "\x81"+odd); !strings.Contains(answer, `"wamp.error.invalid_argument"`) {
			t.Errorf("for %q the caller got %s", odd, answer)
		}
	}
	if answer := answered(9, "\x81\x07"); !strings.HasPrefix(answer, `[50,9,`) || !strings.HasSuffix(answer, `[7]]`) {
		t.Errorf("the caller got %s", answer)
	}
	if w.Process.Said("pool session down") {
		t.Error("the pool session went down")
	}
}
