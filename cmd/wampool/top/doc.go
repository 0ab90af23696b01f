// Package top shows a sidecar that runs on a terminal, as top(1) shows processes:
// its pools, and the callees of one of them, anew each second. Where the output is no
// terminal, it prints the same table each second, one below the other.
//
//	admin listener ── events ──▶ follow ──▶ model ──▶ frame ──▶ terminal
//	                                └─────▶ plain ──▶ pipe
//
// frame.go draws what it is given into a width and a height, and knows nothing else.
package top
