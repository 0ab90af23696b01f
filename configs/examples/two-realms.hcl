# Two realms at one router, with different rules, behind one wampool that is
# also reachable from a container network. The realm of each client is the one
# it says HELLO to.
#
# A realm without a block here passes through untouched.

router {
  url          = "ws://127.0.0.1:8080/ws"
  dial_timeout = "1s"
}

listen "ws://127.0.0.1:9000/ws" {}
listen "ws://172.17.0.1:9000/ws" {}

limits {
  message_bytes = "1MiB"
  send_buffer   = "2MiB"
}

realm "orders" {
  pool "com.example.orders.place" {
    policy         = "first" # the others take over what the first has no room for
    concurrency    = 8
    overload_error = "com.example.error.busy"

    queue {
      limit   = 50
      timeout = "2s"
    }
  }
}

realm "reports" {
  auto = false

  pool "com.example.reports.monthly" {
    policy      = "random"
    concurrency = 1

    queue {
      limit   = 10000
      timeout = "10m"
    }
  }
}

log {
  level  = "debug"
  format = "json"
}
