package demo

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/proxy"
	"github.com/wampool/wampool/proxy/tryout/client"
	"github.com/wampool/wampool/proxy/tryout/router"
)

// Config is the configuration of the demo's sidecar, in HCL.
//
//go:embed demo.hcl
var Config string

// Of the configuration.
const (
	realm     = "realm1"
	procedure = "com.example.compute"
)

// stage is all that the demo plays on: router, sidecar, callees, callers.
type stage struct {
	router  *router.Router
	proxy   *proxy.Proxy
	callees []*callee
	callers []*client.Client

	group              errgroup.Group // runs router and sidecar
	endProxy, endRoute context.CancelFunc
	proxyEnded         chan struct{}
}

const openPatience = 10 * time.Second

// openStage starts everything, from the router to the callers. ctx must last
// as long as the stage.
func openStage(ctx context.Context) (*stage, error) {
	s := &stage{proxyEnded: make(chan struct{})}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *stage) open(ctx context.Context) error {
	if err := s.openRouter(ctx); err != nil {
		return err
	}
	if err := s.openProxy(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	for _, c := range []*callee{
		{name: "A", serializer: codec.JSON, limit: 2, work: 60 * time.Millisecond},
		{name: "B", serializer: codec.MessagePack, limit: 4, work: 70 * time.Millisecond},
		{name: "C", serializer: codec.CBOR, limit: 8, work: 80 * time.Millisecond},
	} {
		if err := c.join(ctx, s.proxy.URLs()[0]); err != nil {
			return fmt.Errorf("callee %s: %w", c.name, err)
		}
		s.callees = append(s.callees, c)
	}
	for _, serializer := range []codec.Serializer{codec.JSON, codec.MessagePack, codec.CBOR} {
		caller, err := client.Dial(ctx, s.router.URL(), client.Options{Realm: realm, Serializer: serializer})
		if err != nil {
			return fmt.Errorf("caller: %w", err)
		}
		s.callers = append(s.callers, caller)
	}
	return nil
}

func (s *stage) openRouter(ctx context.Context) error {
	r, err := router.Listen(ctx, "ws://127.0.0.1:0/ws", router.Options{Realms: []string{realm}})
	if err != nil {
		return err
	}
	s.router = r
	ctx, s.endRoute = context.WithCancel(ctx)
	s.group.Go(func() error { return r.Serve(ctx) })
	return nil
}

// openProxy starts the sidecar, as run does, at the addresses of the demo.
func (s *stage) openProxy(ctx context.Context) error {
	config, err := configs.Parse([]byte(Config), "demo.hcl")
	if err != nil {
		return err
	}
	config.Router.URL, config.Listen[0].URL = s.router.URL(), "ws://127.0.0.1:0/ws"
	p := proxy.New(config, zerolog.Nop())
	if err := p.Listen(ctx); err != nil {
		return err
	}
	s.proxy = p
	ctx, s.endProxy = context.WithCancel(ctx)
	s.group.Go(func() error {
		defer close(s.proxyEnded)
		return p.Serve(ctx)
	})
	return nil
}

// capacity is how many calls a second the callees can take.
func (s *stage) capacity() float64 {
	sum := 0.0
	for _, c := range s.callees {
		sum += float64(c.limit) / c.work.Seconds()
	}
	return sum
}

// close ends everything that was started, the router last.
func (s *stage) close() error {
	for _, c := range s.callers {
		c.Close()
	}
	for _, c := range s.callees {
		c.client.Close()
	}
	if s.proxy != nil {
		s.endProxy()
		<-s.proxyEnded
	}
	if s.router != nil {
		s.endRoute()
	}
	return s.group.Wait()
}
