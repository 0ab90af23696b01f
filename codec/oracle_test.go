package codec_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/tinylib/msgp/msgp"

	"github.com/wampool/wampool/codec"
)

// The oracles are the libraries of each serializer. They know nothing of this
// package, and what it writes must be in their eyes what it should be.

var serializers = []codec.Serializer{codec.JSON, codec.MessagePack, codec.CBOR}

// Values as all oracles agree on them: nil, bool, string, []byte, []any,
// map[string]any, and numbers such that 1 is not 1.0, and 0.0 not -0.0.
type (
	integer string
	float   uint64
)

// value decodes bytes by the library of their serializer.
func value(s codec.Serializer, raw []byte) (any, error) {
	switch s {
	case codec.JSON:
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			return nil, err
		}
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return nil, errors.New("more than one value")
		}
		return plain(v, true)
	case codec.MessagePack:
		v, rest, err := msgpackValue(raw)
		if err == nil && len(rest) > 0 {
			err = errors.New("more than one value")
		}
		if err != nil {
			return nil, err
		}
		return plain(v, false)
	default:
		var v any
		if err := cborDecoding.Unmarshal(raw, &v); err != nil {
			return nil, err
		}
		return plain(v, false)
	}
}

// msgpackValue is msgp.ReadIntfBytes, which a key that is there twice confuses.
func msgpackValue(raw []byte) (v any, rest []byte, err error) {
	var n uint32
	switch msgp.NextType(raw) {
	case msgp.ArrayType:
		if n, rest, err = msgp.ReadArrayHeaderBytes(raw); err != nil {
			return nil, raw, err
		}
		list := []any{}
		for range n {
			if v, rest, err = msgpackValue(rest); err != nil {
				return nil, raw, err
			}
			list = append(list, v)
		}
		return list, rest, nil
	case msgp.MapType:
		if n, rest, err = msgp.ReadMapHeaderBytes(raw); err != nil {
			return nil, raw, err
		}
		dict := map[string]any{}
		for range n {
			var key string
			if key, rest, err = msgp.ReadStringBytes(rest); err != nil {
				return nil, raw, err
			}
			if dict[key], rest, err = msgpackValue(rest); err != nil {
				return nil, raw, err
			}
		}
		return dict, rest, nil
	}
	return msgp.ReadIntfBytes(raw)
}

var cborDecoding = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		MaxNestedLevels: 1000, MaxArrayElements: math.MaxInt32, MaxMapPairs: math.MaxInt32,
		DefaultMapType: reflect.TypeFor[map[string]any](), TimeTagToAny: cbor.TimeTagToRFC3339,
	}.DecMode()
	if err != nil {
		panic("options of the oracle must be valid: " + err.Error())
	}
	return mode
}()

// wellFormed tells whether the library of the serializer takes the bytes for
// one value.
func wellFormed(s codec.Serializer, raw []byte) error {
	switch s {
	case codec.JSON:
		if !json.Valid(withoutSpecials(raw)) {
			return errors.New("not JSON")
		}
		return nil
	case codec.MessagePack:
		rest, err := msgp.Skip(raw)
		if err == nil && len(rest) > 0 {
			err = errors.New("more than one value")
		}
		return err
	default:
		return cborDecoding.Wellformed(raw)
	}
}

// withoutSpecials puts numbers in the place of NaN and infinities outside of
// strings.
func withoutSpecials(raw []byte) []byte {
	var out []byte
	quoted := false
	for i := 0; i < len(raw); i++ {
		rest := raw[i:]
		switch {
		case quoted && raw[i] == '\\' && len(rest) > 1:
			out = append(out, raw[i])
			i++
		case raw[i] == '"':
			quoted = !quoted
		case quoted:
		case bytes.HasPrefix(rest, []byte("NaN")):
			out = append(out, "1.0"...)
			i += 2
			continue
		case bytes.HasPrefix(rest, []byte("Infinity")):
			out = append(out, "1.0"...)
			i += 7
			continue
		}
		out = append(out, raw[i])
	}
	return out
}

// plain reduces what a library decodes to what all have in common.
func plain(v any, inJSON bool) (any, error) {
	switch v := v.(type) {
	case nil, bool:
		return v, nil
	case []byte:
		return append([]byte{}, v...), nil // never nil
	case string:
		if inJSON && strings.HasPrefix(v, "\x00") {
			raw, err := base64.StdEncoding.DecodeString(v[1:])
			return append([]byte{}, raw...), err
		}
		return v, nil
	case json.Number:
		if !strings.ContainsAny(v.String(), ".eE") {
			if v == "-0" {
				v = "0"
			}
			return integer(v), nil
		}
		f, err := v.Float64()
		return plainFloat(f), err
	case int64:
		return integer(strconv.FormatInt(v, 10)), nil
	case uint64:
		return integer(strconv.FormatUint(v, 10)), nil
	case big.Int:
		return integer(v.String()), nil
	case float32:
		return plainFloat(float64(v)), nil
	case float64:
		return plainFloat(v), nil
	case cbor.Tag:
		if data, ok := v.Content.([]byte); ok && v.Number == 64 { // JavaScript's Uint8Array
			return plain(data, inJSON)
		}
	case *msgp.RawExtension:
		if v.Type == 0 && bytes.Equal(v.Data, []byte{0}) { // undefined
			return nil, nil
		}
	case []any:
		list := make([]any, len(v))
		for i := range v {
			var err error
			if list[i], err = plain(v[i], inJSON); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		dict := make(map[string]any, len(v))
		for key := range v {
			var err error
			if dict[key], err = plain(v[key], inJSON); err != nil {
				return nil, err
			}
		}
		return dict, nil
	}
	return nil, fmt.Errorf("value of type %T", v)
}

func plainFloat(f float64) float {
	if f != f {
		return float(math.Float64bits(math.NaN()))
	}
	return float(math.Float64bits(f))
}

// encode writes a value by the library of the serializer. []byte is binary.
func encode(t testing.TB, s codec.Serializer, v any) []byte {
	t.Helper()
	var raw []byte
	var err error
	switch s {
	case codec.JSON:
		raw, err = json.Marshal(asJSON(v))
	case codec.MessagePack:
		raw, err = msgp.AppendIntf(nil, v)
	default:
		raw, err = cbor.Marshal(v)
	}
	if err != nil {
		t.Fatalf("oracle: encode %v as %s: %v", v, s, err)
	}
	return raw
}

func asJSON(v any) any {
	switch v := v.(type) {
	case []byte:
		return "\x00" + base64.StdEncoding.EncodeToString(v)
	case float64:
		raw, _ := json.Marshal(v)
		if !bytes.ContainsAny(raw, ".e") {
			raw = append(raw, ".0"...)
		}
		return json.RawMessage(raw)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = asJSON(v[i])
		}
		return list
	case map[string]any:
		dict := make(map[string]any, len(v))
		for key := range v {
			dict[key] = asJSON(v[key])
		}
		return dict
	}
	return v
}
