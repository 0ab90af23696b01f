package configs

import (
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	routerBlock = `router { url = "ws://127.0.0.1:8080/ws" }` + "\n"
	listenBlock = `listen "ws://127.0.0.1:9000/ws" {}` + "\n"
	head        = routerBlock + listenBlock
)

// wantMistakes asserts the summaries of all mistakes.
func wantMistakes(t *testing.T, err error, summaries ...string) {
	t.Helper()
	var got []string
	if err != nil {
		ds := (Diagnostics)(nil)
		if !errors.As(err, &ds) {
			t.Fatalf("error is %T: %v", err, err)
		}
		for _, d := range ds {
			got = append(got, d.Summary)
		}
	}
	if diff := cmp.Diff(summaries, got); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
}

func pool(body string) string {
	return head + "realm \"realm1\" {\n pool \"com.example.compute\" {\n" + body + "\n}\n}\n"
}

func realm(body string) string { return head + "realm \"realm1\" {\n" + body + "\n}\n" }

func router(body string) string { return listenBlock + "router {\n" + body + "\n}\n" }

// One mistake at a time; testdata has them together.
func TestParseRefuses(t *testing.T) {
	tests := map[string]struct {
		src  string
		want []string
	}{
		"empty file":             {"", []string{"a listen block is missing", "a router block is missing"}},
		"router without url":     {router(""), []string{"the router block needs a url"}},
		"empty router url":       {router(`url = ""`), []string{"the router's URL is not a valid URL"}},
		"rawsocket without port": {router(`url = "rs://router"`), []string{"the router's URL needs the port it listens on"}},
		"rawsocket with path":    {router(`url = "rss://router:8443/ws"`), []string{"the router's URL cannot have a path or query: RawSocket has none"}},
		"rawsocket with query":   {router(`url = "rs://router:8443?a=b"`), []string{"the router's URL cannot have a path or query: RawSocket has none"}},
		"relative socket":        {router(`url = "unix://run/router"`), []string{"the router's URL must have an absolute path, behind three slashes"}},
		"socket without path":    {router(`url = "unix:///"`), []string{"the router's URL needs the path of a socket"}},
		"socket with query":      {router(`url = "unix:///run/router?a=b"`), []string{"the router's URL cannot have a query"}},
		"long socket path":       {router(`url = "unix:///` + strings.Repeat("x", maxSocketPath) + `"`), []string{"the router's URL has a path that no socket can have: it may be up to 103 bytes long"}},
		"socket path with a NUL": {router(`url = "unix:///run/%00"`), []string{"the router's URL has a path that no socket can have: it may be up to 103 bytes long"}},
		"tcp":                    {router(`url = "tcp://router:1"`), []string{"the router's URL must name its protocol, not tcp"}},
		"unknown scheme":         {router(`url = "udp://router:1"`), []string{`scheme of the router's URL must be one of "ws", "wss", "rs", "rss", "unix"`}},
		"router without scheme":  {router(`url = "router.example/ws"`), []string{"the router's URL must begin with its scheme and //"}},
		"router without host":    {router(`url = "ws:///ws"`), []string{"the router's URL needs a host"}},
		"router port":            {router(`url = "ws://router:65536/"`), []string{"the router's URL has a port out of range"}},
		"router port 0":          {router(`url = "ws://router:0/"`), []string{"the router's URL needs the port it listens on"}},
		"router fragment":        {router(`url = "ws://router/#"`), []string{"the router's URL cannot have a fragment (#…)"}},
		"router user":            {router(`url = "ws://user@router/"`), []string{"the router's URL cannot have a user or password"}},
		"dial timeout zero":      {router("url = \"ws://router/\"\ndial_timeout = \"0s\""), []string{"dial_timeout must be from 1ms to 24h"}},
		"listen without port":    {routerBlock + `listen "ws://127.0.0.1/" {}`, []string{"the listen URL needs a port"}},
		"listen empty port":      {routerBlock + `listen "ws://127.0.0.1:/" {}`, []string{"the listen URL has a port out of range"}},
		"listen without host":    {routerBlock + `listen "ws://:9000/" {}`, []string{"the listen URL needs a host"}},
		"listen at a rawsocket":  {routerBlock + `listen "rs://0.0.0.0:8080" {}`, []string{"this is the router's address: wampool would dial itself"}},
		"listen at a socket":     {routerBlock + `listen "unix:///run/a" {}` + "\n" + `listen "unix:///run//a" {}`, []string{"a second listen block with this address; the first is in line 2"}},
		"rawsocket at no port":   {routerBlock + `listen "rs://127.0.0.1" {}`, []string{"the listen URL needs a port"}},
		"listen with query":      {routerBlock + `listen "ws://127.0.0.1:9000/?a=b" {}`, []string{"the listen URL cannot have a query"}},
		"listen at the router":   {routerBlock + `listen "ws://0.0.0.0:8080/" {}`, []string{"this is the router's address: wampool would dial itself"}},
		"size too small":         {head + "limits {\n message_bytes = \"10B\"\n}", []string{"message_bytes must be from 1KiB to 1GiB"}},
		"size overflow":          {head + "limits {\n send_buffer = \"9223372036854775807GiB\"\n}", []string{"send_buffer is not a size: a whole number and B, KB, KiB, MB, MiB, GB or GiB"}},
		"size negative":          {head + "limits {\n send_buffer = \"-1MiB\"\n}", []string{"send_buffer is not a size: a whole number and B, KB, KiB, MB, MiB, GB or GiB"}},
		"size unknown unit":      {head + "limits {\n send_buffer = \"1MegaByte\"\n}", []string{"send_buffer is not a size: a whole number and B, KB, KiB, MB, MiB, GB or GiB"}},
		"admin port":             {head + `admin { address = "127.0.0.1:65536" }`, []string{"the admin address must be HOST:PORT"}},
		"admin host":             {head + `admin { address = ":9090" }`, []string{"the admin address must be HOST:PORT"}},
		"trace context":          {head + `trace { context = "kwargs.a.b" }`, []string{`context must be "" or name a keyword of calls`}},
		"trace keyword":          {head + `trace { context = "kwargs." }`, []string{`context must be "" or name a keyword of calls`}},
		"trace blank":            {head + `trace { context = "kwargs.a b" }`, []string{`context must be "" or name a keyword of calls`}},
		"admin URL":              {head + `admin { address = "http://127.0.0.1:9090" }`, []string{"the admin address must be HOST:PORT"}},
		"negative drain":         {head + `drain_timeout = "-1s"`, []string{"drain_timeout must be from 0s to 24h"}},
		"number as duration":     {head + `drain_timeout = 30`, []string{"drain_timeout is a string with a unit, not a number"}},
		"list as duration":       {head + `drain_timeout = ["30s"]`, []string{"a string is needed here, not a list"}},
		"log level":              {head + "log {\n level = \"warning\"\n}", []string{`level must be one of "trace", "debug", "info", "warn", "error"`}},
		"log level case":         {head + "log {\n level = \"INFO\"\n}", []string{`level must be one of "trace", "debug", "info", "warn", "error"`}},
		"realm without name":     {head + `realm {}`, []string{`a block "realm" has one label`}},
		"realm with hash":        {head + `realm "a#b" {}`, []string{"this is not a valid realm name"}},
		"realm empty":            {head + `realm "" {}`, []string{"this is not a valid realm name"}},
		"auto null":              {realm("auto = null"), []string{"auto must be true or false, not null"}},
		"anonymous with authid":  {realm("auth {\n authid = \"x\"\n}"), []string{"authid is not used by the method anonymous"}},
		"ticket alone":           {realm("auth {\n method = \"ticket\"\n}"), []string{"the method ticket needs authid", "the method ticket needs secret"}},
		"ticket, empty values":   {realm("auth {\n method = \"ticket\"\n authid = \"\"\n secret = \"\"\n}"), []string{"authid is empty", "secret is empty"}},
		"wampcra alone":          {realm("auth {\n method = \"wampcra\"\n}"), []string{"the method wampcra needs authid", "the method wampcra needs secret"}},
		"scram alone":            {realm("auth {\n method = \"scram\"\n}"), []string{"the method scram needs authid", "the method scram needs secret"}},
		"cryptosign alone":       {realm("auth {\n method = \"cryptosign\"\n}"), []string{"the method cryptosign needs secret"}},
		"cryptosign, other key":  {realm("auth {\n method = \"cryptosign\"\n secret = \"0x00\"\n}"), []string{"the secret of the method cryptosign must be a private key of 64 hex digits"}},
		"method that is none":    {realm("auth {\n method = \"wamp-scram\"\n}"), []string{`method must be one of "anonymous", "ticket", "wampcra", "scram", "cryptosign"`}},
		"two auth blocks":        {realm("auth {}\nauth {}"), []string{`a second block "auth"; the first is in line 4`}},
		"pool empty URI":         {realm(`pool "" {}`), []string{"this is not a valid procedure URI"}},
		"pool URI with space":    {realm(`pool "com.a b" {}`), []string{"this is not a valid procedure URI"}},
		"pool URI with control":  {realm(`pool "com.a\u0000" {}`), []string{"this is not a valid procedure URI"}},
		"pool wildcard":          {realm(`pool "com..add" {}`), []string{"this is not a valid procedure URI"}},
		"pool wamp":              {realm(`pool "wamp" {}`), []string{"procedures under wamp. are reserved for the router"}},
		"upstream least":         {pool(`upstream = "least"`), []string{`upstream must be one of "single", "roundrobin", "random", "first", "last"`}},
		"upstream empty":         {pool(`upstream = ""`), []string{`upstream must be one of "single", "roundrobin", "random", "first", "last"`}},
		"concurrency too large":  {pool(`concurrency = 1000001`), []string{"concurrency must be from 0 to 1000000"}},
		"concurrency huge":       {pool(`concurrency = 1e1000000`), []string{"concurrency must be from 0 to 1000000"}},
		"concurrency bool":       {pool(`concurrency = true`), []string{"concurrency must be a whole number, not true or false"}},
		"admit empty name":       {pool(`admit = [""]`), []string{"an empty string in admit"}},
		"match":                  {pool(`match = "suffix"`), []string{`match must be one of "exact", "prefix", "wildcard"`}},
		"scope":                  {pool(`scope = "session"`), []string{`scope must be one of "procedure", "callee"`}},
		"scope without limit":    {pool(`scope = "callee"`), []string{`scope = "callee" needs a concurrency of 1 or more`}},
		"scope with limit 0":     {pool("concurrency = 0\nscope = \"callee\""), []string{`scope = "callee" needs a concurrency of 1 or more`}},
		"direct":                 {pool(`direct = true`), []string{"direct must be a list of strings"}},
		"direct empty name":      {pool(`direct = [""]`), []string{"an empty string in direct"}},
		"retry_lost":             {pool(`retry_lost = 1`), []string{"retry_lost must be true or false, not a number"}},
		"retries alone":          {pool(`retries = 1`), []string{"retries has no effect without retry_lost"}},
		"retries":                {pool("retry_lost = true\nretries = 0"), []string{"retries must be from 1 to 100"}},
		"linger":                 {pool(`linger = "-1s"`), []string{"linger must be from 0s to 24h"}},
		"queue bytes":            {pool("queue {\n bytes = \"1\"\n}"), []string{"bytes needs a unit: B, KB, KiB, MB, MiB, GB or GiB"}},
		"limits out of range":    {head + "limits {\n connections = 0\n ping_interval = \"25h\"\n ping_timeout = \"0s\"\n}", []string{"connections must be from 1 to 1000000", "ping_interval must be from 0s to 24h", "ping_timeout must be from 1ms to 24h"}},
		"listen tls":             {routerBlock + "listen \"ws://127.0.0.1:9000/\" {\n tls { client_ca_file = \"absent.pem\" }\n}", []string{"the listen URL is not one of TLS", "cannot read the client_ca_file: no such file or directory"}},
		"empty overload error":   {pool(`overload_error = ""`), []string{"overload_error is not a valid URI"}},
		"queue timeout zero":     {pool("queue {\n timeout = \"0s\"\n}"), []string{"timeout must be from 1ms to 24h"}},
		"block for attribute":    {pool("policy {}"), []string{`"policy" is an attribute, not a block`}},
		"object":                 {pool("admit = {}"), []string{"admit must be a list of strings"}},
		"object as a string":     {pool("policy = {}"), []string{"an object is not a value here"}},
		"env without a name":     {pool("policy = env()"), []string{"env takes one string, in quotes"}},
		"env with a list":        {pool("policy = env([\"A\"])"), []string{"env takes one string, in quotes"}},
		"env in a template":      {pool("policy = \"x${env(\"WAMPOOL_TEST_UNSET\")}\""), []string{`environment variable "WAMPOOL_TEST_UNSET" is not set`}},
		"for expression":         {pool("admit = [for a in [1] : a]"), []string{"admit must be a list of strings"}},
		"conditional template":   {pool(`policy = "%{ if true }first%{ endif }"`), []string{"this kind of expression is not supported"}},
		"directory as file":      {pool(`policy = file(".")`), []string{`cannot read file ".": not a regular file`}},
		"too long":               {strings.Repeat("#", maxFileBytes+1), []string{"the configuration is longer than 256KiB"}},
		"too many listeners":     {routerBlock + strings.Repeat("listen \"ws://127.0.0.1:0/\" {}\n", maxListeners+1), []string{"more than 64 listen blocks"}},
		"too deep":               {head + "x = " + strings.Repeat("[", 100_000), []string{"the configuration is nested too deeply"}},
		"too many operators":     {head + "x = " + strings.Repeat("!", 100_000), []string{"the configuration is nested too deeply"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := Parse([]byte(tt.src), "wampool.hcl")
			wantMistakes(t, err, tt.want...)
			if c != nil {
				t.Error("a Config beside the error")
			}
		})
	}
}

func TestParseAccepts(t *testing.T) {
	t.Setenv("WAMPOOL_TEST_POLICY", "first")
	tests := map[string]struct {
		src  string
		want func(*Config)
	}{
		"no realm":       {head, func(*Config) {}},
		"admin":          {head + `admin { address = "[::1]:0" }`, func(c *Config) { c.Admin = &Admin{Address: "[::1]:0"} }},
		"trace":          {head + `trace { context = "kwargs.traceparent" }`, func(c *Config) { c.Trace = &Trace{Context: "kwargs.traceparent"} }},
		"trace default":  {head + `trace {}`, func(c *Config) { c.Trace = &Trace{} }},
		"admin default":  {head + `admin {}`, func(c *Config) { c.Admin = &Admin{Address: "127.0.0.1:9090"} }},
		"no drain":       {head + `drain_timeout = "0s"`, func(c *Config) { c.DrainTimeout = 0 }},
		"compound time":  {head + `drain_timeout = "1m30s"`, func(c *Config) { c.DrainTimeout = 90 * time.Second }},
		"decimal size":   {head + `limits { message_bytes = "64KB" }`, func(c *Config) { c.Limits.MessageBytes = 64_000 }},
		"size with case": {head + `limits { message_bytes = "64 kib" }`, func(c *Config) { c.Limits.MessageBytes = 64 << 10 }},
		"size in bytes":  {head + `limits { send_buffer = "1024B" }`, func(c *Config) { c.Limits.SendBufferBytes = 1024 }},
		"router query":   {listenBlock + `router { url = "wss://router/ws?a=b" }`, func(c *Config) { c.Router.URL = "wss://router/ws?a=b" }},
		"env for a word": {pool(`policy = env("WAMPOOL_TEST_POLICY")`), func(c *Config) {
			p := defaultPool("com.example.compute")
			p.Policy = "first"
			c.Realms = []Realm{defaultRealm("realm1")}
			c.Realms[0].Pools = []Pool{p}
		}},
		"unicode URI": {realm(`pool "com.beispiel.größe" {}`), func(c *Config) {
			c.Realms = []Realm{defaultRealm("realm1")}
			c.Realms[0].Pools = []Pool{defaultPool("com.beispiel.größe")}
		}},
		"origins": {routerBlock + `listen "ws://127.0.0.1:9000/ws" {
			allowed_origins = ["app.example.com", "*.example.org:8443"]
		}`, func(c *Config) { c.Listen[0].AllowedOrigins = []string{"app.example.com", "*.example.org:8443"} }},
		"ports chosen by the system": {routerBlock + "listen \"ws://127.0.0.1:0/a\" {}\nlisten \"ws://127.0.0.1:0/b\" {}", func(c *Config) {
			c.Listen = []Listen{{URL: "ws://127.0.0.1:0/a"}, {URL: "ws://127.0.0.1:0/b"}}
		}},
		"the same pool in two realms": {head + "realm \"a\" {\n pool \"x.y\" {}\n}\nrealm \"b\" {\n pool \"x.y\" {}\n}", func(c *Config) {
			c.Realms = []Realm{defaultRealm("a"), defaultRealm("b")}
			for i := range c.Realms {
				c.Realms[i].Pools = []Pool{defaultPool("x.y")}
			}
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Parse([]byte(tt.src), "wampool.hcl")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(configWith(tt.want), got, bySecret, noWarnings); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestLoadUnreadable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "absent.hcl")
	_, err := Load(path)
	wantMistakes(t, err, "cannot read the configuration: no such file or directory")
	if err != nil && err.Error() != path+": cannot read the configuration: no such file or directory\n\n1 mistake" {
		t.Errorf("text: %q", err)
	}
}

func TestDefault(t *testing.T) {
	got, err := Default("ws://127.0.0.1:8080/ws", "ws://127.0.0.1:9000/ws", "realm1")
	if err != nil {
		t.Fatal(err)
	}
	want, err := Load("examples/minimal.hcl")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, bySecret, noWarnings); diff != "" {
		t.Errorf("-file +flags\n%s", diff)
	}
}

func TestDefaultRefuses(t *testing.T) {
	_, err := Default("http://user:hunter2@router", "ws://127.0.0.1", "")
	wantMistakes(t, err,
		"the router's URL cannot have a user or password",
		"the listen URL needs a port",
		"this is not a valid realm name",
	)
	if text := err.Error(); !strings.HasPrefix(text, "--router: the router's URL") || !strings.HasSuffix(text, "\n3 mistakes") || strings.Contains(text, "hunter2") {
		t.Errorf("text:\n%s", text)
	}
	_, err = Default("ws://localhost:9000/", "ws://127.0.0.1:9000/", "realm1")
	wantMistakes(t, err, "this is the router's address: wampool would dial itself")
}

func TestListenHostAndPath(t *testing.T) {
	tests := []struct{ url, host, path string }{
		{"ws://127.0.0.1:9000/ws", "127.0.0.1:9000", "/ws"},
		{"ws://[::1]:0", "[::1]:0", "/"},
		{"ws://localhost:80/a%20b/c", "localhost:80", "/a b/c"},
		{"rs://127.0.0.1:9001", "127.0.0.1:9001", "/"},
		{"unix:///run/wampool.sock", "", "/run/wampool.sock"},
		{"::", "", "/"},
	}
	for _, tt := range tests {
		l := Listen{URL: tt.url}
		if l.Host() != tt.host || l.Path() != tt.path {
			t.Errorf("%s: %q, %q; want %q, %q", tt.url, l.Host(), l.Path(), tt.host, tt.path)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0B": 0, "1B": 1, "3KB": 3000, "3KiB": 3072, "2MB": 2e6, "2GiB": 2 << 30, "9223372036854775807B": math.MaxInt64,
	} {
		if got, ok := parseSize(text); !ok || got != want {
			t.Errorf("parseSize(%q) = %d, %v; want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "B", "1", "1.5MiB", "+1B", "-1B", "1 0B", "9223372036854775808B", "9007199254740992GiB", "1TiB"} {
		if got, ok := parseSize(text); ok {
			t.Errorf("parseSize(%q) = %d", text, got)
		}
	}
}
