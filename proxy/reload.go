package proxy

type reloading struct{}
