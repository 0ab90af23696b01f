package crossbar

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/wampool/wampool/configs"
)

// paper is text in HCL that grows.
type paper struct{ bytes.Buffer }

// line writes a line.
func (p *paper) line(format string, args ...any) {
	fmt.Fprintf(p, format, args...)
	p.WriteByte('\n')
}

// write writes whole lines.
func (p *paper) write(lines string) { p.WriteString(lines) }

// comment writes lines that say nothing to wampool.
func (p *paper) comment(format string, args ...any) {
	for line := range strings.Lines(fmt.Sprintf(format, args...)) {
		p.line("%s", strings.TrimRight("# "+clean(line), " "))
	}
}

// clean makes a line fit for a terminal.
func clean(line string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return -1
		case r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(line, string(unicode.ReplacementChar)))
}

// quote is a string in HCL.
func quote(s string) string { return string(hclwrite.TokensForValue(cty.StringVal(s)).Bytes()) }

// What a configuration needs besides a block that is tried.
const (
	routerHead = "router { url = \"ws://127.0.0.1:1/\" }\n"
	listenHead = "listen \"ws://127.0.0.1:2/\" {}\n"
)

func routerBlock(url string) string { return "router { url = " + quote(url) + " }\n" }

// mistakesOf returns what wampool would say of a configuration.
func mistakesOf(text string) (summaries []string) {
	_, err := configs.Parse([]byte(text), "imported.hcl")
	if mistakes := (configs.Diagnostics)(nil); errors.As(err, &mistakes) {
		for _, m := range mistakes {
			summaries = append(summaries, m.Summary)
		}
	}
	return summaries
}
