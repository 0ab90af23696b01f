package main

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionOfABuild(t *testing.T) {
	for _, c := range []struct {
		build debug.BuildInfo
		want  string
	}{
		{debug.BuildInfo{}, "wampool (devel), go1."},
		{debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "wampool v1.2.3, go1."},
		{debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.time", Value: "2026-11-23T04:00:00Z"},
			{Key: "vcs.modified", Value: "true"},
		}}, "wampool (devel) (0123456789ab of 2026-11-23T04:00:00Z, modified), go1."},
		{debug.BuildInfo{Main: debug.Module{Version: "v0.0.0-20261123040000-0123456789ab"}, Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0123456789abcdef0123"},
		}}, "wampool v0.0.0-20261123040000-0123456789ab, go1."},
	} {
		if got := version(&c.build); !strings.HasPrefix(got, c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
