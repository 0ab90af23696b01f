# Callees can be restarted, one by one or all at once, and no call fails that may
# wait: the pool keeps its registration without a callee, calls wait for the next
# one, and those that a killed callee had go to another.

router {
  url = "ws://127.0.0.1:8080/ws"
}

listen "ws://127.0.0.1:9000/ws" {}

realm "realm1" {
  pool "com.example.compute" {
    policy      = "least"
    concurrency = 4
    linger      = "1m"
    retry_lost  = true # it may run twice
    retries     = 2

    queue {
      limit   = 1000
      timeout = "30s"
    }
  }

  # Every procedure that begins so is a pool of its own. A callee does four
  # things at once, whichever they are.
  pool "com.example.images." {
    match       = "prefix"
    policy      = "roundrobin"
    concurrency = 4
    scope       = "callee"
    linger      = "30s"

    queue {
      limit = 200
      bytes = "256MiB"
    }
  }

  pool "com.example..status" {
    match  = "wildcard"
    policy = "first"
  }
}
