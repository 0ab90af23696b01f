package configs

import _ "embed"

// Manual is what people are told of the configuration, in Markdown: every setting,
// with its default.
//
//go:embed README.md
var Manual string
