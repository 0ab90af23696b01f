package configs

import (
	"path/filepath"
	"strings"
	"testing"
)

// What a cluster block can have wrong is told in one sentence, and by itself.
func TestClusterMistakes(t *testing.T) {
	dir := t.TempDir()
	writeCertificate(t, dir, "wampool")
	const tls = "tls {\nca_file = \"wampool.crt\"\ncert_file = \"wampool.crt\"\nkey_file = \"wampool.key\"\n}\n"
	for name, tt := range map[string]struct{ block, want string }{
		"defaults":          {``, ""},
		"everywhere":        {"gossip = \"0.0.0.0:7946\"\nlisten = \"rs://0.0.0.0:7947\"\nsecret = \"0123456789abcdef\"", ""},
		"no secret, gossip": {`gossip = "0.0.0.0:7946"`, "others than this machine reach the cluster's gossip: it needs a secret, or whoever comes is dealt calls"},
		"no secret, links":  {`listen = "rs://sidecar.internal:7947"`, "others than this machine reach the cluster's listen: it needs a secret, or whoever comes is dealt calls"},
		"empty secret":      {"listen = \"rs://[::]:7947\"\nsecret = \"\"", "others than this machine reach the cluster's listen: it needs a secret, or whoever comes is dealt calls"},
		"own machine":       {"gossip = \"localhost:7946\"\nlisten = \"rs://[::1]:7947\"", ""},
		"short secret":      {`secret = "0123456789abcde"`, "the secret of a cluster must have at least 16 bytes"},
		"name":              {`name = ""`, "the name of a cluster must have from 1 to 255 bytes"},
		"long name":         {`name = "` + strings.Repeat("n", 256) + `"`, "the name of a cluster must have from 1 to 255 bytes"},
		"join a host":       {`join = ["wampool-peers"]`, "each of join must be HOST:PORT of a peer's gossip"},
		"join port 0":       {`join = ["[::1]:0"]`, "each of join must be HOST:PORT of a peer's gossip"},
		"join":              {`join = ["wampool-peers.default.svc:7946", "[::1]:7946"]`, ""},
		"gossip of a name":  {`gossip = "sidecar:7946"`, "gossip must be ADDRESS:PORT of this machine"},
		"gossip, no port":   {`gossip = "127.0.0.1"`, "gossip must be ADDRESS:PORT of this machine"},
		"links by ws":       {`listen = "ws://127.0.0.1:7947"`, "scheme of the cluster's listen must be one of \"rs\", \"rss\""},
		"links, no port":    {`listen = "rs://127.0.0.1"`, "the cluster's listen needs a port"},
		"advertise":         {`advertise = "10.1.2.3:7946"`, "advertise must be an IP address by which peers reach this sidecar, without a port"},
		"advertise any":     {`advertise = "0.0.0.0"`, "advertise must be an IP address by which peers reach this sidecar, without a port"},
		"advertised":        {`advertise = "fd00::7"`, ""},
		"one address":       {"gossip = \"127.0.0.1:7947\"", "the cluster's listen has the address of its gossip"},
		"a listener's":      {`listen = "rs://127.0.0.1:9000"`, "the cluster's listen has the address of a listener"},
		"gossip of another": {`gossip = "127.0.0.1:9000"`, "the cluster's gossip has the address of a listener"},
		"the router's":      {`listen = "rs://127.0.0.1:8080"`, "this is the router's address: wampool would dial itself"},
		"max_rtt":           {`max_rtt = "0s"`, "max_rtt must be from 1ms to 24h"},
		"tls without rss":   {tls, "the cluster's listen is not a URL of TLS"},
		"rss without tls":   {`listen = "rss://127.0.0.1:7947"`, "links with TLS need certificates"},
		"rss with half":     {"listen = \"rss://127.0.0.1:7947\"\ntls {\ncert_file = \"wampool.crt\"\nkey_file = \"wampool.key\"\n}", "a cluster's tls block needs a ca_file"},
		"rss":               {"listen = \"rss://127.0.0.1:7947\"\n" + tls, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(around+"cluster {\n"+tt.block+"\n}\n"), filepath.Join(dir, "wampool.hcl"))
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			ds, ok := err.(Diagnostics)
			if !ok || len(ds) != 1 || ds[0].Summary != tt.want || ds[0].Hint == "" {
				t.Errorf("%v\nwant one: %s", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "0123456789") {
				t.Errorf("a secret is shown: %v", err)
			}
		})
	}
}

// Nobody else's address is the admin listener's.
func TestAdminAtTheCluster(t *testing.T) {
	for _, name := range []string{"gossip", "listen"} {
		port := map[string]string{"gossip": "7946", "listen": "7947"}[name]
		_, err := Parse([]byte(around+"cluster {}\nadmin {\naddress = \"127.0.0.1:"+port+"\"\n}\n"), "wampool.hcl")
		if ds, ok := err.(Diagnostics); !ok || len(ds) != 1 || ds[0].Summary != "the admin address is that of the cluster's "+name {
			t.Error(err)
		}
	}
}
