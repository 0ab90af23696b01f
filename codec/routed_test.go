package codec_test

import (
	"testing"

	"github.com/wampool/wampool/codec"
)

func TestDictPick(t *testing.T) {
	all := dict{"a": 1, "b": []any{dict{"a": 2}}, "c": "x"}
	set := []codec.Field{{Key: "caller", Value: codec.FieldUint(7)}}
	for _, test := range []struct {
		name string
		from dict
		keep []string
		set  []codec.Field
		want dict
	}{
		{"one", all, []string{"b"}, nil, dict{"b": []any{dict{"a": 2}}}},
		{"none", all, []string{"d"}, nil, dict{}},
		{"all", all, []string{"c", "b", "a"}, nil, all},
		{"append", all, []string{"c"}, set, dict{"c": "x", "caller": 7}},
		{"empty", dict{}, []string{"a"}, set, dict{"caller": 7}},
	} {
		for _, s := range serializers {
			d := decoded(t, s, encode(t, s, []any{6, test.from, "bye"})).(*codec.Goodbye).Details
			got, _ := d.Pick(s, make([]byte, 3, 256), test.keep, test.set)
			same(t, s, encode(t, s, test.want), s, got.Raw())
		}
	}
	for _, s := range serializers {
		d := decoded(t, s, encode(t, s, []any{6, dict{}, "bye"})).(*codec.Goodbye).Details
		if got, _ := d.Pick(s, nil, []string{"a"}, nil); got.Raw() != nil {
			t.Errorf("%s: an empty dictionary became %q", s, got.Raw())
		}
	}
}

// What a Dealer keeps of options and details.
func TestRoutedDictionaries(t *testing.T) {
	opaque := dict{"ppt_scheme": "x_a", "ppt_serializer": "cbor", "ppt_cipher": "c", "ppt_keyid": "k", "enc_algo": "cryptobox", "enc_key": "e", "enc_serializer": "json"}
	with := func(more dict) dict {
		all := dict{}
		for _, part := range []dict{opaque, more} {
			for k, v := range part {
				all[k] = v
			}
		}
		return all
	}
	for _, s := range serializers {
		call := decoded(t, s, encode(t, s, []any{48, 1, with(dict{
			"timeout": 5, "receive_progress": true, "progress": true, "disclose_me": true, "caller": 666, "procedure": "forged", "x": 1,
		}), "com.example.p"})).(*codec.Call)
		got, _ := call.InvocationDetails(s, nil, []codec.Field{{Key: "procedure", Value: codec.FieldString("com.example.p")}})
		same(t, s, encode(t, s, with(dict{"timeout": 5, "receive_progress": true, "progress": true, "procedure": "com.example.p"})), s, got.Raw())

		yield := decoded(t, s, encode(t, s, []any{70, 1, with(dict{"progress": true, "callee": 666, "x": 1})})).(*codec.Yield)
		got, _ = yield.ResultDetails(s, nil, nil)
		same(t, s, encode(t, s, with(dict{"progress": true})), s, got.Raw())

		failed := decoded(t, s, encode(t, s, []any{8, 68, 1, with(dict{"progress": true, "x": 1}), "com.example.e"})).(*codec.Error)
		got, _ = failed.CallDetails(s, nil)
		same(t, s, encode(t, s, opaque), s, got.Raw())
	}
}
