package router_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/tryout/client"
	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

// inbox takes the first arguments of events.
type inbox chan any

func (in inbox) receive(e *client.Event) {
	arguments, err := e.Arguments()
	if err != nil {
		in <- err
		return
	}
	in <- arguments.List[0]
}

func TestEventsReachSubscribersOfAllSerializersInOrder(t *testing.T) {
	r := tryouttest.StartRouter(t)
	boxes := make([]inbox, len(serializers))
	for i, s := range serializers {
		boxes[i] = make(inbox, 10)
		if _, err := tryouttest.Join(t, r.URL(), client.Options{Serializer: s}).Subscribe(tryouttest.Within(t), "com.example.news", nil, boxes[i].receive); err != nil {
			t.Fatal(err)
		}
	}
	for i, s := range serializers {
		publisher := tryouttest.Join(t, r.URL(), client.Options{Serializer: s})
		for _, news := range []any{int64(i), []byte("binary"), "text"} {
			if err := publisher.Publish(tryouttest.Within(t), "com.example.news", nil, client.Args(news)); err != nil {
				t.Fatal(err)
			}
		}
		for j, box := range boxes {
			got := []any{<-box, <-box, <-box}
			if diff := cmp.Diff([]any{int64(i), []byte("binary"), "text"}, got); diff != "" {
				t.Errorf("from %s to %s: %s", s, serializers[j], diff)
			}
		}
	}
}

func TestPublisherExclusion(t *testing.T) {
	r, box := tryouttest.StartRouter(t), make(inbox, 10)
	c := tryouttest.Join(t, r.URL(), client.Options{})
	if _, err := c.Subscribe(tryouttest.Within(t), "com.example.news", nil, box.receive); err != nil {
		t.Fatal(err)
	}
	for _, publish := range []struct {
		options []codec.Field
		news    string
	}{
		{nil, "not to me"},
		{option("exclude_me", codec.FieldBool(true)), "not to me"},
		{option("exclude_me", codec.FieldBool(false)), "to me"},
	} {
		if err := c.Publish(tryouttest.Within(t), "com.example.news", publish.options, client.Args(publish.news)); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-box; got != "to me" {
		t.Errorf("got %v", got)
	}
}

func TestPublishAcknowledgement(t *testing.T) {
	p := open(t, tryouttest.StartRouter(t))
	p.say(`[16, 1, {}, "com.example.news", ["no answer"]]`,
		`[16, 2, {}, "com..example"]`,
		`[16, 3, {"acknowledge": true}, "com.example.news"]`,
		`[16, 4, {"acknowledge": true}, "com..example"]`,
		`[16, 5, {"acknowledge": true}, "wamp.session.on_join"]`,
		`[16, 6, {"acknowledge": true, "ppt_scheme": "x_custom"}, "com.example.news"]`)
	if m := p.hear(); m[0] != 17.0 || m[1] != 3.0 {
		t.Errorf("got %v, want PUBLISHED 3", m)
	}
	for i, want := range []string{"wamp.error.invalid_uri", "wamp.error.invalid_uri", "wamp.error.feature_not_supported"} {
		if m := p.hear(); m[0] != 8.0 || m[1] != 16.0 || m[2] != float64(4+i) || m[4] != want {
			t.Errorf("got %v, want ERROR %d %s", m, 4+i, want)
		}
	}
}

func TestSubscriptions(t *testing.T) {
	p := open(t, tryouttest.StartRouter(t))
	p.say(`[32, 1, {}, "com.example.news"]`, `[32, 2, {"match": "exact"}, "com.example.news"]`)
	first, second := p.hear(), p.hear()
	if first[0] != 33.0 || second[0] != 33.0 || first[2] != second[2] {
		t.Errorf("got %v and %v, want the same subscription", first, second)
	}
	p.say(`[16, 3, {"exclude_me": false}, "com.example.news", [1]]`)
	if m := p.hear(); m[0] != 36.0 || m[1] != first[2] {
		t.Errorf("got %v, want one EVENT", m)
	}
	p.say(`[32, 4, {"match": "prefix"}, "com.example"]`, `[32, 5, {}, "com example"]`, `[34, 6, 4711]`)
	for i, want := range []string{"wamp.error.option_not_allowed", "wamp.error.invalid_uri", "wamp.error.no_such_subscription"} {
		if m := p.hear(); m[0] != 8.0 || m[2] != float64(4+i) || m[4] != want {
			t.Errorf("got %v, want ERROR %d %s", m, 4+i, want)
		}
	}
}

func TestUnsubscribe(t *testing.T) {
	r, box := tryouttest.StartRouter(t), make(inbox, 10)
	c, publisher := tryouttest.Join(t, r.URL(), client.Options{}), tryouttest.Join(t, r.URL(), client.Options{})
	id, err := c.Subscribe(tryouttest.Within(t), "com.example.news", nil, box.receive)
	if err != nil {
		t.Fatal(err)
	}
	if err := publisher.Publish(tryouttest.Within(t), "com.example.news", nil, client.Args("one")); err != nil {
		t.Fatal(err)
	}
	if err := c.Unsubscribe(tryouttest.Within(t), id); err != nil {
		t.Fatal(err)
	}
	if err := publisher.Publish(tryouttest.Within(t), "com.example.news", nil, client.Args("two")); err != nil {
		t.Fatal(err)
	}
	wantURI(t, c.Unsubscribe(tryouttest.Within(t), id), "wamp.error.no_such_subscription")
	if len(box) != 1 || <-box != "one" {
		t.Error("events after UNSUBSCRIBED, or none before")
	}
}
