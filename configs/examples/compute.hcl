# Slow work, shared: calls go round the callees, each runs at most four at a
# time, and up to a thousand more wait for a free one, for half a minute.
#
# These settings win over what the callees ask for. The call that finds the
# queue full is refused with crossbar.error.max_concurrency_reached.

router {
  url = "ws://127.0.0.1:8080/ws"
}

listen "ws://127.0.0.1:9000/ws" {}

realm "realm1" {
  pool "com.example.compute" {
    policy      = "roundrobin"
    concurrency = 4

    queue {
      limit   = 1000
      timeout = "30s"
    }
  }
}
