# wampool as a Deployment (deployment.yaml): several of them serve one procedure,
# and the router deals the calls out by the slots that each has.

router {
  url = "ws://crossbar:8080/ws"
}

listen "ws://0.0.0.0:9000/ws" {}

realm "realm1" {
  pool "com.example.compute" {
    policy          = "least"
    concurrency     = 4
    upstream        = "roundrobin" # each of them registers the procedure
    slots_per_share = 8            # once for eight slots of the callees that it has

    queue {
      limit   = 100
      timeout = "10s"
    }
  }
}

limits {
  memory = "128MiB"
}

admin {
  address = "0.0.0.0:9090" # for the probes of the kubelet and for Prometheus; it shows no secret
}

drain_timeout = "30s"

log {
  format = "json"
}
