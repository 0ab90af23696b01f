package crossbar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

const (
	maxBytes = 1 << 20
	maxDepth = 64
	maxNodes = 100_000
)

// read returns the source as a tree. It is YAML if its name says so, or else if it
// does not begin with a brace.
func read(src []byte, name string) (*node, error) {
	if len(src) > maxBytes {
		return nil, fmt.Errorf("longer than %d bytes", maxBytes)
	}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	isYAML := strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
	var top *node
	var err error
	if isYAML || !strings.HasSuffix(name, ".json") && !bytes.HasPrefix(bytes.TrimSpace(src), []byte("{")) {
		top, err = readYAML(src)
	} else {
		top, err = readJSON(src)
	}
	if err != nil {
		return nil, err
	}
	if top.kind != object {
		return nil, errors.New("a Crossbar.io configuration is an object")
	}
	top.name("")
	return top, nil
}

// jsonReader reads tokens, and knows in which line it is.
type jsonReader struct {
	decoder *json.Decoder
	src     []byte
	counted int // of src, up to where lines are counted
	lines   int
}

func readJSON(src []byte) (*node, error) {
	r := jsonReader{decoder: json.NewDecoder(bytes.NewReader(src)), src: src, lines: 1}
	r.decoder.UseNumber()
	top, err := r.value(0)
	if err == nil && r.decoder.More() {
		err = errors.New("something follows after the configuration")
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the configuration ends too early")
	}
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", r.line(), err)
	}
	return top, nil
}

// line returns the line of the last token.
func (r *jsonReader) line() int {
	now := min(int(r.decoder.InputOffset()), len(r.src))
	r.lines += bytes.Count(r.src[r.counted:now], []byte("\n"))
	r.counted = now
	return r.lines
}

func (r *jsonReader) value(depth int) (*node, error) {
	token, err := r.decoder.Token()
	if err != nil {
		return nil, err
	}
	n := &node{line: r.line()}
	switch v := token.(type) {
	case string:
		n.kind, n.text = text, v
	case json.Number:
		n.setNumber(v.String())
	case bool:
		n.kind, n.truth = truth, v
	case json.Delim:
		return n, r.inside(n, v, depth+1)
	}
	return n, nil
}

// inside reads what is in an object or list.
func (r *jsonReader) inside(n *node, open json.Delim, depth int) error {
	if depth > maxDepth {
		return errors.New("nested too deeply")
	}
	n.kind = list
	if open == '{' {
		n.kind = object
	}
	for r.decoder.More() {
		if n.kind == object {
			name, err := r.decoder.Token()
			if err != nil {
				return err
			}
			n.names = append(n.names, fmt.Sprint(name))
		}
		child, err := r.value(depth)
		if err != nil {
			return err
		}
		n.within = append(n.within, child)
	}
	_, err := r.decoder.Token()
	return err
}

func (n *node) setNumber(digits string) {
	n.kind = other
	if whole, err := strconv.Atoi(digits); err == nil {
		n.kind, n.number = number, whole
	}
}

func readYAML(src []byte) (*node, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(src, &document); err != nil {
		return nil, err
	}
	if len(document.Content) == 0 {
		return &node{}, nil
	}
	left := maxNodes
	return fromYAML(document.Content[0], 0, &left)
}

// fromYAML turns a node of YAML, of which left more may follow: an alias stands for
// all that is in its anchor.
func fromYAML(from *yaml.Node, depth int, left *int) (*node, error) {
	if *left--; *left < 0 || depth > maxDepth {
		return nil, fmt.Errorf("line %d: too much, or nested too deeply", from.Line)
	}
	n := &node{line: from.Line}
	switch from.Kind {
	case yaml.AliasNode:
		return fromYAML(from.Alias, depth+1, left)
	case yaml.MappingNode, yaml.SequenceNode:
		n.kind = list
		for i, content := range from.Content {
			if from.Kind == yaml.MappingNode && i%2 == 0 {
				n.kind = object
				n.names = append(n.names, content.Value)
				continue
			}
			child, err := fromYAML(content, depth+1, left)
			if err != nil {
				return nil, err
			}
			n.within = append(n.within, child)
		}
		if from.Kind == yaml.MappingNode {
			n.kind = object
		}
	case yaml.ScalarNode:
		switch from.ShortTag() {
		case "!!str":
			n.kind, n.text = text, from.Value
		case "!!bool":
			n.kind, n.truth = truth, strings.EqualFold(from.Value, "true")
		case "!!int", "!!float":
			n.setNumber(from.Value)
		}
	}
	return n, nil
}
