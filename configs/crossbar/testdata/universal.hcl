# wampool before the Crossbar.io node of universal.yaml
# What could not be said here is told at the end. Every setting is explained in
# wampool.hcl(5); "wampool check" says whether this is right.

router {
  # workers[0].transports[0].websocket.ws (line 29)
  url = "ws://127.0.0.1:8080/ws"
}

# Where clients connect instead, to be pooled. All others stay where they are.
listen "ws://127.0.0.1:9080/ws" {
  # Crossbar.io lets pages of any host connect; here, those of others are named in allowed_origins
}

realm "realm1" {
  # workers[0].realms[0] (line 6)
  # workers[0].transports[0].websocket.ws.auth.wampcra.users.sue (line 41), with the role "backend".
  # wampool had better have a login of its own, with the right to register just what it pools.
  auth {
    method = "wampcra"
    authid = "sue"
    secret = env("WAMPOOL_SECRET")
  }

  # Callees that ask to share, by invoke or concurrency in their REGISTER, are pooled.
  auto = true
  # Role "backend" (line 9) is that of wampool's own session: its callees are pooled.
  # Role "frontend" (line 12) may register: its callees are pooled where a pool block has it in admit.

  # By whose policy, and how many at once at each, is what callees ask for in REGISTER, as at
  # Crossbar.io. Said in a pool block, it holds for callees that do not ask, too, as in
  #   policy      = "roundrobin"
  #   concurrency = 4

  # workers[0].realms[0].store (line 7)
  # With a store and no entries, calls to every procedure wait at Crossbar.io.
  pool "" {
    match = "prefix"
    # Calls of these roles that arrive at wampool could stay here, past Crossbar.io's authorization:
    # direct = ["backend"]
    # With the invoke of its callees, they move here one at a time: both share the registration.
    # upstream = "roundrobin"

    queue {
      # limit = 1000
      timeout = "30s" # Crossbar.io lets calls wait for ever
    }
  }
}

realm "realm2" {
  # workers[0].realms[1] (line 18)
  # workers[0].transports[0].websocket.ws.auth.wampcra.users.joe (line 40), with the role "frontend".
  # wampool had better have a login of its own, with the right to register just what it pools.
  auth {
    method = "wampcra"
    authid = "joe"
    secret = env("WAMPOOL_SECRET_2")
  }

  # Callees that ask to share, by invoke or concurrency in their REGISTER, are pooled.
  auto = true
  # Role "frontend" (line 12) is that of wampool's own session: its callees are pooled.
}

# Where it is seen: a page, /metrics for Prometheus, and what wampool pools, top and the like ask.
admin {
  address = "127.0.0.1:9090"
  # control = true # wampool drain, pause, reload may steer it here, and so may all on this machine
}

# Not said above:
# - workers[0].realms[2] (line 20): this is not a valid realm name
# - workers[0].realms[3] (line 21): the second of its name, left out
# - workers[0].transports[0].rawsocket (line 26): clients there keep connecting to Crossbar.io; for a wampool before it: --door 'workers[0].transports[0].rawsocket'
# - workers[0].transports[0].websocket.ws.auth.cookie (line 43) is Crossbar.io's: clients log in there, through wampool, as before
# - workers[0].transports[0].websocket.ws.auth.tls (line 42) is Crossbar.io's: clients log in there, through wampool, as before
# - workers[1] (line 44) is no router: its components are clients like others, and are pooled if they connect to wampool
