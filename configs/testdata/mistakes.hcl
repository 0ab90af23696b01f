# Every kind of mistake that a whole file can have at once.
ruoter {
  url = "ws://127.0.0.1:8080/ws"
}

router {
  url          = "http://127.0.0.1:8080/ws"
  dial_timeout = "5"
  timeout_unit = "seconds"
  tls {
    ca_file = "ca.pem"
  }
}

router {}

listen "ws://127.0.0.1:9000/ws" {
  allowed_origins = []
}
listen "ws://localhost:9000/other" {}
listen "wss://127.0.0.1:9443/ws" {}
listen "127.0.0.1:9000" {}
listen {}

limits {
  message_bytes     = 16777216
  send_buffer       = "8"
  handshake_timeout = "ten seconds"
  connections       = 100
  held_bytes        = "1B"
  memory            = "1KiB"

  connections_per_address = -1
}

realm "realm1" {
  auth {
    method = "ticket"
    secrt  = "do-not-show-me"
  }
  auto  = "yes"
  queue {
    limit = 10
  }

  pool "com.example.compute" {
    policy      = "round-robin"
    concurency  = 4
    concurrency = -1
    upstream    = roundrobin
    admit       = "backend"
    linger      = "5"
    scope       = "callee"
    retries     = 0
    match       = "suffix"

    queue {
      limit   = 0
      timeout = "48h"
      bytes   = 64
    }
    overload_error = "com..busy"
  }
  pool "com.example.compute" {
    queue = { limit = 5 }
    concurrency = 2.5
  }
  pool "wamp.session.count" {}
  pool "com.example." {}
  pool "com.example.two" "words" {
    concurrency = "4"
    admit       = ["a", "a", 5]
  }
}

realm "realm1" {
  auth {
    method = "cryptosign"
    secret = "do-not-show-me"
  }
}

realm "re alm" {
  auth {
    method = "ticket"
    authid = env("WAMPOOL_TEST_UNSET")
    secret = file("absent.txt")
  }
}

realm "realm2" {
  auth {
    secret = "do-not-show-me"
    authid = upper("x")
  }
}

admin {
  address = "9090"
}

trace "x" {
  context = "args.0"
}

drain_timeout = 1 + 2
policy        = "random"

log "x" {
  level  = "verbose"
  format = null
}
log {}
