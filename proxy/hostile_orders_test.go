package proxy

import (
	"strings"

	"github.com/wampool/wampool/codec"
)

// hostileRegisters are about REGISTER and UNREGISTER, of clients in the pool
// of com.example.hostile and of others. What asks for no pool, or is no REGISTER
// at all, is its own router's to judge.
var hostileRegisters = []hostile{
	{"REGISTER once more", member, list{64, 2, dict{}, "com.example.hostile"}, refused(uriAlreadyExists)},
	{"REGISTER once more with the same ID", busy, list{64, 1, dict{}, "com.example.hostile"}, refused(uriAlreadyExists)},
	{"REGISTER by force once more", busy, list{64, 2, dict{"concurrency", 0, "force_reregister", true}, "com.example.hostile"}, refused(uriInvalidArgument)},
	{"REGISTER with concurrency 0", joined, list{64, 1, dict{"concurrency", 0}, "com.example.healthy"}, refused(uriInvalidArgument)},
	{"REGISTER with concurrency -1", joined, list{64, 1, dict{"concurrency", -1}, "com.example.healthy"}, refused(uriInvalidArgument)},
	{"REGISTER with concurrency 1.5", joined, list{64, 1, dict{"concurrency", 1.5}, "com.example.healthy"}, refused(uriInvalidArgument)},
	{"REGISTER with concurrency 2^64-1", joined, list{64, 1, dict{"concurrency", uint64(1<<64 - 1)}, "com.example.healthy"}, refused(uriInvalidArgument)},
	{"REGISTER with concurrency as text", joined, list{64, 1, dict{"concurrency", "1"}, "com.example.healthy"}, refused(uriInvalidArgument)},
	{"REGISTER with concurrency as a list", joined, list{64, 1, dict{"concurrency", list{}}, "com.example.healthy"}, refused(uriInvalidArgument)},
	{"REGISTER with a policy that is none", joined, list{64, 1, dict{"invoke", "worst"}, "com.example.healthy"}, refused(uriInvalidArgument)},
	{"REGISTER with a policy as a number", joined, list{64, 1, dict{"invoke", 1}, "com.example.healthy"}, refused(uriInvalidArgument)},
	{"REGISTER with another policy", joined, list{64, 1, dict{"invoke", "random"}, "com.example.healthy"}, refused(uriAlreadyExists)},
	{"REGISTER with a match option that is none", joined, list{64, 1, dict{"match", "regexp"}, "com.example.healthy"}, passed},
	{"REGISTER with a match option as a number", joined, list{64, 1, dict{"match", 1}, "com.example.healthy"}, refused(uriInvalidArgument)},
	{"REGISTER with bad UTF-8 in its options", joined, list{64, 1, dict{"x_a", "\xff"}, "com.example.healthy"}, passed},
	{"REGISTER with options too deep", joined, list{64, 1, dict{"x_a", nested(1000)}, "com.example.healthy"}, passed},
	{"REGISTER with an empty URI", joined, list{64, 1, dict{"invoke", "random"}, ""}, passed},
	{"REGISTER with spaces in its URI", joined, list{64, 1, dict{"invoke", "random"}, "com.example.no uri"}, passed},
	{"REGISTER with an empty component", joined, list{64, 1, dict{"invoke", "random"}, "com..example"}, passed},
	{"REGISTER with bad UTF-8 in its URI", joined, list{64, 1, dict{"invoke", "random"}, "com.example.\xff"}, passed},
	{"REGISTER with a URI of 64 KiB", joined, list{64, 1, dict{"invoke", "random"}, "com.example." + strings.Repeat("a", 64<<10)}, passed},
	{"REGISTER with a URI as a number", joined, list{64, 1, dict{"invoke", "random"}, 7}, passed},
	{"REGISTER of what is wamp's own", joined, list{64, 1, dict{"invoke", "random"}, "wamp.registration.list"}, passed},
	{"REGISTER with ID 0", joined, list{64, 0, dict{}, "com.example.healthy"}, passed},
	{"REGISTER with ID -1", joined, list{64, -1, dict{}, "com.example.healthy"}, passed},
	{"REGISTER with ID 2^53+1", joined, list{64, uint64(codec.MaxID + 1), dict{}, "com.example.healthy"}, passed},
	{"REGISTER with ID 1.5", joined, list{64, 1.5, dict{}, "com.example.healthy"}, passed},
	{"REGISTER with a payload", joined, list{64, 1, dict{}, "com.example.healthy", list{}}, passed},

	{"UNREGISTER of what is not its own", busy, list{66, 2, 101}, passed},
	{"UNREGISTER of registration 0", busy, list{66, 2, 0}, passed},
	{"UNREGISTER of registration -1", busy, list{66, 2, -1}, passed},
	{"UNREGISTER of registration 2^53+1", busy, list{66, 2, uint64(codec.MaxID + 1)}, passed},
	{"UNREGISTER of registration 1.5", busy, list{66, 2, 1.5}, passed},
	{"UNREGISTER without a registration", busy, list{66, 2}, passed},
	{"UNREGISTER of one in no pool", joined, list{66, 1, 101}, passed},
}

// hostileOrders are messages at a time, or in a direction, that they have none.
var hostileOrders = []hostile{
	{"REGISTER before HELLO", connected, list{64, 1, dict{}, "com.example.hostile"}, passed},
	{"YIELD before HELLO", connected, list{70, 1, dict{}}, passed},
	{"ERROR before HELLO", connected, list{8, 68, 1, dict{}, "com.example.error"}, passed},
	{"CALL before HELLO", connected, list{48, 1, dict{}, "com.example.healthy"}, passed},
	{"AUTHENTICATE before HELLO", connected, list{5, "signature", dict{}}, passed},
	{"GOODBYE before HELLO", connected, list{6, dict{}, "wamp.close.close_realm"}, passed},
	{"garbage before HELLO", connected, verbatim{codec.JSON: "GET / HTTP/1.1", codec.MessagePack: "\xc1\xc1", codec.CBOR: "\xff\xff"}, passed},
	{"HELLO for another realm", connected, list{1, "elsewhere", dict{}}, passed},
	{"HELLO for no realm", connected, list{1, nil, dict{}}, passed},
	{"HELLO with bad UTF-8", connected, list{1, "realm\xff", dict{}}, passed},
	{"HELLO with a realm of 60 KiB", connected, list{1, strings.Repeat("a", 60<<10), dict{}}, passed},
	{"HELLO with roles too deep", connected, list{1, "realm1", dict{"roles", nestedDicts(5000)}}, passed},

	{"second HELLO", busy, helloMessage, passed},
	{"second HELLO for another realm", busy, list{1, "elsewhere", dict{}}, passed},
	{"AUTHENTICATE that nobody asked for", busy, list{5, "signature", dict{}}, passed},
	{"WELCOME from a client", busy, welcomeMessage, passed},
	{"CHALLENGE from a client", busy, list{4, "ticket", dict{}}, passed},
	{"REGISTERED from a client", busy, list{65, 1, 101}, passed},
	{"UNREGISTERED from a client", busy, list{67, 1}, passed},
	{"revocation from a client", busy, list{67, 0, dict{"registration", 101}}, passed},
	{"INVOCATION from a client", busy, list{68, 1, 101, dict{}}, passed},
	{"INTERRUPT from a client", busy, list{69, 1, dict{}}, passed},
	{"RESULT from a client", busy, list{50, 1, dict{}}, passed},
	{"EVENT from a client", busy, list{36, 1, 1, dict{}}, passed},
	{"a message type of nobody's", busy, list{337, 1}, passed},
	{"an empty list", busy, list{}, passed},
	{"a dictionary", busy, dict{"a", 1}, passed},
	{"a number", busy, 70, passed},
	{"message type 0", busy, list{0, 1, dict{}}, passed},
	{"message type as text", busy, list{"70", 1, dict{}}, passed},
	{"message type 65606, which is 70 in 16 bit", busy, list{65606, 1, dict{}}, passed},

	{"GOODBYE", busy, list{6, dict{}, "wamp.close.close_realm"}, parted},
	{"GOODBYE with bad UTF-8", busy, list{6, dict{"message", "\xff"}, "wamp.close.close_realm"}, parted},
	{"GOODBYE without a reason", busy, list{6, dict{}}, parted},
	{"ABORT", busy, list{3, dict{}, "wamp.error.canceled"}, parted},
	{"ABORT without a reason", busy, list{3}, parted},

	{"YIELD after GOODBYE", gone, list{70, 1, dict{}}, discarded},
	{"YIELD for an ID never sent after GOODBYE", gone, list{70, 2, dict{}}, discarded},
	{"malformed YIELD after GOODBYE", gone, list{70, "1"}, discarded},
	{"ERROR after GOODBYE", gone, list{8, 68, 1, dict{}, "com.example.error"}, discarded},
	{"REGISTER after GOODBYE", gone, list{64, 2, dict{}, "com.example.hostile"}, passed},
	{"UNREGISTER after GOODBYE", gone, list{66, 2, 101}, passed},
	{"second GOODBYE", gone, list{6, dict{}, "wamp.close.close_realm"}, passed},
	{"HELLO after GOODBYE, before the router has said its own", gone, helloMessage, passed},
}
