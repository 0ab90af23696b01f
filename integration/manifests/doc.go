// Package manifests reads what deploy has for Kubernetes with Kubernetes' own types.
// It is a module of its own: nothing of wampool depends on them.
package manifests
