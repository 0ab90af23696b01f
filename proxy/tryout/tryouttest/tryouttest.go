// Package tryouttest runs the router and the clients for trying out as long as a
// test.
package tryouttest

import (
	"context"
	"testing"
	"time"

	"github.com/wampool/wampool/proxy/tryout/client"
	"github.com/wampool/wampool/proxy/tryout/router"
)

// StartRouter starts a router with the one realm realm1, at an address of its own.
func StartRouter(t testing.TB) *router.Router {
	t.Helper()
	return StartRouterAt(t, "ws://127.0.0.1:0/ws")
}

// StartRouterAt starts it at that URL.
func StartRouterAt(t testing.TB, url string) *router.Router {
	t.Helper()
	r, err := router.Listen(t.Context(), url, router.Options{Realms: []string{"realm1"}})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- r.Serve(context.Background()) }()
	t.Cleanup(func() {
		r.Close()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return r
}

// Join opens a session of realm1 at that URL.
func Join(t testing.TB, url string, o client.Options) *client.Client {
	t.Helper()
	o.Realm = "realm1"
	c, err := client.Dial(Within(t), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// Within is the patience of a test with what must happen.
func Within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}
