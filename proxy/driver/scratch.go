package driver

import "github.com/wampool/wampool/codec"

// scratch is memory for one message under construction: for what it is made of,
// and for the message itself. All that is in it is valid until the next message is
// begun, and a message that was sent has been copied.
type scratch struct {
	message []byte
	edited  []byte        // Details or Options, made of others
	dict    []byte        // the same in another serializer
	payload []byte        // the payload in another serializer, or of an ERROR of our own
	fields  []codec.Field // that are added to Details
	dropped []string      // keys that Details lose
}

// transcode puts a dictionary and a payload into another serializer.
func (s *scratch) transcode(dict codec.Dict, payload codec.Payload, from, to codec.Serializer) (codec.Dict, codec.Payload, error) {
	if from == to {
		return dict, payload, nil
	}
	var err error
	if dict, s.dict, err = codec.TranscodeDict(s.dict[:0], dict, from, to); err != nil {
		return dict, payload, err
	}
	payload, s.payload, err = codec.TranscodePayload(s.payload[:0], payload, from, to)
	return dict, payload, err
}

// buildError builds the ERROR that answers a call.
func (s *scratch) buildError(to *Origin, request uint64, uri string, payload codec.Payload) {
	m := codec.Error{RequestType: to.request(), Request: request, URI: []byte(uri), Payload: payload}
	s.message = m.Append(s.message[:0], to.Serializer)
}

// buildErrorText builds the ERROR that answers a call with one sentence.
func (s *scratch) buildErrorText(to *Origin, request uint64, uri, text string) {
	s.buildError(to, request, uri, codec.TextPayload(to.Serializer, s.payload, text, nil))
}

// mostKept is how much memory a scratch keeps that was used for large messages, in
// bytes of each of its buffers.
const mostKept = 64 << 10

// trim lets go of large buffers.
func (s *scratch) trim() {
	for _, buffer := range []*[]byte{&s.message, &s.edited, &s.dict, &s.payload} {
		if cap(*buffer) > mostKept {
			*buffer = nil
		}
	}
}
