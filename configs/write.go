package configs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// quote is a string as HCL writes it.
func quote(s string) string { return string(hclwrite.TokensForValue(cty.StringVal(s)).Bytes()) }

func writeHCL(file said) []byte {
	var b bytes.Buffer
	for i, block := range file.blocks {
		if i > 0 {
			b.WriteByte('\n')
		}
		block.write(&b)
	}
	b.WriteByte('\n')
	file.writeSettings(&b)
	return hclwrite.Format(b.Bytes())
}

func (s said) write(b *bytes.Buffer) {
	b.WriteString(s.name)
	if s.label != "" || shapeOf(s.name).label != "" {
		b.WriteString(" " + quote(s.label))
	}
	b.WriteString(" {")
	if len(s.settings) > 0 || len(s.blocks) > 0 {
		b.WriteByte('\n')
	}
	s.writeSettings(b)
	for i, block := range s.blocks {
		if i > 0 || len(s.settings) > 0 {
			b.WriteByte('\n')
		}
		block.write(b)
	}
	b.WriteString("}\n")
}

func (s said) writeSettings(b *bytes.Buffer) {
	for _, set := range s.settings {
		fmt.Fprintf(b, "%s = %s", set.name, set.hcl())
		if set.note != "" {
			b.WriteString(" # " + set.note)
		}
		b.WriteByte('\n')
	}
}

func (s setting) hcl() string {
	switch v := s.value.(type) {
	case string:
		return quote(v)
	case []string:
		quoted := make([]string, len(v))
		for i, text := range v {
			quoted[i] = quote(text)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	return fmt.Sprint(s.value)
}

// template is a string as JSON has it for HCL, where ${ begins a value from
// elsewhere.
func template(s string) string { return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(s) }

func (s setting) json() any {
	switch v := s.value.(type) {
	case string:
		return template(v)
	case []string:
		texts := make([]string, len(v)) // [] where there is none
		for i, text := range v {
			texts[i] = template(text)
		}
		return texts
	case reading:
		return "${" + string(v) + "}"
	}
	return s.value
}

// object is a JSON object that keeps its order.
type object []property

type property struct {
	name  string
	value any
}

// MarshalJSON is for [json.Marshal].
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(p.name); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := encoder.Encode(p.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// with puts a block into the object, beside those of its kind and label.
func (o object) with(block said) object {
	at := o.index(block.name)
	labeled := shapeOf(block.name).label != ""
	switch {
	case at < 0 && !labeled:
		return append(o, property{block.name, block.object()})
	case at < 0:
		return append(o, property{block.name, object{{template(block.label), block.object()}}})
	}
	kind := o[at].value.(object)
	label := template(block.label)
	same := kind.index(label)
	if same < 0 {
		kind = append(kind, property{label, block.object()})
		o[at].value = kind
		return o
	}
	several, ok := kind[same].value.([]any) // pools of one URI that differ in match
	if !ok {
		several = []any{kind[same].value}
	}
	several = append(several, block.object())
	kind[same].value = several
	return o
}

func (o object) index(name string) int {
	return slices.IndexFunc(o, func(p property) bool { return p.name == name })
}

func (s said) object() object {
	o := object{}
	for _, set := range s.settings {
		o = append(o, property{set.name, set.json()})
	}
	for _, block := range s.blocks {
		o = o.with(block)
	}
	return o
}

func writeJSON(file said) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(file.object()); err != nil {
		panic("configs: what a configuration says must be expressible in JSON: " + err.Error())
	}
	return b.Bytes()
}
