# wampool before the Crossbar.io node of node.json
# What could not be said here is told at the end. Every setting is explained in
# wampool.hcl(5); "wampool check" says whether this is right.

router {
  # workers[0].transports[0].paths.ws (line 24)
  url           = "ws://127.0.0.1:8080/ws"
  message_bytes = "1MiB" # workers[0].transports[0].paths.ws.options.max_message_size (line 24)
}

# Where clients connect instead, to be pooled. All others stay where they are.
listen "ws://0.0.0.0:9080/ws" {
  allowed_origins = ["*.example.com", "localhost"]
}

limits {
  message_bytes = "1MiB" # workers[0].transports[0].paths.ws.options.max_message_size (line 24)
  connections   = 500    # workers[0].transports[0].max_connections (line 23): each client here is one there, too
  ping_interval = "10s"  # workers[0].transports[0].paths.ws.options.auto_ping_interval (line 24)
}

realm "realm1" {
  # workers[0].realms[0] (line 8)
  # workers[0].transports[0].paths.ws.auth.wampcra (line 25) is decided over elsewhere: what login wampool has there has to be said by hand.
  # workers[0].transports[0].paths.ws.auth.ticket.principals.wampool (line 25), with the role "backend".
  # wampool had better have a login of its own, with the right to register just what it pools.
  auth {
    method = "ticket"
    authid = "wampool"
    secret = env("WAMPOOL_SECRET")
  }

  # Callees that ask to share, by invoke or concurrency in their REGISTER, are pooled.
  auto = true
  # Role "anonymous" (line 15) may register nothing: it has nothing to do with pools.
  # Role "backend" (line 16) is that of wampool's own session: its callees are pooled.
  # Role "worker" (line 17) may register: its callees are pooled where a pool block has it in admit.
  # Role "dyn" (line 18) is decided over by an authorizer, at Crossbar.io as before.

  # By whose policy, and how many at once at each, is what callees ask for in REGISTER, as at
  # Crossbar.io. Said in a pool block, it holds for callees that do not ask, too, as in
  #   policy      = "roundrobin"
  #   concurrency = 4

  # workers[0].realms[0].store.call-queue[0] (line 10)
  pool "com.example.compute" {
    # Whether callees of role "dyn" may register is for its authorizer: admit has them if they are to join.
    admit = ["backend", "worker"] # who may register it
    # Calls of these roles that arrive at wampool could stay here, past Crossbar.io's authorization:
    # direct = ["anonymous", "backend"]
    # With the invoke of its callees, they move here one at a time: both share the registration.
    # upstream = "roundrobin"

    queue {
      limit   = 1000  # workers[0].realms[0].store.call-queue[0].limit (line 10): Crossbar.io has the number, and does not keep to it
      timeout = "30s" # Crossbar.io lets calls wait for ever
    }
  }

  # workers[0].realms[0].store.call-queue[1] (line 11)
  pool "com.example." {
    match = "prefix"
    # Whether callees of role "dyn" may register is for its authorizer: admit has them if they are to join.
    # Calls of these roles that arrive at wampool could stay here, past Crossbar.io's authorization:
    # direct = ["anonymous", "backend"]
    # With the invoke of its callees, they move here one at a time: both share the registration.
    # upstream = "roundrobin"

    queue {
      limit   = 100   # workers[0].realms[0].store.limit (line 9): Crossbar.io has the number, and does not keep to it
      timeout = "30s" # Crossbar.io lets calls wait for ever
    }
  }

  # workers[0].realms[0].store.call-queue[3] (line 12)
  pool "com.example.huge" {
    # Whether callees of role "dyn" may register is for its authorizer: admit has them if they are to join.
    # Calls of these roles that arrive at wampool could stay here, past Crossbar.io's authorization:
    # direct = ["anonymous", "backend"]
    # With the invoke of its callees, they move here one at a time: both share the registration.
    # upstream = "roundrobin"

    queue {
      timeout = "30s" # Crossbar.io lets calls wait for ever
    }
  }
}

realm "realm2" {
  # workers[0].realms[1] (line 20)
  # workers[0].transports[0].paths.ws.auth.wampcra (line 25) is decided over elsewhere: what login wampool has there has to be said by hand.
  # The role "anonymous" of this login is none of this realm's: it will be refused.
  # workers[0].transports[0].paths.ws.auth.anonymous (line 25), with the role "anonymous".
  # wampool had better have a login of its own, with the right to register just what it pools.
  auth {
    method = "anonymous"
  }

  # Callees that ask to share, by invoke or concurrency in their REGISTER, are pooled.
  auto = true
}

# Where it is seen: a page, /metrics for Prometheus, and what wampool pools, top and the like ask.
admin {
  address = "127.0.0.1:9090"
  # control = true # wampool drain, pause, reload may steer it here, and so may all on this machine
}

# Not said above:
# - controller (line 4) is the node's own
# - workers[0].components (line 30) runs in the node as before; what it registers there is not pooled
# - workers[0].options (line 6) is the node's own
# - workers[0].realms[0].store.call-queue[2] (line 12): procedures under wamp. are reserved for the router
# - workers[0].realms[0].store.call-queue[3].limit (line 12): limit must be from 1 to 1000000
# - workers[0].realms[0].store.event-history (line 13) stays at Crossbar.io: events pass wampool untouched
# - workers[0].realms[1].options (line 20) is the router's
# - workers[0].transports[0].endpoint.backlog (line 23) has no counterpart
# - workers[0].transports[0].paths.ws.auth.wampcra.authenticator (line 25) is Crossbar.io's: clients log in there, through wampool, as before
# - workers[0].transports[0].paths.ws.options.auto_ping_timeout (line 24): ping_timeout must be from 1ms to 24h
# - workers[0].transports[0].paths.ws.options.compression (line 24) has no counterpart
# - workers[0].transports[0].paths.ws.serializers (line 24) is Crossbar.io's: clients speak through wampool what it takes
# - workers[0].transports[0].paths["/"] (line 24) is served by Crossbar.io as before
# - workers[0].transports[1] (line 26): clients there keep connecting to Crossbar.io; for a wampool before it: --door 'workers[0].transports[1]'
# - workers[0].transports[2] (line 27) is not WAMP
# - workers[0].transports[3] (line 28): clients there keep connecting to Crossbar.io; for a wampool before it: --door 'workers[0].transports[3]'
# - workers[1] (line 31) is no router: its components are clients like others, and are pooled if they connect to wampool
# - workers[2] (line 32) is another router: a wampool of its own may stand before it
