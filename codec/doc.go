// Package codec reads and writes WAMP messages as bytes, in JSON, MessagePack
// and CBOR.
//
// A message is a list. Its header comes first, and what it carries for the
// application last, so that one can be changed without looking at the other:
//
//	[68, 21, 4711, {"timeout": 500},  ["hello", 7], {"lang": "en"}]
//	 └────── header ──────┘└ details ┘└────────── payload ─────────┘
//
//	bytes ─▶ ReadHead ─▶ passed on as they are, or with another ID (Head.AppendWithID)
//	            │
//	            └─▶ Decode ─▶ Invocation{Request, Registration, Details, Payload}
//	                              │ another ID, other details (Dict.Edit),
//	                              │ another serializer (TranscodePayload)
//	                              ▼
//	                           Append ─▶ bytes
//
// What is decoded when:
//
//   - ReadHead decodes the type and the ID of the request, and nothing behind it;
//     what is to be decoded further goes on from there (DecodeBehind).
//   - Decode decodes the header: the IDs, the URI, and of the options or
//     details the values that wampool acts on. It walks the dictionary to its
//     end. A value of the wrong type counts as absent, except match, invoke and
//     concurrency of REGISTER, where OptionError names it. The payload is not
//     walked, but for a list of indefinite length in CBOR: of a message of 1 MiB
//     its first bytes are touched, and in JSON its last.
//   - Validate walks the payload too, and checks all options by a table. It is for
//     messages that go to a session that others depend on. What breaks the protocol
//     is a [*MalformedError]; what a payload alone has wrong, a [*ContentError].
//     A payload may hold whatever its serializer can say, but for what makes a
//     router end the session that sends it.
//
// Dictionaries and payloads stay raw ([Dict], [Payload]): they alias the message
// that they came from, and are in its serializer. Append writes them back as
// they are, with unknown keys, an absent payload absent and an empty list empty.
// The typed fields of options and details are for reading: Append takes these
// from the raw dictionary alone.
//
// What a call carries may have to outlive its message: a [Body] is held as a copy, or
// where it lies, by those who hold its [Memory].
//
// Input is hostile: it may be of any length and depth, and lie about both. What
// is wrong gives a [*MalformedError] or [*ContentError] that names the element,
// and holds nothing of the content.
//
// # The specification
//
// Where code obeys a sentence of the WAMP specification, here and in the other
// packages, a comment names the section and its anchor in the published text,
// as in ("IDs", #name-ids). The anchors are those of
//
//	https://wamp-proto.org/wamp_latest_ietf.html
//
// and testdata/specification.txt lists them.
package codec
