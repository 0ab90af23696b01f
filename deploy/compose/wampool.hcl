# wampool beside Crossbar.io in compose.yaml.

router {
  url = "ws://crossbar:8080/ws"
}

listen "ws://0.0.0.0:9000/ws" {} # published on the host's loopback alone, see compose.yaml

admin { # within the container, for its health check
  address = "127.0.0.1:9090"
}

realm "realm1" {
  # Up to 1000 calls wait while every callee has four in flight.
  pool "com.example.compute" {
    policy      = "roundrobin"
    concurrency = 4

    queue {
      limit   = 1000
      timeout = "30s"
    }
  }
}
