package proxy

import (
	"strings"

	"github.com/wampool/wampool/codec"
)

// hostileAnswers are the answers of a callee that has one call, under the ID 1.
var hostileAnswers = []hostile{
	{"YIELD for an ID never sent", busy, list{70, 2, dict{}}, aborted},
	{"YIELD for the ID that the router knows", busy, list{70, 1000, dict{}}, aborted},
	{"YIELD of one without a call", member, list{70, 1, dict{}}, aborted},
	{"YIELD of one in no pool", joined, list{70, 1, dict{}}, passed},
	{"progressive YIELD for an ID never sent", busy, list{70, 2, dict{"progress", true}}, aborted},
	{"ERROR for an ID never sent", busy, list{8, 68, 2, dict{}, "com.example.error"}, aborted},
	{"ERROR of one without a call", member, list{8, 68, 1, dict{}, "com.example.error"}, aborted},
	{"ERROR of one in no pool", joined, list{8, 68, 1, dict{}, "com.example.error"}, passed},
	{"ERROR for a CALL", busy, list{8, 48, 1, dict{}, "com.example.error"}, passed},
	{"ERROR for a message type that is none", busy, list{8, 0, 1, dict{}, "com.example.error"}, aborted},
	{"progress nobody asked for", busy, list{70, 1, dict{"progress", true}, list{1}}, discarded},

	{"ID 0", busy, list{70, 0, dict{}}, aborted},
	{"ID -1", busy, list{70, -1, dict{}}, aborted},
	{"ID -0", busy, verbatim{codec.JSON: `[70,-0,{}]`}, aborted},
	{"ID 2^53", busy, list{70, uint64(codec.MaxID), dict{}}, aborted},
	{"ID 2^53+1", busy, list{70, uint64(codec.MaxID + 1), dict{}}, aborted},
	{"ID 2^64-1", busy, list{70, uint64(1<<64 - 1), dict{}}, aborted},
	{"ID 2^64", busy, verbatim{codec.JSON: `[70,18446744073709551616,{}]`}, aborted},
	{"ID 1.5", busy, list{70, 1.5, dict{}}, aborted},
	{"ID 1e300", busy, list{70, 1e300, dict{}}, aborted},
	{"ID 1.0, as JavaScript may write it", busy, list{70, 1.0, dict{}}, answered},
	{"ID in exponents", busy, verbatim{codec.JSON: `[70,10e-1,{}]`}, answered},
	{"ID 01", busy, verbatim{codec.JSON: `[70,01,{}]`}, aborted},
	{"ID as text", busy, list{70, "1", dict{}}, aborted},
	{"ERROR with ID 0", busy, list{8, 68, 0, dict{}, "com.example.error"}, aborted},
	{"ERROR with ID -1", busy, list{8, 68, -1, dict{}, "com.example.error"}, aborted},
	{"ERROR with ID 2^53+1", busy, list{8, 68, uint64(codec.MaxID + 1), dict{}, "com.example.error"}, aborted},
	{"ERROR with ID 1.5", busy, list{8, 68, 1.5, dict{}, "com.example.error"}, aborted},

	{"bad UTF-8 in arguments", busy, list{70, 1, dict{}, list{"\xff"}}, spoiled},
	{"bad UTF-8 deep in arguments", busy, list{70, 1, dict{}, list{list{dict{"a", list{"\xc3("}}}}}, spoiled},
	{"bad UTF-8 in a key", busy, list{70, 1, dict{}, list{}, dict{"\xff", 1}}, spoiled},
	{"bad UTF-8 in an option", busy, list{70, 1, dict{"x_a", "\xff"}}, aborted},
	{"bad UTF-8 in an option's key", busy, list{70, 1, dict{"\xff", 1}}, aborted},
	{"bad UTF-8 in an ERROR's details", busy, list{8, 68, 1, dict{"a", "\xff"}, "com.example.error"}, aborted},
	{"bad UTF-8 in an ERROR's URI", busy, list{8, 68, 1, dict{}, "com.example.\xff"}, aborted},
	{"UTF-8 longer than it must be", busy, list{70, 1, dict{}, list{"\xc0\x80"}}, spoiled},
	{"half of a surrogate pair in UTF-8", busy, list{70, 1, dict{}, list{"\xed\xa0\x80"}}, spoiled},
	{"half of a surrogate pair, escaped", busy, verbatim{codec.JSON: `[70,1,{},["\ud800"]]`}, untouched},

	{"ERROR with an empty URI", busy, list{8, 68, 1, dict{}, ""}, aborted},
	{"ERROR with spaces in its URI", busy, list{8, 68, 1, dict{}, "no uri"}, aborted},
	{"ERROR with an empty component", busy, list{8, 68, 1, dict{}, "com..error"}, aborted},
	{"ERROR with # in its URI", busy, list{8, 68, 1, dict{}, "com.#error"}, aborted},
	{"ERROR with a NUL in its URI", busy, verbatim{
		codec.JSON: `[8,68,1,{},"com.\u0000"]`, codec.MessagePack: "\x95\x08\x44\x01\x80\xa5com.\x00", codec.CBOR: "\x85\x08\x18\x44\x01\xa0\x65com.\x00",
	}, aborted},
	{"ERROR with a URI of 64 KiB", busy, list{8, 68, 1, dict{}, strings.Repeat("a", 64<<10)}, aborted},
	{"ERROR with a URI as a number", busy, list{8, 68, 1, dict{}, 7}, aborted},

	{"arguments as a number", busy, list{70, 1, dict{}, 7}, spoiled},
	{"arguments as a dictionary", busy, list{70, 1, dict{}, dict{}}, spoiled},
	{"arguments as text", busy, list{70, 1, dict{}, "text"}, spoiled},
	{"keyword arguments as a list", busy, list{70, 1, dict{}, list{}, list{}}, spoiled},
	{"a key that is a number", busy, verbatim{
		codec.JSON: `[70,1,{},[],{1:1}]`, codec.MessagePack: "\x95\x46\x01\x80\x90\x81\x01\x01",
	}, spoiled},
	{"a key that is a number, which CBOR has", busy, verbatim{codec.CBOR: "\x85\x18\x46\x01\xa0\x80\xa1\x01\x01"}, untouched},
	{"NaN and infinities", busy, verbatim{
		codec.JSON: `[70,1,{},[NaN,Infinity,-Infinity]]`, codec.MessagePack: "\x94\x46\x01\x80\x91\xca\x7f\xc0\x00\x00", codec.CBOR: "\x84\x18\x46\x01\xa0\x82\xf9\x7e\x00\xf9\x7c\x00",
	}, untouched},
	{"NaN in an option", busy, verbatim{codec.JSON: `[70,1,{"a":NaN}]`}, aborted},
	{"a progressive answer that can't be passed on", busy, verbatim{
		codec.JSON: `[70,1,{"progress":true},[?]]`, codec.MessagePack: "\x94\x46\x01\x81\xa8progress\xc3\x91\xc1", codec.CBOR: "\x84\x18\x46\x01\xa1\x68progress\xf5\x81\x1c",
	}, discarded}, // nobody asked for it
	{"a date that is none", busy, verbatim{codec.CBOR: "\x84\x18\x46\x01\xa0\x81\xc0\x61x"}, spoiled},
	{"a date, a UUID and a set", busy, verbatim{
		codec.CBOR: "\x84\x18\x46\x01\xa0\x83\xc0\x74" + "2026-11-25T09:00:00Z" + "\xd8\x25\x50" + strings.Repeat("u", 16) + "\xd9\x01\x02\x81\x01",
	}, untouched},
	{"a timestamp that is none", busy, verbatim{codec.MessagePack: "\x94\x46\x01\x80\x91\xd4\xff\x00"}, spoiled},
	{"an integer of 4301 digits", busy, verbatim{codec.JSON: `[70,1,{},[` + strings.Repeat("1", 4301) + `]]`}, spoiled},
	{"too many elements", busy, list{70, 1, dict{}, list{}, dict{}, 1}, aborted},
	{"progress as a number", busy, list{70, 1, dict{"progress", 1}}, aborted},
	{"enc_algo as a number", busy, list{70, 1, dict{"enc_algo", 1}}, aborted},
	{"forward_for as a number", busy, list{70, 1, dict{"forward_for", 1}}, aborted},
	{"as many lists in one another as may be", busy, deep(codec.MaxDepth - 1), untouched},
	{"one list more", busy, deep(codec.MaxDepth), spoiled},
	{"100000 lists in one another", busy, list{70, 1, dict{}, nested(100000)}, spoiled},
	{"100000 dictionaries in one another", busy, list{70, 1, dict{"a", nestedDicts(100000)}}, aborted},
	{"100000 lists that never end", busy, verbatim{
		codec.MessagePack: "\x94\x46\x01\x80" + strings.Repeat("\x91", 100000),
		codec.CBOR:        "\x84\x18\x46\x01\xa0" + strings.Repeat("\x81", 100000),
	}, spoiled},
	{"100000 lists and a message that never end", busy, verbatim{codec.JSON: "[70,1,{}," + strings.Repeat("[", 100000)}, aborted},
	{"100000 tags in one another", busy, verbatim{codec.CBOR: "\x84\x18\x46\x01\xa0\x81" + strings.Repeat("\xc1", 100000) + "\x00"}, spoiled},
	{"a list of 100000 elements", busy, list{70, 1, dict{}, many(100000)}, answered},
	{"a list that claims 2^32 elements", busy, verbatim{
		codec.MessagePack: "\x94\x46\x01\x80\xdd\xff\xff\xff\xff", codec.CBOR: "\x84\x18\x46\x01\xa0\x9a\xff\xff\xff\xff",
	}, spoiled},
	{"a list that claims 2^64 elements", busy, verbatim{codec.CBOR: "\x84\x18\x46\x01\xa0\x9b\xff\xff\xff\xff\xff\xff\xff\xff"}, spoiled},
	{"a string that claims 2^32 bytes", busy, verbatim{
		codec.MessagePack: "\x94\x46\x01\x80\x91\xdb\xff\xff\xff\xff", codec.CBOR: "\x84\x18\x46\x01\xa0\x81\x7a\xff\xff\xff\xff",
	}, spoiled},
	{"a dictionary that claims 2^32 entries", busy, verbatim{
		codec.MessagePack: "\x93\x46\x01\xdf\xff\xff\xff\xff", codec.CBOR: "\x83\x18\x46\x01\xba\xff\xff\xff\xff",
	}, aborted},

	{"an extension type", busy, verbatim{codec.MessagePack: "\x94\x46\x01\x80\x91\xd4\x05\x00"}, untouched},
	{"what JavaScript writes for undefined", busy, verbatim{codec.MessagePack: "\x94\x46\x01\x80\x91\xd4\x00\x00"}, untouched},
	{"an extension type that ends early", busy, verbatim{codec.MessagePack: "\x94\x46\x01\x80\x91\xd8\x00\x00"}, spoiled},
	{"a tag of a bignum", busy, verbatim{codec.CBOR: "\x84\x18\x46\x01\xa0\x81\xc2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00"}, untouched},
	{"a simple value", busy, verbatim{codec.CBOR: "\x84\x18\x46\x01\xa0\x81\xf8\x20"}, untouched},
	{"a number beyond 64 bit", busy, verbatim{codec.JSON: `[70,1,{},[18446744073709551616]]`}, untouched},
	{"a number beyond floats", busy, verbatim{codec.JSON: `[70,1,{},[1e999]]`}, untouched},
	{"binary that is no Base64", busy, verbatim{codec.JSON: `[70,1,{},["\u0000***"]]`}, spoiled},
	{"a byte that means nothing", busy, verbatim{codec.JSON: `[70,1,{},[?]]`, codec.MessagePack: "\x94\x46\x01\x80\x91\xc1", codec.CBOR: "\x84\x18\x46\x01\xa0\x81\x1c"}, spoiled},
}

// nested is n lists in one another.
func nested(n int) any {
	return verbatim{
		codec.JSON:        strings.Repeat("[", n) + strings.Repeat("]", n),
		codec.MessagePack: strings.Repeat("\x91", n-1) + "\x90",
		codec.CBOR:        strings.Repeat("\x81", n-1) + "\x80",
	}
}

// deep is an answer of n lists in one another.
func deep(n int) verbatim {
	lists := nested(n).(verbatim)
	return verbatim{
		codec.JSON: "[70,1,{}," + lists[codec.JSON] + "]", codec.MessagePack: "\x94\x46\x01\x80" + lists[codec.MessagePack], codec.CBOR: "\x84\x18\x46\x01\xa0" + lists[codec.CBOR],
	}
}

// nestedDicts is n dictionaries in one another.
func nestedDicts(n int) any {
	return verbatim{
		codec.JSON:        strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n),
		codec.MessagePack: strings.Repeat("\x81\xa1a", n) + "\x01",
		codec.CBOR:        strings.Repeat("\xa1\x61a", n) + "\x01",
	}
}

// many is a list of n elements.
func many(n int) any {
	elements := make(list, n)
	for i := range elements {
		elements[i] = 1
	}
	return elements
}
