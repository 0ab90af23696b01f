package transport

import (
	"errors"
	"io"
	"testing"

	"github.com/wampool/wampool/codec"
)

// Whoever flushes last, what was sent before Close arrives before the end.
func TestWhatWasSentArrivesBeforeTheEnd(t *testing.T) {
	overEach(t, func(t *testing.T, over string) {
		for range 60 {
			client, server := pairOver(t, over, codec.JSON, Limits{})
			if err := server.Send([]byte(`[3,{},"wamp.error.protocol_violation"]`)); err != nil {
				t.Fatal(err)
			}
			begin, flushed := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(flushed)
				<-begin
				server.Flush()
			}()
			close(begin)
			server.Close(1000, "", faultLinger)
			mustRead(t, client)
			if _, err := client.Read(); !errors.Is(err, io.EOF) {
				t.Fatalf("ended with %v", err)
			}
			client.Abort(ErrClosed)
			<-flushed
			_, _ = server.Read()
			server.Wait()
		}
	})
}
