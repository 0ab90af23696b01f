package client

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/fxamacker/cbor/v2"
	"github.com/tinylib/msgp/msgp"

	"github.com/wampool/wampool/codec"
)

// Arguments are what a message carries for the application.
//
// Received values are nil, bool, int64 (uint64 above its range), float64,
// string, []byte, []any and map[string]any, whatever the serializer. The same
// and other integers and floats may be sent.
type Arguments struct {
	List []any
	Dict map[string]any
	// Raw is sent instead of both, unless it is absent. It must be in the
	// session's serializer.
	Raw codec.Payload
}

// Args returns positional arguments.
func Args(list ...any) Arguments { return Arguments{List: list} }

// payload puts the arguments into a serializer.
func (a Arguments) payload(s codec.Serializer) (codec.Payload, error) {
	if !a.Raw.Absent() {
		return a.Raw, nil
	}
	var list, dict []byte
	var err error
	if a.List != nil {
		list, err = marshal(s, a.List)
	}
	if err == nil && a.Dict != nil {
		dict, err = marshal(s, a.Dict)
	}
	if err != nil {
		return codec.Payload{}, fmt.Errorf("client: arguments in %s: %w", s, err)
	}
	return codec.NewPayload(s, list, dict), nil
}

// Received is the application's part of a message that has come.
type Received struct{ codec.Body }

// received copies what is to outlive the message.
func (c *Client) received(details codec.Dict, payload codec.Payload) Received {
	held := codec.Body{Serializer: c.serializer, Details: details, Payload: payload}.Hold(nil)
	body := held.Body()
	return Received{body}
}

// Arguments decodes the payload.
func (r Received) Arguments() (Arguments, error) {
	list, dict, err := r.Payload.Arguments(r.Serializer)
	if err != nil {
		return Arguments{}, err
	}
	var a Arguments
	if list != nil {
		v, err := unmarshal(r.Serializer, list)
		if err != nil {
			return Arguments{}, fmt.Errorf("client: Arguments: %w", err)
		}
		var ok bool
		if a.List, ok = v.([]any); !ok {
			return Arguments{}, errors.New("client: Arguments: not a list")
		}
	}
	if dict != nil {
		v, err := unmarshal(r.Serializer, dict)
		if err != nil {
			return Arguments{}, fmt.Errorf("client: ArgumentsKw: %w", err)
		}
		var ok bool
		if a.Dict, ok = v.(map[string]any); !ok {
			return Arguments{}, errors.New("client: ArgumentsKw: not a dictionary")
		}
	}
	return a, nil
}

func marshal(s codec.Serializer, v any) ([]byte, error) {
	switch s {
	case codec.JSON:
		return json.Marshal(forJSON(v))
	case codec.MessagePack:
		return msgp.AppendIntf(nil, v)
	default:
		return cbor.Marshal(v)
	}
}

// forJSON writes binary data as strings that begin with NUL ("Binary support in
// JSON", #name-binary-support-in-json), and floats such that they stay floats.
func forJSON(v any) any {
	switch v := v.(type) {
	case []byte:
		return "\x00" + base64.StdEncoding.EncodeToString(v)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1e21 {
			return json.Number(strconv.FormatFloat(v, 'f', 1, 64))
		}
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = forJSON(e)
		}
		return list
	case map[string]any:
		dict := make(map[string]any, len(v))
		for k, e := range v {
			dict[k] = forJSON(e)
		}
		return dict
	}
	return v
}

// cborDecoder gives maps the type that the other libraries give them.
var cborDecoder = func() cbor.DecMode {
	mode, err := cbor.DecOptions{DefaultMapType: reflect.TypeFor[map[string]any]()}.DecMode()
	if err != nil {
		panic("client: the CBOR options must be valid: " + err.Error())
	}
	return mode
}()

func unmarshal(s codec.Serializer, raw []byte) (v any, err error) {
	switch s {
	case codec.JSON:
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		err = d.Decode(&v)
	case codec.MessagePack:
		v, _, err = msgp.ReadIntfBytes(raw)
	default:
		err = cborDecoder.Unmarshal(raw, &v)
	}
	if err != nil {
		return nil, err
	}
	return uniform(v)
}

// uniform gives a value of any of the libraries the types of [Arguments].
func uniform(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case uint64:
		if v <= math.MaxInt64 {
			return int64(v), nil
		}
	case float32:
		return float64(v), nil
	case []byte:
		if v == nil { // as msgp reads an empty one
			return []byte{}, nil
		}
	case json.Number:
		return number(string(v))
	case string:
		if encoded, binary := strings.CutPrefix(v, "\x00"); binary {
			return base64.StdEncoding.DecodeString(encoded)
		}
	case []any:
		for i := range v {
			if v[i], err = uniform(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k := range v {
			if v[k], err = uniform(v[k]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

// number reads a number of JSON: a float if it looks like one.
func number(text string) (any, error) {
	if strings.ContainsAny(text, ".eE") {
		return strconv.ParseFloat(text, 64)
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	return strconv.ParseUint(text, 10, 64)
}
