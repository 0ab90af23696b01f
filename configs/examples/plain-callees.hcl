# Callees whose code cannot be changed, or whose library has no options for
# shared registrations: they register plainly, and the pool block shares them.
#
# auto = false leaves every other procedure as it is, whatever it asks for.

router {
  url = "ws://127.0.0.1:8080/ws"
}

listen "ws://127.0.0.1:9000/ws" {}

realm "realm1" {
  auto = false

  pool "com.example.thumbnail" {
    policy      = "least" # to the callee with the fewest calls in flight
    concurrency = 1

    queue {
      limit   = 100
      timeout = "10s"
    }
  }
}
