package configs

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// scope is a block that is being read. Its methods store what an attribute
// says, leave the default where it is absent, and record the mistake where
// it is wrong.
type scope struct {
	*reader
	shape *shape
	body  *hclsyntax.Body
	head  hcl.Range // where something that is missing is reported
}

// text reads a string. It returns false where there is none to be used.
func (s *scope) text(name string) (value string, at hcl.Range, ok bool) {
	attribute := s.body.Attributes[name]
	if attribute == nil {
		return "", hcl.Range{}, false
	}
	value, m := evaluateString(attribute.Expr)
	if m != nil {
		s.add(*m)
		return "", hcl.Range{}, false
	}
	return value, attribute.Expr.Range(), true
}

// checked reads a string in which check finds no mistake.
func (s *scope) checked(name string, into *string, check func(string) *fault) {
	value, at, ok := s.text(name)
	if !ok {
		return
	}
	if f := check(value); f != nil {
		s.refuse(at, *f)
		return
	}
	*into = value
}

// choice reads one of a few words.
func (s *scope) choice(name string, into *string, among choices) {
	s.checked(name, into, func(v string) *fault { return among.check(name, v) })
}

// secret reads a string that is computed anew each time it is needed, and
// once now to see that it can be.
func (s *scope) secret(name string, into *Secret, check func(string) *fault) {
	attribute := s.body.Attributes[name]
	value, at, ok := s.text(name)
	if !ok {
		return
	}
	if value == "" {
		s.refuse(at, fault{summary: name + " is empty"})
		return
	}
	if f := check(value); f != nil {
		s.refuse(at, *f)
		return
	}
	s.warnOfSecret(attribute.Expr)
	into.from = sourceOf(attribute.Expr)
	into.read = func() (string, error) {
		value, m := evaluateString(attribute.Expr)
		switch {
		case m != nil:
			return "", errors.New(m.summary)
		case value == "":
			return "", fmt.Errorf("%s is empty", name)
		}
		return value, nil
	}
}

// duration reads a length of time with a unit, as in "30s".
func (s *scope) duration(name string, into *time.Duration, least, most time.Duration) {
	value, at, ok := s.quantity(name, brief(*into))
	if !ok {
		return
	}
	example := fmt.Sprintf("example: %s = %q", name, brief(*into))
	d, err := time.ParseDuration(value)
	switch {
	case err != nil && isNumber(value):
		s.refuse(at, fault{summary: name + " needs a unit: ms, s, m or h", hint: example})
	case err != nil && isNumber(strings.TrimRight(value, "days ")):
		s.refuse(at, fault{summary: name + ": a day is no unit of time here", hint: "the longest is the hour: 24h"})
	case err != nil:
		s.refuse(at, fault{summary: name + " is not a length of time", hint: example})
	case d < least || d > most:
		s.refuse(at, fault{summary: fmt.Sprintf("%s must be from %s to %s", name, brief(least), brief(most)), hint: example})
	default:
		*into = d
	}
}

// size reads a number of bytes with a unit, as in "16MiB".
func (s *scope) size(name string, into *int64, least, most int64) {
	usual := formatSize(max(*into, least))
	value, at, ok := s.quantity(name, usual)
	if !ok {
		return
	}
	example := fmt.Sprintf("example: %s = %q", name, usual)
	n, ok := parseSize(value)
	switch {
	case !ok && isNumber(value):
		s.refuse(at, fault{summary: name + " needs a unit: B, KB, KiB, MB, MiB, GB or GiB", hint: example})
	case !ok:
		s.refuse(at, fault{summary: name + " is not a size: a whole number and B, KB, KiB, MB, MiB, GB or GiB", hint: example})
	case n < least || n > most:
		s.refuse(at, fault{summary: fmt.Sprintf("%s must be from %s to %s", name, formatSize(least), formatSize(most)), hint: example})
	default:
		*into = n
	}
}

// quantity reads the string of a number with a unit; a bare number, the most
// likely mistake, gets a hint of its own.
func (s *scope) quantity(name, example string) (string, hcl.Range, bool) {
	if attribute := s.body.Attributes[name]; attribute != nil {
		if value, m := evaluate(attribute.Expr); m == nil && value.Type() == cty.Number {
			s.refuse(attribute.Expr.Range(), fault{
				summary: name + " is a string with a unit, not a number",
				hint:    fmt.Sprintf("example: %s = %q", name, example),
			})
			return "", hcl.Range{}, false
		}
	}
	return s.text(name)
}

// integer reads a whole number.
func (s *scope) integer(name string, into *int, least, most int) {
	value, at, ok := s.ofType(name, cty.Number, "a whole number", fmt.Sprintf("example: %s = 4", name))
	if !ok {
		return
	}
	n := value.AsBigFloat()
	i, _ := n.Int64()
	switch {
	case !n.IsInt() && !n.IsInf():
		s.refuse(at, fault{summary: name + " must be a whole number"})
	case i < int64(least) || i > int64(most):
		s.refuse(at, fault{summary: fmt.Sprintf("%s must be from %d to %d", name, least, most)})
	default:
		*into = int(i)
	}
}

// boolean reads true or false.
func (s *scope) boolean(name string, into *bool) {
	if value, _, ok := s.ofType(name, cty.Bool, "true or false", "without quotes"); ok {
		*into = value.True()
	}
}

// ofType computes an attribute and refuses it where it is not of a type.
func (s *scope) ofType(name string, of cty.Type, words, hint string) (cty.Value, hcl.Range, bool) {
	attribute := s.body.Attributes[name]
	if attribute == nil {
		return cty.NilVal, hcl.Range{}, false
	}
	at := attribute.Expr.Range()
	value, m := evaluate(attribute.Expr)
	if m != nil {
		s.add(*m)
		return cty.NilVal, at, false
	}
	if readsElsewhere(attribute.Expr) { // a variable or a file holds text
		converted, ok := ofText(strings.TrimSpace(value.AsString()), of)
		if !ok {
			s.refuse(at, fault{summary: fmt.Sprintf("%s must be %s, and what is read here is not", name, words)})
			return cty.NilVal, at, false
		}
		value = converted
	}
	if value.IsNull() || value.Type() != of {
		s.refuse(at, fault{summary: fmt.Sprintf("%s must be %s, not %s", name, words, kindOf(value)), hint: hint})
		return cty.NilVal, at, false
	}
	return value, at, true
}

// ofText returns a number or a truth value that is written as text.
func ofText(text string, of cty.Type) (cty.Value, bool) {
	if of == cty.Bool {
		return cty.BoolVal(text == "true"), text == "true" || text == "false"
	}
	value, err := cty.ParseNumberVal(text)
	return value, err == nil
}

// names reads a list of strings, none empty and none twice.
func (s *scope) names(name string, into *[]string) {
	attribute := s.body.Attributes[name]
	if attribute == nil {
		return
	}
	list, ok := attribute.Expr.(*hclsyntax.TupleConsExpr)
	if !ok {
		s.refuse(attribute.Expr.Range(), fault{summary: name + " must be a list of strings", hint: fmt.Sprintf(`example: %s = ["backend"]`, name)})
		return
	}
	seen := make(map[string]bool, len(list.Exprs))
	var values []string
	for _, expr := range list.Exprs {
		value, m := evaluateString(expr)
		switch {
		case m != nil:
			s.add(*m)
		case value == "":
			s.refuse(expr.Range(), fault{summary: "an empty string in " + name, hint: "leave it out"})
		case seen[value]:
			s.refuse(expr.Range(), fault{summary: "the same string twice in " + name, hint: "leave one out"})
		default:
			values = append(values, value)
		}
		seen[value] = true
	}
	*into = values
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return err == nil
}

// brief is d as one writes it: 30s and 24h, not 24h0m0s.
func brief(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// units of sizes, the longest first that formatSize may use.
var units = []struct {
	name  string
	bytes int64
}{
	{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1},
}

// parseSize returns the bytes of a whole number with a unit, in either case.
func parseSize(s string) (int64, bool) {
	for _, u := range units {
		digits, ok := cutSuffixFold(s, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 63)
		if err != nil || int64(n) > math.MaxInt64/u.bytes {
			return 0, false
		}
		return int64(n) * u.bytes, true
	}
	return 0, false
}

func cutSuffixFold(s, suffix string) (string, bool) {
	at := len(s) - len(suffix)
	if at < 0 || !strings.EqualFold(s[at:], suffix) {
		return s, false
	}
	return s[:at], true
}

func formatSize(n int64) string {
	for _, u := range units {
		if n >= u.bytes && n%u.bytes == 0 {
			return fmt.Sprint(n/u.bytes) + u.name
		}
	}
	return fmt.Sprint(n) + "B"
}
