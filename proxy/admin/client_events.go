package admin

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxEventBytes bounds an event: a thousand pools of some hundred callees.
const maxEventBytes = 64 << 20

// ErrEnded is that a sidecar has ended a stream of events.
var ErrEnded = errors.New("the sidecar has ended the connection")

// Follow takes the server-sent events at a path, each by its name and what it says in
// JSON, valid until take returns. It ends with the error of take, or of the
// connection: [ErrEnded] where the sidecar has ended it.
func (c *Client) Follow(ctx context.Context, path string, take func(name string, data []byte) error) error {
	body, status, err := c.Open(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer body.Close()
	if status != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(body, maxRequestBytes))
		return failureOf(path, status, text)
	}
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 0, 64<<10), maxEventBytes)
	name := ""
	for lines.Scan() {
		if event, is := bytes.CutPrefix(lines.Bytes(), []byte("event: ")); is {
			name = string(event)
		} else if data, is := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); is {
			if err := take(name, data); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the sidecar is lost: %w", err)
	}
	return ErrEnded
}
