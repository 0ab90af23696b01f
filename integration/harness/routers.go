package harness

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Router is a running router: a [Crossbar], or one of [SharedRouter].
type Router interface {
	Name() string
	URL() string             // where anybody may join realm1
	Joining() Args           // what clients must say there, for [Program.Join]
	Kill()                   // as kill -9 does
	StartAgain(t *testing.T) // where it was
}

// smallRouters are those that anybody can start in a moment, by name: the
// command, which is given a port, and what each library must say there.
//
// fox-wamp speaks JSON only, has no roles, lets anybody register a procedure
// again (the first who did gets all calls), knows no CANCEL, and makes every
// ERROR of a callee a wamp.error.callee_failure whose one argument is the
// callee's error URI. jawampa speaks no CBOR.
var smallRouters = map[string]struct {
	command []string
	joining Args
}{
	"fox-wamp": {[]string{"node", "routers/foxwamp.mjs"}, Args{"serializer": "json"}},
	"xconn":    {[]string{".venv/bin/python", "routers/xconn_router.py"}, nil},
	"jawampa":  {[]string{"java", "-cp", ".java/classes:.java/lib/*", "JawampaRouter"}, Args{"serializer": "msgpack"}},
}

// smallRouter is one of them.
type smallRouter struct {
	label   string
	process *Process
	port    int
	address string
}

func (r *smallRouter) Name() string  { return r.label }
func (r *smallRouter) URL() string   { return r.address }
func (r *smallRouter) Joining() Args { return smallRouters[r.label].joining }
func (r *smallRouter) Kill()         { r.process.Kill() }

func (r *smallRouter) StartAgain(t *testing.T) {
	t.Helper()
	if err := r.start(); err != nil {
		t.Fatal(err)
	}
}

// OwnRouter starts one of fox-wamp, xconn and jawampa for one test alone.
func OwnRouter(t *testing.T, name string) Router {
	t.Helper()
	r, err := launchRouter(t, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Kill() })
	return r
}

func launchRouter(t *testing.T, name string) (*smallRouter, error) {
	t.Helper()
	if name == "jawampa" {
		Needs(t, "java")
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	r := &smallRouter{label: name, port: port}
	return r, r.start()
}

func (r *smallRouter) start() error {
	command := slices.Clone(smallRouters[r.label].command)
	if strings.Contains(command[0], "/") {
		command[0] = Path(command[0])
	}
	process, err := start(r.label, Path(""), nil, append(command, strconv.Itoa(r.port))...)
	if err != nil {
		return err
	}
	line, err := process.waitLine(0, "listening on ")
	if err != nil {
		process.Kill()
		return err
	}
	r.process, r.address = process, strings.TrimPrefix(line, "listening on ")
	return nil
}

// SharedRouter returns the package's own fox-wamp, xconn or jawampa. Tests keep
// apart by the names they use.
func SharedRouter(t *testing.T, name string) Router {
	t.Helper()
	return sharedRouter(name, func() (*smallRouter, error) { return launchRouter(t, name) })
}
