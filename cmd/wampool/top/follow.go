package top

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/wampool/wampool/proxy/admin"
)

// retryAfter is how long a sidecar is left alone that did not answer.
const retryAfter = time.Second

// maxEventBytes bounds an event: a thousand pools of some hundred callees.
const maxEventBytes = 64 << 20

// follow brings each snapshot that a sidecar tells, until the context is done. lost
// is told why there is none for now; it then tries again. Once it has said false,
// follow ends with that error.
func follow(ctx context.Context, client *admin.Client, take func(*admin.Snapshot), lost func(error) (again bool)) error {
	for {
		err := followOnce(ctx, client, take)
		if ctx.Err() != nil {
			return nil
		}
		if !lost(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retryAfter):
		}
	}
}

// followOnce follows one stream to its end.
func followOnce(ctx context.Context, client *admin.Client, take func(*admin.Snapshot)) error {
	body, status, err := client.Open(ctx, http.MethodGet, "/api/v1/events", nil)
	if err != nil {
		return err
	}
	defer body.Close()
	if status != http.StatusOK {
		return fmt.Errorf("the sidecar answers %d %s", status, strings.ToLower(http.StatusText(status)))
	}
	return read(body, take)
}

// read takes server-sent events that are snapshots.
func read(from io.Reader, take func(*admin.Snapshot)) error {
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 64<<10), maxEventBytes)
	for lines.Scan() {
		data, is := strings.CutPrefix(lines.Text(), "data: ")
		if !is {
			continue
		}
		snapshot := new(admin.Snapshot)
		if err := json.Unmarshal([]byte(data), snapshot); err != nil {
			return fmt.Errorf("what the sidecar tells can't be read: %w", err)
		}
		take(snapshot)
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return errors.New("the sidecar has ended the connection")
}
