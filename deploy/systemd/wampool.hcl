# wampool as a service of the machine on which the callees run.

router {
  url = "ws://127.0.0.1:8080/ws"
}

listen "ws://127.0.0.1:9000/ws" {}

realm "realm1" {
  # Pools whatever the callees themselves register with invoke or concurrency.
  auto = true
}

log {
  format = "json" # for the journal
}
