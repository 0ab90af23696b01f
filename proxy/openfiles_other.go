//go:build !unix

package proxy

func mostOpenFiles() uint64 { return 0 }
