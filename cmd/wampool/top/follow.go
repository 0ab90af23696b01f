package top

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wampool/wampool/proxy/admin"
)

// retryAfter is how long a sidecar is left alone that did not answer.
const retryAfter = time.Second

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
	return client.Follow(ctx, "/api/v1/events", func(_ string, data []byte) error {
		snapshot := new(admin.Snapshot)
		if err := json.Unmarshal(data, snapshot); err != nil {
			return fmt.Errorf("what the sidecar tells can't be read: %w", err)
		}
		take(snapshot)
		return nil
	})
}
