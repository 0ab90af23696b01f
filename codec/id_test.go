package codec_test

import (
	"errors"
	"testing"

	"github.com/wampool/wampool/codec"
)

func TestAppendWithIDChangesNothingElse(t *testing.T) {
	tests := []struct {
		s       codec.Serializer
		raw     string
		element int
		want    string
	}{
		{codec.JSON, " [ 17 , 1 , 2 ] ", 1, " [ 17 , 300 , 2 ] "},
		{codec.JSON, `[8,48,1,{"a" : 1e2},"x",[1.50]]`, 2, `[8,48,300,{"a" : 1e2},"x",[1.50]]`},
		{codec.JSON, `[48,7.0e0,{}]`, 1, `[48,300,{}]`},
		{codec.MessagePack, "\x93\xcc\x11\x01\xcd\x00\x02", 1, "\x93\xcc\x11\xcd\x01\x2c\xcd\x00\x02"},
		{codec.MessagePack, "\x95\x08\x30\xcf\x00\x00\x00\x00\x00\x00\x00\x01\xde\x00\x00\xa1x", 2, "\x95\x08\x30\xcd\x01\x2c\xde\x00\x00\xa1x"},
		{codec.CBOR, "\x83\x11\x01\x18\x02", 1, "\x83\x11\x19\x01\x2c\x18\x02"},
		{codec.CBOR, "\x9f\x08\x18\x30\x01\xbf\xff\x61x\xff", 2, "\x9f\x08\x18\x30\x19\x01\x2c\xbf\xff\x61x\xff"},
	}
	for _, test := range tests {
		got, err := codec.AppendWithID([]byte(">"), test.s, []byte(test.raw), test.element, 300)
		if err != nil || string(got) != ">"+test.want {
			t.Errorf("%s %q: %q, %v, want %q", test.s, test.raw, got, err, test.want)
		}
		h, err := codec.ReadHead(test.s, []byte(test.raw))
		if got := h.AppendWithID([]byte(">"), 300); err != nil || string(got) != ">"+test.want {
			t.Errorf("%s %q: by its head %q, %v, want %q", test.s, test.raw, got, err, test.want)
		}
	}
}

func TestIDThatIsNone(t *testing.T) {
	tests := []struct {
		s       codec.Serializer
		raw     string
		element int
	}{
		{codec.JSON, `[67,0]`, 1},
		{codec.JSON, `[67]`, 1},
		{codec.JSON, `[]`, 1},
		{codec.JSON, `[3,{},"x"]`, 1},
		{codec.JSON, `[8,48]`, 2},
		{codec.MessagePack, "\x92\x43\x00", 1},
		{codec.CBOR, "\x82\x18\x43\xf9\x7e\x00", 1},
	}
	for _, test := range tests {
		if id, err := codec.ID(test.s, []byte(test.raw), test.element); !errors.As(err, new(*codec.MalformedError)) {
			t.Errorf("%s %q: %d, %v", test.s, test.raw, id, err)
		}
		if h, _ := codec.ReadHead(test.s, []byte(test.raw)); h.Request != 0 {
			t.Errorf("%s %q: the head has %d", test.s, test.raw, h.Request)
		}
		got, err := codec.AppendWithID([]byte("kept"), test.s, []byte(test.raw), test.element, 1)
		if err == nil || string(got) != "kept" {
			t.Errorf("%s %q: %q, %v", test.s, test.raw, got, err)
		}
	}
}
