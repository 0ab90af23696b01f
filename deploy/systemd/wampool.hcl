# wampool as a service of the machine on which the callees run.

router {
  url = "ws://127.0.0.1:8080/ws"
}

listen "ws://127.0.0.1:9000/ws" {}

#listen "unix:///run/wampool/wampool.sock" {} # RawSocket, for callees on this machine

realm "realm1" {
  # The pool session's login, where the router asks for one; see wampool.service.
  #auth {
  #  method = "ticket"
  #  authid = "wampool"
  #  secret = file("${env("CREDENTIALS_DIRECTORY")}/ticket")
  #}

  # Pools whatever the callees themselves register with invoke or concurrency.
  auto = true
}

log {
  format = "json" # for the journal
}
