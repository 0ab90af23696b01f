router {
  url = "ws://127.0.0.1:8080/ws"
}
listen "ws://127.0.0.1:9000/ws" {
  allowed_origins = ["https://app.example.com", "app.example.com/page", "null", "file://", "file:///page.html", "", "app.example.com", "*.example.org:8443"]
}
listen "ws://127.0.0.1:9001/ws" {
  allowed_origins = "app.example.com"
}
listen "rs://127.0.0.1:9002" {
  allowed_origins = []
}
