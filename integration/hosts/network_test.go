package hosts

import (
	"fmt"
	"net/netip"
	"os/exec"
	"testing"

	"github.com/wampool/wampool/integration/harness"
	"github.com/wampool/wampool/integration/wire"
)

// network is what connects the hosts of a scene.
type network struct {
	wire  *wire.Wire
	hosts []*wire.Host
}

// host is a machine of its own as far as the network goes.
type host struct {
	name    string
	address string
	on      harness.Host
}

// newNetwork makes hosts of these names. There are none where the machine allows none:
// programs then run where the test does, at addresses of the loopback.
func newNetwork(t *testing.T, names ...string) (*network, []*host) {
	t.Helper()
	n := &network{}
	if _, err := exec.LookPath("nsenter"); err != nil {
		return nil, loopback(t, err, names...)
	}
	var hosts []*host
	for i, name := range names {
		h, err := wire.NewHost(name, netip.AddrFrom4([4]byte{10, 77, 0, byte(i + 1)}))
		if err != nil {
			return nil, loopback(t, err, names...)
		}
		t.Cleanup(h.Close)
		n.hosts = append(n.hosts, h)
		hosts = append(hosts, &host{name: name, address: h.Address.String(), on: harness.Host(h.Enter())})
	}
	n.wire = wire.New(n.hosts...)
	return n, hosts
}

// condition is that of all links between two hosts from now on, there and back.
func (n *network) condition(a, b *host, there, back wire.Condition) {
	n.wire.Set(netip.MustParseAddr(a.address), netip.MustParseAddr(b.address), there, back)
}

func loopback(t *testing.T, why error, names ...string) (hosts []*host) {
	t.Helper()
	t.Logf("hosts are addresses of the loopback, without delay, loss or partition: %v", why)
	for i, name := range names {
		hosts = append(hosts, &host{name: name, address: fmt.Sprintf("127.0.0.%d", 11+i)})
	}
	return hosts
}
