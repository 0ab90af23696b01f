# One of several machines that serve one procedure as one pool: each has a wampool
# with this same file.
#
# As in several-sidecars.hcl, the router deals the calls out among the sidecars. With
# a cluster, a call that waits at one of them while a callee of another has a free
# slot goes on to that one: nobody waits beside a free slot, and a sidecar without
# callees (linger) loses no call.
#
# join is a name that leads to all of them (a headless service in Kubernetes, a name
# with several addresses, or one of them that is always there).

router {
  url = "ws://router.internal:8080/ws"
}

listen "ws://127.0.0.1:9000/ws" {}

realm "realm1" {
  pool "com.example.compute" {
    policy      = "least"
    concurrency = 4
    upstream    = "roundrobin"

    queue { # only what waits can go to a peer
      limit   = 250
      timeout = "15s"
    }
  }
}

cluster {
  name   = "compute"
  join   = ["wampool-peers.internal:7946"]
  gossip = "0.0.0.0:7946"      # UDP and TCP
  listen = "rs://0.0.0.0:7947" # TCP
  secret = env("WAMPOOL_CLUSTER_SECRET")
}

drain_timeout = "1m" # as long as a call may run, for restarts one by one
