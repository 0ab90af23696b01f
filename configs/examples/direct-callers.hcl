# Callers connect to wampool as well, and what they call of the pools here is
# answered from the pool, past the router: two hops fewer.
#
# The router does not see these calls. List a role only if the router allows it
# to call all procedures of the block; which role a client has is its word.

router {
  url = "ws://127.0.0.1:8080/ws"
}

listen "ws://127.0.0.1:9000/ws" {}

realm "realm1" {
  pool "com.example.orders." {
    match       = "prefix" # each procedure below it is a pool of its own
    policy      = "roundrobin"
    concurrency = 4
    direct      = ["frontend", "backend"]

    queue {
      limit   = 1000
      timeout = "5s"
    }
  }
}
