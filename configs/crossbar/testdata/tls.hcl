# wampool before the Crossbar.io node of tls.json
# What could not be said here is told at the end. Every setting is explained in
# wampool.hcl(5); "wampool check" says whether this is right.

router {
  # workers[0].transports[1] (line 6)
  url = "wss://router.example.com:443/wamp"
  # Crossbar.io's certificate must be for the host in the URL, or for server_name, and
  # of an authority that this system trusts, or of ca_file:
  # tls {
  #   ca_file     = "ca.crt"
  #   server_name = "router.example.com"
  # }
}

# Where clients connect instead, to be pooled. All others stay where they are.
# This could not be taken over: cannot read the cert_file: no such file or directory
# This could not be taken over: cannot read the key_file: no such file or directory
# This could not be taken over: cannot read the client_ca_file: no such file or directory
# listen "wss://[::]:1443/wamp" {
#   # workers[0].transports[1].options.allowed_origins[2] (line 8) has no counterpart
#   # workers[0].transports[1].options.allowed_origins[3] (line 8) has no counterpart
#   allowed_origins = ["*", "null"]
#   tls {
#     cert_file      = "/srv/.crossbar/nowhere.crt"
#     key_file       = "/srv/.crossbar/nowhere.key"
#     client_ca_file = "/srv/.crossbar/ca.crt"
#   }
# }
listen "ws://127.0.0.1:9000/ws" {}

realm "realm1" {
  # workers[0].realms[0] (line 2)
  auth {
    method = "anonymous"
  }

  # Callees that ask to share, by invoke or concurrency in their REGISTER, are pooled.
  auto = true
  # Role "anonymous" (line 2) is that of wampool's own session: its callees are pooled.

  # By whose policy, and how many at once at each, is what callees ask for in REGISTER, as at
  # Crossbar.io. Said in a pool block, it holds for callees that do not ask, too, as in
  #   policy      = "roundrobin"
  #   concurrency = 4

  # workers[0].realms[0].store.call-queue[0] (line 3)
  pool "com..job." {
    match = "wildcard"
    # With the invoke of its callees, they move here one at a time: both share the registration.
    # upstream = "roundrobin"

    queue {
      # limit = 1000
      timeout = "30s" # Crossbar.io lets calls wait for ever
    }
  }
}

# Where it is seen: a page, /metrics for Prometheus, and what wampool pools, top and the like ask.
admin {
  address = "127.0.0.1:9090"
  # control = true # wampool drain, pause, reload may steer it here, and so may all on this machine
}

# Not said above:
# - workers[0].realms[0].store.call-queue[1] (line 3): the second of its name, left out
# - workers[0].realms[0].store.call-queue[2] (line 3): this is not a valid procedure URI
# - workers[0].transports[0] (line 5): it is WebSocket on a Unix socket, and wampool speaks RawSocket there
# - workers[0].transports[1].endpoint.tls.chain_certificates (line 7) belongs behind the certificate in cert_file, if wampool is to show it
# - workers[0].transports[1].options.max_message_size (line 8): message_bytes must be from 1KiB to 1GiB
