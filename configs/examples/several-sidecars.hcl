# One of several machines with callees of the same procedure, each with a
# wampool of its own and this same file.
#
# upstream = "roundrobin" makes the registration at the router a shared one,
# so that all sidecars can hold it: the router goes round the sidecars, each
# sidecar goes round its callees, and waiting calls wait where they arrived. A
# sidecar registers once for each slots_per_share (4) slots that its callees have,
# so that the router deals more calls to the one that has more room.

router {
  url = "ws://router.internal:8080/ws"
}

listen "ws://127.0.0.1:9000/ws" {}

realm "realm1" {
  pool "com.example.compute" {
    policy      = "least"
    concurrency = 4
    upstream    = "roundrobin"

    queue {
      limit   = 250
      timeout = "15s"
    }
  }
}

drain_timeout = "1m" # as long as a call may run, for restarts one by one
