package proxy

import (
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// connectBy is connect with a serializer.
func (w *world) connectBy(s codec.Serializer) (client, router *peer) {
	w.t.Helper()
	dialed, err := transport.Dial(w.t.Context(), w.proxy.URLs()[0], transport.DialOptions{Serializers: []codec.Serializer{s}, TLS: w.client})
	if err != nil {
		w.t.Fatal(err)
	}
	return newPeer(w.t, dialed.Conn), w.accept()
}

// boundWorld has a router that speaks all serializers.
func boundWorld(t *testing.T) (*world, *journal) {
	w, log := loggingWorld(t)
	w.speaks = serializers
	w.start(worldOptions{})
	w.welcomePool()
	return w, log
}

func TestLoginBoundToTheChannelIsRefused(t *testing.T) {
	for _, s := range serializers {
		for _, binding := range []string{`"tls-unique"`, `"tls-exporter"`, `true`, `{}`} {
			w, log := boundWorld(t)
			const hello = `[1,"realm1",{"roles":{"callee":{}},"authmethods":["cryptosign"],"authextra":{"pubkey":"00","channel_binding":`
			const refused = `[3,{"message":"authentication by \"cryptosign\" with channel binding cannot pass a proxy: log in without it, or connect to the router itself"},"wamp.error.feature_not_supported"]`
			client, router := w.connectBy(s)
			client.send("%s", hello+binding+"}}]")
			client.expect("%s", refused)
			client.expectEnd()
			router.expectEnd() // and HELLO never reached it
			if line := log.find(t, "channel"); !strings.Contains(line, `"method":"cryptosign","asked_by":"client"`) {
				t.Errorf("log %s", line)
			}
		}
	}
}

func TestRouterThatBindsTheLoginIsRefused(t *testing.T) {
	for _, s := range serializers {
		w, log := boundWorld(t)
		client, router := w.connectBy(s)
		hello := `[1,"realm1",{"authmethods":["scram"],"authextra":{"nonce":"x","channel_binding":null}}]`
		client.send("%s", hello)
		router.expect("%s", hello)
		router.send(`[4,"scram",{"nonce":"xy","channel_binding":"tls-unique"}]`)
		client.expectPrefix(`[3,{"message":"authentication by \"scram\" with channel binding cannot pass a proxy`)
		client.expectEnd()
		router.expectEnd()
		if line := log.find(t, "channel"); !strings.Contains(line, `"method":"scram","asked_by":"router"`) {
			t.Errorf("log %s", line)
		}
	}
}

// What libraries say that know of channel binding and do not use it passes.
func TestLoginThatIsNotBoundPasses(t *testing.T) {
	for _, s := range serializers {
		w, _ := boundWorld(t)
		for _, authextra := range []string{`{"channel_binding":null}`, `{"channel_binding":""}`, `{"nonce":"channel_binding"}`, `null`, `"channel_binding"`} {
			client, router := w.connectBy(s)
			hello := `[1,"realm1",{"authmethods":["cryptosign"],"channel_binding":"x","authextra":` + authextra + `}]`
			client.send("%s", hello)
			router.expect("%s", hello)
			router.send(`[4,"cryptosign",{"challenge":"00","channel_binding":null}]`)
			client.expect(`[4,"cryptosign",{"challenge":"00","channel_binding":null}]`)
			client.send(`[5,"01",{}]`)
			router.expect(`[5,"01",{}]`)
		}
	}
}
