# TLS on both hops. wampool trusts one authority of its own for the router, shows
# it a certificate, and asks the same of its clients.
#
# Paths are relative to this file's folder. The files are read again when they
# change, at the next connection: new ones are put in place by renaming, and a
# pair that can't be used leaves the old one in force, with an error in the log.
#
# Web pages may connect from wampool's own host, and from the hosts named here;
# what is no browser is not asked. Cookies that the router sets pass unchanged:
# a browser keeps those marked Secure only where it came by wss.

router {
  url = "wss://router.example.com/ws"

  tls {
    ca_file     = "ca.crt" # unset: the system's roots
    cert_file   = "wampool.crt"
    key_file    = "wampool.key"
    server_name = "router.internal" # in its certificate; unset: the host above
  }
}

listen "wss://0.0.0.0:9443/ws" {
  allowed_origins = ["app.example.com", "*.example.org"]

  tls {
    cert_file      = "wampool.crt"
    key_file       = "wampool.key"
    client_ca_file = "ca.crt"
  }
}

realm "realm1" {}
