# wampool before the Crossbar.io node of rawsocket.json
# What could not be said here is told at the end. Every setting is explained in
# wampool.hcl(5); "wampool check" says whether this is right.

router {
  # workers[0].transports[0] (line 3)
  url           = "unix:///srv/.crossbar/crossbar.sock"
  message_bytes = "64KiB" # workers[0].transports[0].options.max_message_size (line 3)
}

# Where clients connect instead, to be pooled. All others stay where they are.
listen "unix:///srv/.crossbar/wampool.sock" {}

limits {
  message_bytes = "64KiB" # workers[0].transports[0].options.max_message_size (line 3)
}

realm "realm1" {
  # workers[0].realms[0] (line 1)
  # workers[0].transports[0].auth.ticket (line 5) is decided over elsewhere: what login wampool has there has to be said by hand.
  # workers[0].transports[0].auth.scram.principals.sam (line 4), with the role "service".
  # wampool had better have a login of its own, with the right to register just what it pools.
  auth {
    method = "scram"
    authid = "sam"
    secret = env("WAMPOOL_SECRET")
  }

  # Callees that ask to share, by invoke or concurrency in their REGISTER, are pooled.
  auto = true
  # Role "service" (line 2) is that of wampool's own session: its callees are pooled.
}

# Where it is seen: a page, /metrics for Prometheus, and what wampool pools, top and the like ask.
admin {
  address = "127.0.0.1:9090"
  # control = true # wampool drain, pause, reload may steer it here, and so may all on this machine
}

# Not said above:
# - workers[0].transports[0].auth.ticket.create (line 5) is Crossbar.io's: clients log in there, through wampool, as before
