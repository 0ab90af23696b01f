package codec_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wampool/wampool/codec"
)

// vectors is where the WAMP specification's test vectors are. They are not
// part of this repository; without them the samples of this package stand in.
const vectors = "../../shared/wamp-vectors"

// vectorFile is the part of a vector file that concerns these serializers.
type vectorFile struct {
	Code    codec.MessageType `json:"wamp_message_code"`
	Samples []vectorSample    `json:"samples"`
}

type vectorSample struct {
	Description string
	Serializers map[string][]struct {
		Hex string `json:"bytes_hex"`
	}
	Message       json.RawMessage            `json:"wmsg"`
	ExpectedError *struct{ Contains string } `json:"expected_error"`
}

// readVectors returns nil where there are no vectors, which CI does not allow.
func readVectors(t *testing.T) []vectorFile {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(vectors, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the specification's test vectors are not at %s", vectors)
		}
		t.Logf("the specification's test vectors are not at %s: left out", vectors)
		return nil
	}
	var files []vectorFile
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file vectorFile
		if err := json.Unmarshal(raw, &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		files = append(files, file)
	}
	return files
}

// eventReceived is a message of Autobahn's that wampool has no struct for: it
// is only passed on.
const eventReceived = codec.MessageType(337)

func TestVectorsDecodeAlikeInAllSerializers(t *testing.T) {
	variants := 0
	for _, file := range readVectors(t) {
		for _, sample := range file.Samples {
			var first any // of the sample, as CBOR
			for _, s := range serializers {
				for _, variant := range sample.Serializers[s.String()] {
					raw, err := hex.DecodeString(variant.Hex)
					if err != nil {
						t.Fatal(err)
					}
					variants++
					got := throughVector(t, file.Code, s, raw)
					if first == nil {
						first = got
					} else if diff := cmp.Diff(first, got); diff != "" {
						t.Errorf("%s: %s differs:\n%s", sample.Description, s, diff)
					}
				}
			}
		}
	}
	if want := 129; variants != want && variants != 0 {
		t.Errorf("%d variants, want %d", variants, want)
	}
}

// throughVector decodes a vector, checks that it can be encoded again, and
// returns its value after transcoding to CBOR.
func throughVector(t *testing.T, code codec.MessageType, s codec.Serializer, raw []byte) any {
	t.Helper()
	if err := codec.Validate(s, raw); err != nil {
		t.Errorf("%s %q: %v", s, raw, err)
	}
	if got, err := codec.PeekType(s, raw); got != code || err != nil {
		t.Fatalf("%s %q: type %v, %v, want %v", s, raw, got, err, code)
	}
	if code == eventReceived {
		v, err := value(s, raw)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	m := decoded(t, s, raw)
	same(t, s, raw, s, m.Append(nil, s))
	if v, ok := m.(validator); ok {
		if err := v.Validate(s); err != nil {
			t.Errorf("%s %q: %v", s, raw, err)
		}
	}
	inCBOR, err := transcoded(m, s, codec.CBOR)
	if err != nil {
		t.Fatalf("%s %q: %v", s, raw, err)
	}
	v, err := value(codec.CBOR, inCBOR)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// validator are the messages that are checked more closely than Decode does.
type validator interface {
	Validate(s codec.Serializer) error
}

func TestVectorsOfOptions(t *testing.T) {
	valid, refused := 0, 0
	for _, file := range readVectors(t) {
		for _, sample := range file.Samples {
			if sample.Message == nil {
				continue
			}
			var content any
			if err := json.Unmarshal(sample.Message, &content); err != nil {
				t.Fatal(err)
			}
			if sample.ExpectedError == nil {
				valid++
			} else {
				refused++
			}
			for _, s := range serializers {
				raw := encode(t, s, integers(content))
				err := decoded(t, s, raw).(validator).Validate(s)
				switch {
				case sample.ExpectedError == nil:
					if err != nil {
						t.Errorf("%s: %s: %v", sample.Description, s, err)
					}
				case err == nil || !strings.Contains(err.Error(), sample.ExpectedError.Contains):
					t.Errorf("%s: %s: %v, want an error that names %s", sample.Description, s, err, sample.ExpectedError.Contains)
				case !errors.As(err, new(*codec.MalformedError)):
					t.Errorf("%s: %s: %T", sample.Description, s, err)
				}
			}
		}
	}
	if valid+refused != 0 && (valid != 39 || refused != 28) {
		t.Errorf("%d valid and %d refused samples, want 39 and 28", valid, refused)
	}
}

// integers turns the floats of encoding/json into integers, as the vectors
// mean them.
func integers(v any) any {
	switch v := v.(type) {
	case float64:
		return int64(v)
	case []any:
		for i := range v {
			v[i] = integers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = integers(v[key])
		}
	}
	return v
}
