package transport

import (
	"errors"
	"net/url"
)

// PublicURL returns a URL without what may be secret in it: user, password,
// query and fragment. No other form of a URL may be printed or logged.
func PublicURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return publicURL(nil)
	}
	return publicURL(u)
}

func publicURL(u *url.URL) string {
	if u == nil {
		return "(invalid URL)"
	}
	return (&url.URL{Scheme: u.Scheme, Opaque: u.Opaque, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// withoutURL takes from an error the URL that Go's library has put before it.
func withoutURL(err error) error {
	var quoting *url.Error
	if errors.As(err, &quoting) {
		return quoting.Err
	}
	return err
}
