package top

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/wampool/wampool/proxy/admin"
)

// Options say what is shown where.
type Options struct {
	Address string    // of the admin listener
	In      io.Reader // of the keys
	Out     io.Writer
	IsLive  bool // Out is a terminal that a person looks at
	Times   int  // how often the table is printed where it is none; 0: until ctx is done
	JSON    bool // in place of tables, what the sidecar tells, a line each
}

// Run shows a sidecar until ctx is done or a person has enough. It fails where the
// sidecar can't be asked at all; one that is lost meanwhile is waited for.
func Run(ctx context.Context, o Options) error {
	if !o.IsLive || o.JSON {
		return print(ctx, &o)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	client := admin.NewClient(o.Address)
	program := tea.NewProgram(&model{ctx: ctx, client: client, address: o.Address, looks: colours},
		tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithoutSignalHandler())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = follow(ctx, client, func(s *admin.Snapshot) { program.Send(snapshotMsg{s}) }, func(err error) bool {
			program.Send(lostMsg{err})
			return true
		})
	}()
	_, err := program.Run()
	stop()
	<-ended
	if errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil {
		return nil
	}
	return err
}

// plainWidth is that of a table that goes anywhere.
const plainWidth = 120

// print prints the pools each second, one table below the other.
func print(ctx context.Context, o *Options) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	printed := 0
	var failed error
	err := follow(ctx, admin.NewClient(o.Address), func(s *admin.Snapshot) {
		if ctx.Err() != nil {
			return
		}
		text := ""
		if printed++; o.JSON {
			line, _ := json.Marshal(s) // it has come as JSON
			text = string(line) + "\n"
		} else {
			text = Table(s, o.Address)
			if printed > 1 {
				text = "\n" + text
			}
		}
		if _, failed = io.WriteString(o.Out, text); failed != nil || printed == o.Times {
			stop()
		}
	}, func(error) bool { return printed > 0 })
	return errors.Join(err, failed)
}

// Table is a snapshot for a reader that is no terminal.
func Table(s *admin.Snapshot, address string) string {
	var l looks
	pools := append([]admin.PoolSummary(nil), s.Pools...)
	sortRows(poolColumns, pools, "POOL")
	lines := append(summary(s, address, plainWidth, l), table(poolColumns, pools, plainWidth, len(pools)+1, 0, -1, "", l)...)
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}
