package integration

import (
	"bytes"
	"encoding/json"
	"testing"
)

// anyLibrary is what every library and serializer can express: JSON has no
// binary in JavaScript, and JavaScript no integers that are not floats beyond 2^31.
const anyLibrary = `{"args":[1,-7,2147483647,2.5,-0.125,"Grüße, 世界 🌍","",null,true,false,[[],[{}]],{"a":{"b":[1,null]}}],"kwargs":{"unit":"µs","list":[1,2,3]}}`

// binary is beside that what MessagePack and CBOR can in every library.
const binary = `{"args":[{"$bytes":"AAECA/8="},"text"],"kwargs":{"blob":{"$bytes":""}}}`

// exact is what Python can in every serializer.
const exact = `{"args":[9223372036854775807,-9223372036854775808,18446744073709551615,1.0,-2.0,1e100,5e-324,{"$bytes":"AAECA/8="}],"kwargs":{"n":9007199254740993}}`

func TestPlainCalleesOfEveryLibraryInOnePool(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.url(), pooled("com.example.mixed", `policy = "roundrobin"`))
	callees := map[string]*client{}
	for name, serializer := range map[string]string{"twisted": "json", "asyncio": "cbor", "autobahn": "msgpack", "wampy": "cbor"} {
		callee := library(t, name).join(t, w.url, args{"serializer": serializer})
		callee.do("register", args{"procedure": "com.example.mixed", "behaviour": "echo"}).ok(t)
		callees[name] = callee
	}
	autobahnJSON := library(t, "autobahn").join(t, w.url, args{"serializer": "json"})
	autobahnJSON.do("register", args{"procedure": "com.example.mixed", "behaviour": "echo"}).ok(t)
	callees["autobahn, json"] = autobahnJSON
	eachSide(t, w, c, func(t *testing.T, callers string) {
		for _, serializer := range []string{"json", "msgpack", "cbor"} {
			t.Run(serializer, func(t *testing.T) {
				caller := library(t, "asyncio").join(t, callers, args{"serializer": serializer})
				for range callees {
					echo(t, caller, "com.example.mixed", anyLibrary)
				}
				for name, callee := range callees {
					e := callee.next("invoked")
					got := normal(t, []byte(`{"args":`+string(e.Args)+`,"kwargs":`+string(e.Kwargs)+`}`))
					if want := normal(t, []byte(anyLibrary)); got != want {
						t.Errorf("%s was called with\n%s\nwant\n%s", name, got, want)
					}
				}
			})
		}
	})
}

func TestBinaryDataBetweenLibrariesAndSerializers(t *testing.T) {
	c := router(t)
	for name, serializers := range map[string][]string{
		"twisted": {"json", "msgpack", "cbor"}, "autobahn": {"msgpack", "cbor"}, "wampy": {"msgpack", "cbor"},
	} {
		t.Run(name, func(t *testing.T) {
			procedure := "com.example.binary." + name
			w := startWampool(t, c.url(), pooled(procedure, `policy = "roundrobin"`))
			for _, s := range serializers {
				callee := library(t, name).join(t, w.url, args{"serializer": s})
				callee.do("register", args{"procedure": procedure, "behaviour": "echo"}).ok(t)
			}
			for _, s := range []string{"json", "msgpack", "cbor"} {
				caller := library(t, "asyncio").join(t, c.url(), args{"serializer": s})
				for range serializers {
					echo(t, caller, procedure, binary)
				}
			}
			if contains(w.process, "violation") {
				t.Error(w.process.output())
			}
		})
	}
}

func TestNumbersStayExactBetweenSerializers(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.url(), pooled("com.example.exact", `policy = "roundrobin"`))
	serializers := []string{"json", "msgpack", "cbor"}
	for _, s := range serializers {
		callee := library(t, "twisted").join(t, w.url, args{"serializer": s})
		callee.do("register", args{"procedure": "com.example.exact", "behaviour": "echo"}).ok(t)
	}
	for _, s := range serializers {
		for _, url := range []string{c.url(), w.url} {
			caller := library(t, "asyncio").join(t, url, args{"serializer": s})
			for range serializers {
				echo(t, caller, "com.example.exact", exact)
			}
		}
	}
}

// echo calls a procedure that returns what it is called with.
func echo(t *testing.T, caller *client, procedure, payload string) {
	t.Helper()
	var parts struct{ Args, Kwargs json.RawMessage }
	if err := json.Unmarshal([]byte(payload), &parts); err != nil {
		t.Fatal(err)
	}
	result := caller.do("call", args{"procedure": procedure, "args": parts.Args, "kwargs": parts.Kwargs}).ok(t)
	if got, want := normal(t, result), normal(t, []byte(payload)); got != want {
		t.Errorf("came back as\n%s\nwent out as\n%s", got, want)
	}
}

// normal writes JSON with sorted keys, and numbers as they stand.
func normal(t *testing.T, b []byte) string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	out, err := json.Marshal(numbers(v))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// numbers writes floats in one way: libraries differ in 1e100 and 1e+100.
func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if !bytes.ContainsAny([]byte(v), ".eE") {
			return v
		}
		f, _ := v.Float64()
		return map[string]any{"$float": f}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}
