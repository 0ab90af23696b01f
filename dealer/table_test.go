package dealer

import (
	"math"
	"testing"
)

func TestSizeOfACallIsBounded(t *testing.T) {
	c := new(call)
	c.grow(1000)
	if c.size != 1000 {
		t.Errorf("a call of 1000 bytes has %d", c.size)
	}
	for range 3 {
		c.grow(math.MaxInt)
	}
	if c.size != math.MaxInt32 {
		t.Errorf("a call of more than can be counted has %d bytes", c.size)
	}
}
