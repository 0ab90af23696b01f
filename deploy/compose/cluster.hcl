# Three wampools beside Crossbar.io in cluster.yaml.

router {
  url = "ws://crossbar:8080/ws"
}

listen "ws://0.0.0.0:9000/ws" {} # published on the host's loopback alone, see cluster.yaml

admin { # within the container, for its health check
  address = "127.0.0.1:9090"
}

realm "realm1" {
  pool "com.example.compute" {
    policy          = "least"
    concurrency     = 4
    upstream        = "roundrobin" # each of the three registers the procedure,
    slots_per_share = 4            # once for four slots of its callees

    queue { # only what waits can go to another one
      limit   = 300
      timeout = "30s"
    }
  }
}

cluster {
  name   = "compute"
  join   = ["wampool:7946"] # the service's name stands for all of them
  gossip = "0.0.0.0:7946"   # within the network of this file alone
  listen = "rs://0.0.0.0:7947"
  secret = env("WAMPOOL_CLUSTER_SECRET")
}
