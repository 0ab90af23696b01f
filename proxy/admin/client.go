package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"unicode"
)

// Client asks the admin listener of a sidecar that runs. It is for wampool's own
// commands.
type Client struct {
	address string
	http    http.Client
}

// NewClient returns a client of the listener at an address as the configuration has
// it: "host:port", where a host that stands for all addresses means this machine, or
// unix:///path. It uses no proxy of the environment.
func NewClient(address string) *Client {
	c := &Client{address: reachable(address)}
	t := &http.Transport{DisableKeepAlives: true}
	if path, is := strings.CutPrefix(address, socketScheme); is {
		c.address = "wampool" // nobody looks
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}
	}
	c.http.Transport = t
	return c
}

// Open sends a request to a path and returns the answer's body, for the caller to
// close, and its status. request is for encoding/json; nil is none.
func (c *Client) Open(ctx context.Context, method, path string, request any) (io.ReadCloser, int, error) {
	var body io.Reader
	if request != nil {
		text, err := json.Marshal(request)
		if err != nil {
			return nil, 0, fmt.Errorf("admin: %w", err)
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+c.address+path, body)
	if err != nil {
		return nil, 0, fmt.Errorf("admin: %w", err)
	}
	r.Header.Set("X-Wampool", "1")
	answered, err := c.http.Do(r)
	if err != nil {
		return nil, 0, fmt.Errorf("the sidecar can't be asked: %w", err)
	}
	return answered.Body, answered.StatusCode, nil
}

// maxAnswerBytes bounds an answer that is read as a whole.
const maxAnswerBytes = 256 << 20

// Get asks for what is at a path, in JSON, and decodes it.
func (c *Client) Get(ctx context.Context, path string, into any) error {
	return c.ask(ctx, http.MethodGet, path, nil, into)
}

// Post has a command carried out, and decodes the answer unless into is nil.
func (c *Client) Post(ctx context.Context, path string, request, into any) error {
	return c.ask(ctx, http.MethodPost, path, request, into)
}

func (c *Client) ask(ctx context.Context, method, path string, request, into any) error {
	body, status, err := c.Open(ctx, method, path, request)
	if err != nil {
		return err
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, maxAnswerBytes))
	if err != nil {
		return fmt.Errorf("admin: %s: %w", path, err)
	}
	if status != http.StatusOK {
		return failureOf(path, status, text)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("admin: %s answers what can't be read: %w", path, err)
	}
	return nil
}

// failureOf is the error that an answer tells.
func failureOf(path string, status int, text []byte) error {
	var f failure
	if json.Unmarshal(text, &f) == nil && f.Error != "" {
		return errors.New(f.Error)
	}
	return fmt.Errorf("%s answers %s", path, strings.ToLower(fmt.Sprintf("%d %s", status, http.StatusText(status))))
}

// reachable is an address to connect to where one listens on all of them.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip, bad := netip.ParseAddr(host); err == nil && bad == nil && ip.IsUnspecified() {
		loopback := "127.0.0.1"
		if ip.Is6() {
			loopback = "::1"
		}
		return net.JoinHostPort(loopback, port)
	}
	return address
}

// Printable returns a text with a dot for each character that a terminal must not
// get: clients choose some of what is told of them.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, text)
}
