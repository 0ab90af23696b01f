# A router that wants to know who registers: wampool's own session, which
# holds the registrations, joins by ticket. Its role at the router needs the
# right to register the pooled procedures.
#
# The ticket is read anew at each connect, so it may be renewed while wampool
# runs. For a mounted file write secret = file("/run/secrets/wampool").
# Only callees with an authrole in admit join the pool; the router decides
# about all others as it did before.

router {
  url = "wss://router.example.com/ws"
}

listen "ws://127.0.0.1:9000/ws" {}

realm "realm1" {
  auth {
    method = "ticket"
    authid = "wampool"
    secret = env("WAMPOOL_TICKET")
  }

  pool "com.example.compute" {
    policy      = "roundrobin"
    concurrency = 4
    admit       = ["backend", "worker"]

    queue {
      limit = 1000
    }
  }
}
