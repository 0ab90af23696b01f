package transport

import (
	"context"
	"errors"
	"io"
	"net/url"
	"syscall"

	"github.com/wampool/wampool/codec"
)

// dialRaw opens a RawSocket. A handshake offers one serializer: the others are
// tried after it, each on a connection of its own, where the router does not
// take it, or ends the connection instead of saying so.
func dialRaw(ctx context.Context, u *url.URL, o *DialOptions) (*Dialed, error) {
	err := errors.New("no serializer is offered")
	for _, s := range o.Serializers {
		var dialed *Dialed
		if dialed, err = dialRawWith(ctx, u, o, s); err == nil {
			return dialed, nil
		}
		if !errors.Is(err, RawSocketSerializer) && !errors.Is(err, errHungUp) {
			break
		}
	}
	var refusal RawSocketError
	if errors.As(err, &refusal) {
		return nil, &RefusedError{URL: publicURL(u), RawSocket: refusal}
	}
	return nil, err
}

var errHungUp = errors.New("it ended the connection in the middle of the handshake; is it a RawSocket server, and does it speak this serializer?")

func dialRawWith(ctx context.Context, u *url.URL, o *DialOptions, s codec.Serializer) (*Dialed, error) {
	g, stream, release, err := connect(ctx, u, o)
	if err != nil {
		return nil, err
	}
	mine := rawHello{rawLimit(o.Limits.MessageBytes), s}
	if o.Takes > 0 {
		mine.limit = min(mine.limit, rawLimit(int64(o.Takes)))
	}
	var answer rawHello
	if _, err = stream.Write(mine.octets()); err == nil {
		answer, err = readRawAnswer(stream, s)
	}
	if err = release(err); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
			return nil, errHungUp
		}
		return nil, err
	}
	framing := newRawSocket(stream, g, mine.limit, answer.maxSend())
	return &Dialed{Conn: newConn(framing, g, s, remoteOf(g), answer.maxSend(), o.Limits.Keepalive)}, nil
}
