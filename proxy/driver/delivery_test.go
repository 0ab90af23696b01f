package driver_test

import (
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
)

// A call may be canceled while its INVOCATION is written. A callee that never gets
// the one must not get the other: libraries end their session for that.
func TestInterruptWaitsForItsInvocation(t *testing.T) {
	for name, c := range map[string]struct {
		argument string
		gets     []string
	}{
		"written":           {"fits", []string{`[68,1,100,{},["fits"]]`, `[69,1,{"mode":"kill"}]`}},
		"could not be sent": {strings.Repeat("x", 1000), nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, queue)
			router, callee := d.addRouter(codec.JSON), d.addCallee("callee", codec.CBOR, all)
			d.Perform(&d.out, d.dealer.Call(0, dealer.Call{
				Pool: d.pool, Origin: router.origin, Request: 1,
				Body: codec.Body{Serializer: codec.JSON, Payload: codec.NewPayload(codec.JSON, []byte(`["`+c.argument+`"]`), nil)},
			}), driver.Hand{})
			writer := d.Unwritten()
			d.Perform(&d.out, d.dealer.Cancel(0, router.origin, 1, codec.CancelKill), driver.Hand{})
			if writer.Write(func(x any) { t.Error(x) }) {
				d.Follow(&d.out, writer)
			}
			d.out.Flush()
			for _, message := range c.gets {
				callee.gets("%s", message)
			}
			if c.gets == nil {
				router.gets(`[8,68,1,{},"wamp.error.payload_size_exceeded",…`)
			} else {
				callee.yields(`[70,1,{}]`)
				router.gets(`[70,1,{}]`)
			}
			router.call(2, `[68,2,1,{}]`)
			callee.gets(`[68,2,100,{}]`)
			d.Perform(&d.out, d.dealer.Cancel(0, router.origin, 2, codec.CancelKill), driver.Hand{})
			d.write()
			callee.gets(`[69,2,{"mode":"kill"}]`)
		})
	}
}
