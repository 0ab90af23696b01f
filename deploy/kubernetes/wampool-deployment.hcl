# wampool as a Deployment (deployment.yaml): several of them serve one procedure as
# one pool. The router deals the calls out by the slots that each has, and one that would
# wait goes on to where a slot is free.

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

cluster {
  name   = "compute"
  join   = ["wampool-peers:7946"]    # the headless Service: all replicas
  gossip = "0.0.0.0:7946"            # the pod's own address is told to the others
  listen = "rs://0.0.0.0:7947"
  secret = env("WAMPOOL_CLUSTER_SECRET")
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
