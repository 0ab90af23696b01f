//go:build !linux

package transport

import "time"

func (g *gather) underway() int { return 0 }

func (g *gather) ackAge() (age time.Duration, known bool) { return 0, false }
