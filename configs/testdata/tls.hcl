# Mistakes with TLS and with transports.
router {
  url = "rs://127.0.0.1:8080"
  tls {
    ca_file     = "tls.hcl"
    cert_file   = "tls.hcl"
    server_name = "https://router.example.com"
    cert        = "x"
  }
  tls {}
}

listen "wss://127.0.0.1:9001/ws" {}
listen "wss://127.0.0.1:9002/ws" {
  tls {
    client_ca_file = "absent.pem"
    ca_file        = "absent.pem"
  }
}
listen "rss://127.0.0.1:9003" {
  tls {
    cert_file = "tls.hcl"
    key_file  = "tls.hcl"
  }
}
listen "rss://127.0.0.1:9004" {
  tls {
    key_file = "."
  }
}
listen "rs://127.0.0.1:9005" {
  tls { cert_file = "absent.pem" }
}
listen "unix://run/wampool.sock" {}
listen "rs://127.0.0.1:9006/ws" {}
