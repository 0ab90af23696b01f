package configs

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// redacted stands where a secret would.
const redacted = "(redacted)"

// secretSpans finds what the source spells out as the value of a name that
// sounds like a secret's, and what may be one in a URL. It works on tokens, so
// that it holds for a file that cannot be parsed too. A plain env("…") or
// file("…") is not hidden.
func (s source) secretSpans() []span {
	spans := urlSpans(s.src)
	if s.isJSON() {
		return append(spans, secretsInJSON(s.src)...)
	}
	tokens, _ := hclsyntax.LexConfig(s.src, "", hcl.InitialPos)
	for i := 0; i < len(tokens); i++ {
		value := secretName(tokens, i)
		if value == 0 {
			continue
		}
		end := endOfStatement(tokens, value)
		if value < end && !isCall(tokens[value:end]) {
			last := tokens[end-1].Range.End.Byte
			if end < len(tokens) && tokens[end].Type == hclsyntax.TokenComment { // the secret before this one, perhaps
				last = tokens[end].Range.End.Byte
			}
			spans = append(spans, span{tokens[value].Range.Start.Byte, last})
		}
		i = max(i, end-1)
	}
	return spans
}

// Of a URL in the source, its user and password end before @, and its query and
// fragment begin after ? or #.
var (
	urlUser  = regexp.MustCompile(`://([^\s"/?#@]*@)+`)
	urlQuery = regexp.MustCompile(`://[^\s"?#]*[?#]`)
)

// urlSpans finds what may be secret in URLs, wherever they stand: in comments
// too, or without quotes.
func urlSpans(src []byte) (spans []span) {
	for _, at := range urlUser.FindAllIndex(src, -1) {
		spans = append(spans, span{at[0] + len("://"), at[1] - len("@")})
	}
	for _, at := range urlQuery.FindAllIndex(src, -1) {
		if end := endOfURL(src, at[1]); end > at[1] {
			spans = append(spans, span{at[1], end})
		}
	}
	return spans
}

// endOfURL returns where a URL ends that goes on at i: at a space or a quote,
// of which an interpolation may have some inside.
func endOfURL(src []byte, i int) int {
	for depth := 0; i < len(src) && src[i] != '\n'; i++ {
		switch c := src[i]; {
		case c == '{' && (src[i-1] == '$' || src[i-1] == '%'):
			depth++
		case c == '}' && depth > 0:
			depth--
		case c == '\\':
			i++
		case depth == 0 && (c == '"' || c == ' ' || c == '\t' || c == '\r'):
			return i
		}
	}
	return min(i, len(src))
}

// secretName returns the index of the first token that belongs to the value
// when the token at i is a secret's name, bare or in quotes; else 0.
func secretName(tokens hclsyntax.Tokens, i int) int {
	next := i + 1
	switch tokens[i].Type {
	case hclsyntax.TokenIdent:
		if i > 0 && tokens[i-1].Type == hclsyntax.TokenDot {
			return 0
		}
	case hclsyntax.TokenQuotedLit:
		if i > 1 && !beginsStatement(tokens[i-2]) {
			return 0
		}
		next++
	default:
		return 0
	}
	if !soundsSecret(string(tokens[i].Bytes)) {
		return 0
	}
	if next < len(tokens) && (tokens[next].Type == hclsyntax.TokenEqual || tokens[next].Type == hclsyntax.TokenColon) {
		next++
	}
	return next
}

// beginsStatement tells whether a statement begins after this token.
func beginsStatement(t hclsyntax.Token) bool {
	return t.Type == hclsyntax.TokenOBrace || t.Type == hclsyntax.TokenNewline || endsLine(t)
}

// endsLine tells of a comment whether it took the end of its line with it.
func endsLine(t hclsyntax.Token) bool {
	return t.Type == hclsyntax.TokenComment && bytes.HasSuffix(t.Bytes, []byte("\n"))
}

func soundsSecret(name string) bool {
	name = fold(name)
	for _, word := range []string{"secret", "passw", "ticket", "token", "credential", "private"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return name == "key" || len(name) <= maxNameBytes && editDistance(name, "secret") <= 2
}

// endOfStatement returns the index after the last token of the statement
// that goes on at i.
func endOfStatement(tokens hclsyntax.Tokens, i int) int {
	depth := 0
	for ; i < len(tokens); i++ {
		switch tokens[i].Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl,
			hclsyntax.TokenOHeredoc, hclsyntax.TokenOQuote:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd,
			hclsyntax.TokenCHeredoc, hclsyntax.TokenCQuote:
			if depth == 0 {
				return i
			}
			depth--
		case hclsyntax.TokenEOF:
			return i
		case hclsyntax.TokenNewline, hclsyntax.TokenComment:
			if depth == 0 && (tokens[i].Type == hclsyntax.TokenNewline || endsLine(tokens[i])) {
				return i
			}
		}
	}
	return i
}

// isCall tells whether the tokens are one env("…") or file("…"), of which a
// path may hold variables.
func isCall(tokens hclsyntax.Tokens) bool {
	argument, ok := argumentOf(tokens, envFunction)
	if ok {
		return isQuoted(argument)
	}
	if argument, ok = argumentOf(tokens, fileFunction); !ok {
		return false
	}
	for i := 0; i < len(argument); i++ {
		switch argument[i].Type {
		case hclsyntax.TokenOQuote, hclsyntax.TokenQuotedLit, hclsyntax.TokenCQuote:
		case hclsyntax.TokenTemplateInterp:
			end := i + 1
			for end < len(argument) && argument[end].Type != hclsyntax.TokenTemplateSeqEnd {
				end++
			}
			variable, ok := argumentOf(argument[i+1:end], envFunction)
			if !ok || !isQuoted(variable) {
				return false
			}
			i = end
		default:
			return false
		}
	}
	return len(argument) > 0
}

// argumentOf returns what stands between the parentheses where the tokens are
// one call of a function.
func argumentOf(tokens hclsyntax.Tokens, function string) (hclsyntax.Tokens, bool) {
	last := len(tokens) - 1
	if last < 2 || tokens[0].Type != hclsyntax.TokenIdent || string(tokens[0].Bytes) != function ||
		tokens[1].Type != hclsyntax.TokenOParen || tokens[last].Type != hclsyntax.TokenCParen {
		return nil, false
	}
	return tokens[2:last], true
}

// isQuoted tells whether the tokens are one string without a template in it.
func isQuoted(tokens hclsyntax.Tokens) bool {
	return len(tokens) == 3 && tokens[0].Type == hclsyntax.TokenOQuote &&
		tokens[1].Type == hclsyntax.TokenQuotedLit && tokens[2].Type == hclsyntax.TokenCQuote
}
