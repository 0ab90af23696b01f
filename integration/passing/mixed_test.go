package passing

import (
	"encoding/json"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// anyLibrary is what every library and serializer can express: JSON has no
// binary in JavaScript, and JavaScript no integers that are not floats beyond 2^31.
const anyLibrary = `{"args":[1,-7,2147483647,2.5,-0.125,"Grüße, 世界 🌍","",null,true,false,[[],[{}]],{"a":{"b":[1,null]}}],"kwargs":{"unit":"µs","list":[1,2,3]}}`

// binary is beside that what MessagePack and CBOR can in every library.
const binary = `{"args":[{"$bytes":"AAECA/8="},"text"],"kwargs":{"blob":{"$bytes":""}}}`

// exact is what Python can in every serializer.
const exact = `{"args":[9223372036854775807,-9223372036854775808,18446744073709551615,1.0,-2.0,1e100,5e-324,{"$bytes":"AAECA/8="}],"kwargs":{"n":9007199254740993}}`

func TestPlainCalleesOfEveryLibraryInOnePool(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), harness.Pooled("com.example.mixed", `policy = "roundrobin"`))
	callees := map[string]*harness.Client{}
	for name, serializer := range map[string]string{"twisted": "json", "asyncio": "cbor", "autobahn": "msgpack", "wampy": "cbor"} {
		callee := harness.Library(t, name).Join(t, w.URL, harness.Args{"serializer": serializer})
		callee.Do("register", harness.Args{"procedure": "com.example.mixed", "behaviour": "echo"}).OK(t)
		callees[name] = callee
	}
	autobahnJSON := harness.Library(t, "autobahn").Join(t, w.URL, harness.Args{"serializer": "json"})
	autobahnJSON.Do("register", harness.Args{"procedure": "com.example.mixed", "behaviour": "echo"}).OK(t)
	callees["autobahn, json"] = autobahnJSON
	harness.EachSide(t, w, c, func(t *testing.T, callers string) {
		for _, serializer := range []string{"json", "msgpack", "cbor"} {
			t.Run(serializer, func(t *testing.T) {
				caller := harness.Library(t, "asyncio").Join(t, callers, harness.Args{"serializer": serializer})
				for range callees {
					echo(t, caller, "com.example.mixed", anyLibrary)
				}
				for name, callee := range callees {
					e := callee.Next("invoked")
					got := harness.Normal(t, []byte(`{"args":`+string(e.Args)+`,"kwargs":`+string(e.Kwargs)+`}`))
					if want := harness.Normal(t, []byte(anyLibrary)); got != want {
						t.Errorf("%s was called with\n%s\nwant\n%s", name, got, want)
					}
				}
			})
		}
	})
}

func TestBinaryDataBetweenLibrariesAndSerializers(t *testing.T) {
	c := harness.SharedCrossbar(t)
	for name, serializers := range map[string][]string{
		"twisted": {"json", "msgpack", "cbor"}, "autobahn": {"msgpack", "cbor"}, "wampy": {"msgpack", "cbor"},
	} {
		t.Run(name, func(t *testing.T) {
			procedure := "com.example.binary." + name
			w := harness.StartWampool(t, c.URL(), harness.Pooled(procedure, `policy = "roundrobin"`))
			for _, s := range serializers {
				callee := harness.Library(t, name).Join(t, w.URL, harness.Args{"serializer": s})
				callee.Do("register", harness.Args{"procedure": procedure, "behaviour": "echo"}).OK(t)
			}
			for _, s := range []string{"json", "msgpack", "cbor"} {
				caller := harness.Library(t, "asyncio").Join(t, c.URL(), harness.Args{"serializer": s})
				for range serializers {
					echo(t, caller, procedure, binary)
				}
			}
			if w.Process.Said("violation") {
				t.Error(w.Process.Output())
			}
		})
	}
}

func TestNumbersStayExactBetweenSerializers(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), harness.Pooled("com.example.exact", `policy = "roundrobin"`))
	serializers := []string{"json", "msgpack", "cbor"}
	for _, s := range serializers {
		callee := harness.Library(t, "twisted").Join(t, w.URL, harness.Args{"serializer": s})
		callee.Do("register", harness.Args{"procedure": "com.example.exact", "behaviour": "echo"}).OK(t)
	}
	for _, s := range serializers {
		for _, url := range []string{c.URL(), w.URL} {
			caller := harness.Library(t, "asyncio").Join(t, url, harness.Args{"serializer": s})
			for range serializers {
				echo(t, caller, "com.example.exact", exact)
			}
		}
	}
}

// echo calls a procedure that returns what it is called with.
func echo(t *testing.T, caller *harness.Client, procedure, payload string) {
	t.Helper()
	var parts struct{ Args, Kwargs json.RawMessage }
	if err := json.Unmarshal([]byte(payload), &parts); err != nil {
		t.Fatal(err)
	}
	result := caller.Do("call", harness.Args{"procedure": procedure, "args": parts.Args, "kwargs": parts.Kwargs}).OK(t)
	if got, want := harness.Normal(t, result), harness.Normal(t, []byte(payload)); got != want {
		t.Errorf("came back as\n%s\nwent out as\n%s", got, want)
	}
}
