# The configuration of "wampool demo". The demo puts the addresses of its own
# router and listener in; with yours it runs as it stands: wampool run -c FILE.

router {
  url = "ws://127.0.0.1:8080/ws"
}

listen "ws://127.0.0.1:9000/ws" {}

realm "realm1" {
  pool "com.example.compute" {
    policy = "least" # who has the fewest calls for its limit

    queue {
      limit   = 100
      timeout = "10s"
    }
  }
}
