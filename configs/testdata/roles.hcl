router { url = "ws://127.0.0.1:8080/ws" }
listen "ws://127.0.0.1:9000/ws" {}

realm "realm1" {
  pool "com.example.one" { admit = ["backend", "*"] }
  pool "com.example.two" { direct = ["*"] }
}
