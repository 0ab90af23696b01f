package driver

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// A panic while a message is put into another serializer costs that one call.
func TestPanicWhileWriting(t *testing.T) {
	callee := &Callee{Serializer: codec.CBOR, Most: Bound{Bytes: 100}}
	good := letter{kind: codec.TypeInvocation, request: 2, registration: 1, from: codec.JSON, to: codec.CBOR}
	u := &Unwritten{entries: []entry{
		{letter: good, callee: callee},
		{origin: &Origin{Serializer: codec.JSON}}, // of no kind
		{letter: good, callee: callee},
	}}
	var told string
	if !u.Write(func(x any) { told += fmt.Sprint(x) }) {
		t.Error("nothing follows")
	}
	if !strings.Contains(told, "must be an INVOCATION") || u.failed != 1 || u.entries[0].uri != uriCanceled || u.entries[1].uri+u.entries[2].uri != "" {
		t.Errorf("told %s; %d have failed: %v", told, u.failed, u.entries)
	}
}

// What one reader has left unwritten is its own to write.
func TestUnwrittenOfAnother(t *testing.T) {
	defer func() {
		if found := fmt.Sprint(recover()); !strings.Contains(found, "must be written before") {
			t.Errorf("another goes on: %s", found)
		}
	}()
	d := &Driver{unwritten: &Unwritten{out: new(transport.Outbox)}}
	d.later(new(transport.Outbox), nil, new(dealer.Action), &letter{})
}

func TestTimeInUnits(t *testing.T) {
	for _, c := range []struct {
		rest, unit time.Duration
		want       uint64
	}{
		{1, time.Millisecond, 1}, {1500 * time.Microsecond, time.Millisecond, 2}, {1500 * time.Millisecond, time.Millisecond, 1500},
		{1, time.Second, 1}, {1500 * time.Microsecond, time.Second, 1}, {1500 * time.Millisecond, time.Second, 2},
	} {
		if got := inUnits(c.rest, c.unit); got != c.want {
			t.Errorf("%s is %d of %s, want %d", c.rest, got, c.unit, c.want)
		}
	}
}
