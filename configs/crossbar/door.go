package crossbar

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// door is where WAMP clients connect to the node: a transport, or one path of it.
type door struct {
	node     *node // that says how they log in
	endpoint *node
	max      *node // of connections; of the transport as a whole
	raw      bool  // RawSocket
	path     string
}

// doors returns those of a router worker, in the order of the source.
func doors(worker *node) (found []*door) {
	worker.get("transports").each(func(_ string, transport *node) {
		kind, max := transport.get("type").string(""), transport.get("max_connections")
		at := func(n *node, raw bool, path string) {
			found = append(found, &door{n, transport.get("endpoint"), max, raw, path})
		}
		web := func(paths *node) {
			paths.each(func(path string, service *node) {
				if service.get("type").string("websocket") == "websocket" {
					at(service, false, "/"+strings.Trim(path, "/"))
				} else {
					service.used = false // told of like all else that is not WAMP
				}
			})
		}
		switch kind {
		case "websocket":
			path := "/"
			if u, err := url.Parse(transport.get("url").string("")); err == nil && u.Path != "" {
				path = u.Path
			}
			at(transport, false, path)
		case "rawsocket":
			at(transport, true, "")
		case "web":
			web(transport.get("paths"))
		case "universal":
			web(transport.get("websocket"))
			web(transport.get("web").get("paths"))
			if transport.has("rawsocket") {
				at(transport.get("rawsocket"), true, "")
			}
		default:
			transport.used = false
		}
	})
	return found
}

// secure tells whether it speaks TLS.
func (d *door) secure() bool { return d.endpoint.has("tls") }

// unix tells whether it is a Unix socket.
func (d *door) unix() bool { return d.endpoint.get("type").string("tcp") == "unix" }

// unusable says why wampool can't connect there, as far as its kind tells; "" if it
// can.
func (d *door) unusable() string {
	switch kind := d.endpoint.get("type").string("tcp"); {
	case kind != "tcp" && kind != "unix":
		return fmt.Sprintf("its endpoint is of type %q", kind)
	case kind == "unix" && !d.raw:
		return "it is WebSocket on a Unix socket, and wampool speaks RawSocket there"
	case kind == "tcp" && d.port() == 0:
		return "its port is not known"
	}
	return ""
}

var variable = regexp.MustCompile(`^\$([a-zA-Z_][a-zA-Z0-9_]*)$`)

// port returns the port, the first of a range; 0 where it is none. One in a
// variable is what the variable holds now.
func (d *door) port() int {
	port := d.endpoint.get("port")
	if port.kind == null {
		if span := d.endpoint.get("portrange"); len(span.within) > 0 {
			span.within[0].used = true
			port = span.within[0]
		}
	}
	n := port.number
	if name := variable.FindStringSubmatch(port.text); name != nil {
		n, _ = strconv.Atoi(os.Getenv(name[1]))
	} else if port.kind == text {
		n, _ = strconv.Atoi(port.text)
	}
	if n < 1 || n > 65535 {
		return 0
	}
	return n
}

func (d *door) scheme() string {
	switch {
	case d.unix():
		return "unix"
	case d.raw && d.secure():
		return "rss"
	case d.raw:
		return "rs"
	case d.secure():
		return "wss"
	}
	return "ws"
}

// routerURL is by which wampool, beside the node, connects there.
func (d *door) routerURL(folder string) string {
	if d.unix() {
		return "unix://" + escapePath(inFolder(folder, d.endpoint.get("path").string("")))
	}
	host := d.endpoint.get("interface").string("")
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip != nil && ip.To4() == nil || d.endpoint.get("version").number == 6 {
			host = "::1"
		}
	}
	if known, err := url.Parse(d.node.get("url").string("")); err == nil && d.secure() && known.Hostname() != "" {
		host = known.Hostname() // what the certificate is for
	}
	return d.at(host, d.port())
}

// listenURL is where clients may connect to wampool as they do there: at the port
// that is shift higher, or lower where there is none.
func (d *door) listenURL(folder string, shift int) string {
	if d.unix() {
		return "unix://" + escapePath(filepath.Join(filepath.Dir(inFolder(folder, d.endpoint.get("path").string(""))), "wampool.sock"))
	}
	host := d.endpoint.get("interface").string("")
	if host == "" {
		host = "0.0.0.0"
		if d.endpoint.get("version").number == 6 {
			host = "::"
		}
	}
	port := d.port() + shift
	if port > 65535 {
		port = d.port() - shift
	}
	return d.at(host, port)
}

func (d *door) at(host string, port int) string {
	return d.scheme() + "://" + net.JoinHostPort(host, strconv.Itoa(port)) + escapePath(d.path)
}

func escapePath(path string) string { return (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() }

// inFolder is a path as the node, whose folder this is, understands it.
func inFolder(folder, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

// allowedOrigins are its origins as hosts, and those that can't be said so.
func (d *door) allowedOrigins() (hosts, left []string) {
	d.node.get("options").get("allowed_origins").each(func(_ string, origin *node) {
		host := origin.string("")
		if _, after, found := strings.Cut(host, "://"); found && !strings.EqualFold(host, "file://") {
			host = after
		}
		host = strings.TrimSuffix(host, ":*")
		if host == "" || strings.ContainsAny(host, "/?#@,; \t\r\n\"") && host != "file://" {
			left = append(left, origin.where())
			return
		}
		for _, other := range hosts {
			if other == host {
				return
			}
		}
		hosts = append(hosts, host)
	})
	return hosts, left
}
