# wampool as the sidecar of every pod of a service: several sidecars serve one
# procedure, and the router spreads the calls over them.

router {
  url = "ws://crossbar:8080/ws"
}

listen "ws://127.0.0.1:9000/ws" {}

realm "realm1" {
  pool "com.example.compute" {
    policy      = "least"
    concurrency = 4
    upstream    = "roundrobin" # a sidecar in each pod registers the procedure

    queue {
      limit   = 100
      timeout = "10s"
    }
  }
}

admin {
  address = "0.0.0.0:9090" # for the probes of the kubelet; it shows no secret
}

drain_timeout = "30s"

log {
  format = "json"
}
