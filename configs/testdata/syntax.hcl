# Broken syntax, and mistakes in what can still be read.
router {
  url = "ws://127.0.0.1:8080/ws"
  url = "ws://127.0.0.1:8081/ws"
  dial_timeout = "forever"
}

log {
  level  = info
  format = 
}

realm "realm1" {
  auth { method = "ticket", authid = "wampool" }
  pool "com.example.compute" {
    concurrency = 4 5
  }
}

log "text {
  level = "info"
}
