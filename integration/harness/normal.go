package harness

import (
	"bytes"
	"encoding/json"
	"testing"
)

// Normal writes JSON with sorted keys, and numbers as they stand.
func Normal(t *testing.T, b []byte) string {
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
