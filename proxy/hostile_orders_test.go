package proxy

import (
	"strings"

	"github.com/wampool/wampool/codec"
)

// hostileRegisters are about REGISTER and UNREGISTER, of clients in the pool
// of com.example.hostile and of others.
var hostileRegisters = []hostile{
	{"REGISTER once more", member, list{64, 2, dict{}, "com.example.hostile"}, refused(uriAlreadyExists)},
}

// hostileOrders are messages at a time, or in a direction, that they have none.
var hostileOrders = []hostile{
	{"second HELLO", busy, helloMessage, passed},
	{"YIELD after GOODBYE", gone, list{70, 1, dict{}}, discarded},
}

var _ = strings.Repeat
var _ = codec.MaxID
