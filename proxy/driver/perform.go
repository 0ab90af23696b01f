package driver

import (
	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// Hand is the message at hand while the dealer's actions are carried out: the
// answer that Forward and ForwardOwn pass on, or the INTERRUPT that came. It has to
// last until what the event leaves unwritten is written ([Driver.Unwritten]), and so
// has the message of a [dealer.Call], but for its Details.
type Hand struct {
	Serializer codec.Serializer
	Head       *codec.Head // of the answer as it came, for ForwardOwn
	Raw        []byte      // the answer as it came, for ForwardOwn
	Yield      *codec.Yield
	Error      *codec.Error
	Interrupt  *codec.Interrupt
	Unfit      error // why the answer can't be passed on

	// Memory is what the answer lies in, if that may be held, and by nobody else yet;
	// else nil. Nobody may look at the answer's payload once it was passed on.
	Memory *codec.Memory
}

// Perform carries out the actions of the dealer's last event, in order, and then
// what follows from them.
func (d *Driver) Perform(out *transport.Outbox, actions []dealer.Action, h Hand) {
	d.begin(actions)
	for i := range actions {
		d.at.step = i
		d.carryOut(out, &actions[i], &h)
	}
	d.at = event{}
	d.dealer.Done()
	if ends := d.dealer.Ends(); ends != nil {
		d.owner.Ended(ends)
	}
	d.settle(out)
}

func (d *Driver) begin(actions []dealer.Action) {
	if d.at.isOpen {
		panic("driver: the actions of an event must be carried out before those of the next one")
	}
	d.at = event{isOpen: true, actions: actions}
}

func (d *Driver) carryOut(out *transport.Outbox, a *dealer.Action, h *Hand) {
	switch a.Kind {
	case dealer.Invoke:
		d.invoke(out, a)
	case dealer.Interrupt:
		d.interrupt(out, a, h)
	case dealer.Forward:
		d.forward(out, a, h)
	case dealer.ForwardOwn:
		d.forwardOwn(out, a, h)
	case dealer.Discard:
	case dealer.Violate:
		d.violated(d.callees[a.Callee], "answer to an invocation that was never sent")
	case dealer.Refuse:
		d.Refuse(out, a)
	case dealer.Release:
		d.owner.Release(a.Pool)
	case dealer.Revoke:
		d.callees[a.Callee].Session.Revoke(out, a.Registration)
	}
}

// AnswerURI returns the URI of the ERROR that is being passed on, for
// [Owner.Carried], in memory that is not the driver's; none: it is no ERROR.
func (d *Driver) AnswerURI() []byte { return d.at.uri }

// sent notes that the action at hand is carried out, whatever becomes of who is
// told of it.
func (d *Driver) sent(a *dealer.Action, bytes int, uri string) {
	d.at.step++
	d.owner.Carried(a, bytes, uri)
}
