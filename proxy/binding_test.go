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
	dialed, err := transport.Dial(w.t.Context(), w.proxy.URLs()[0], transport.DialOptions{Timeout: patience, Serializers: []codec.Serializer{s}, TLS: w.client})
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

const (
	tlsRefused   = `[3,{"message":"authentication by \"tls\" cannot pass a proxy, whose own certificate the router would go by: offer other methods only, or connect to the router itself"},"wamp.error.feature_not_supported"]`
	overTLS      = "wss://127.0.0.1:0/ws" // a router that is shown a certificate
	overNoTLS    = "ws://127.0.0.1:0/ws"
	helloOffers  = `[1,"realm1",{"roles":{"callee":{}},"authmethods":%s}]`
	welcomeByTLS = `[2,7,{"authid":"wampool","authrole":"backend","authmethod":"tls","roles":{"dealer":{}}}]`
)

// tlsWorld has a router at a URL that speaks all serializers.
func tlsWorld(t *testing.T, router string) (*world, *journal) {
	w, log := loggingWorld(t)
	w.speaks = serializers
	w.start(worldOptions{router: router})
	w.welcomePool()
	return w, log
}

// A router must not be asked to go by a certificate that is wampool's.
func TestLoginByCertificateIsRefused(t *testing.T) {
	for _, c := range []struct{ router, methods string }{
		{overNoTLS, `["tls"]`},
		{overNoTLS, `["tls","tls"]`},
		{overTLS, `["tls"]`},
		{overTLS, `["ticket","tls"]`},
		{overTLS, `["t\u006cs"]`},
		{overTLS, `[7,"tls"]`}, // a router may overlook what is no method
		{overTLS, `"tls"`},
		{overTLS, `{"tls":true}`},
		{overTLS, `[],"authmethods":["tls"]`},
		{overTLS, `[],"auth\u006dethods":["tls"]`},
	} {
		for _, s := range serializers {
			w, log := tlsWorld(t, c.router)
			client, router := w.connectBy(s)
			client.send(helloOffers, c.methods)
			client.expect("%s", tlsRefused)
			client.expectEnd()
			router.expectEnd()
			if line := log.find(t, "by the certificate"); !strings.Contains(line, `"method":"tls","asked_by":"client"`) {
				t.Errorf("log %s", line)
			}
		}
	}
}

// What the router might understand that is not understood here goes no further
// where it might mean method tls.
func TestMalformedMessageToARouterThatSeesACertificate(t *testing.T) {
	for _, c := range []struct{ name, message, refused string }{
		{"HELLO without an end", `[1,"realm1",{"authmethods":["tls"]}`, "malformed HELLO"},
		{"HELLO with a type that is a string", `["1","realm1",{"authmethods":["tls"]}]`, "malformed message"},
		{"HELLO with more behind it", `[1,"realm1",{}] [1,"realm1",{"authmethods":["tls"]}]`, "malformed HELLO"},
	} {
		w, log := tlsWorld(t, overTLS)
		client, router := w.connectBy(codec.JSON)
		client.sendBytes([]byte(c.message))
		client.expect(`[3,{"message":%q},"wamp.error.protocol_violation"]`, c.refused)
		client.expectEnd()
		router.expectEnd()
		log.find(t, c.refused)
	}
}

// A router that goes by the certificate unasked takes the client for wampool.
func TestWelcomeByCertificateIsRefused(t *testing.T) {
	for _, s := range serializers {
		for _, methods := range []string{`null`, `[]`, `["anonymous"]`} {
			w, log := tlsWorld(t, overTLS)
			client, router := w.connectBy(s)
			client.send(helloOffers, methods)
			router.expect(helloOffers, methods)
			router.send(welcomeByTLS)
			client.expect("%s", tlsRefused)
			client.expectEnd()
			router.expectEnd()
			if line := log.find(t, "by the certificate"); !strings.Contains(line, `"method":"tls","asked_by":"router"`) {
				t.Errorf("log %s", line)
			}
		}
	}
}

// Without a certificate of wampool's the router has none to go by, and chooses.
func TestLoginThatNeedsNoCertificatePasses(t *testing.T) {
	for _, c := range []struct{ router, methods, welcome string }{
		{overNoTLS, `["tls","ticket"]`, `[2,7,{"authmethod":"ticket"}]`},
		{overNoTLS, `["cookie"]`, `[2,7,{"authmethod":"tls"}]`}, // how the cookie was got
		{overTLS, `["ticket","TLS"]`, `[2,7,{"authmethod":"ticket"}]`},
		{overTLS, `null`, `[2,7,{"authmethod":"anonymous"}]`},
	} {
		w, _ := tlsWorld(t, c.router)
		client, router := w.connectBy(codec.JSON)
		client.send(helloOffers, c.methods)
		router.expect(helloOffers, c.methods)
		router.send("%s", c.welcome)
		client.expect("%s", c.welcome)
	}
}
