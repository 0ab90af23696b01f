router {
  url           = "ws://127.0.0.1:8080/ws"
  timeout_unit  = "auto"
  dial_timeout  = "2s"
  message_bytes = "16MiB"
}

listen "ws://127.0.0.1:9000/ws" {
  allowed_origins = []
}

limits {
  connections             = 10000
  connections_per_address = 0
  message_bytes           = "16MiB"
  send_buffer             = "8MiB"
  held_bytes              = "4MiB"
  memory                  = ""
  handshake_timeout       = "10s"
  ping_interval           = "10s"
  ping_timeout            = "20s"
}

realm "realm1" {
  auto = true

  auth {
    method = "anonymous"
  }

  pool "com.example.a" {
    match           = "exact"
    policy          = ""
    concurrency     = 0
    scope           = "procedure"
    upstream        = "single"
    slots_per_share = 4
    overflow        = true
    admit           = []
    direct          = []
    linger          = "0s"
    retry_lost      = false
    retries         = 1
    overload_error  = "crossbar.error.max_concurrency_reached"

    queue {
      limit   = 1000
      bytes   = "64MiB"
      timeout = "30s"
    }
  }
}

log {
  level  = "info"
  format = "auto"
  calls  = "none"
  slow   = "1s"
}

drain_timeout = "30s"
