# What may be secret in a URL, on lines that are shown: hunter2 must not be.
router {
  url = "ftp://router.example/ws?ticket=hunter2"
}
listen "ws://127.0.0.1:9000/ws?a=hunter2&b=hunter2" {}
listen "ws://127.0.0.1:9001/ws#hunter2" { }
listen "ws://127.0.0.1:9002/ws" { nonsense = "wss://hunter2:hunter2@router.example/?hunter2" }
listen "ws://127.0.0.1:9003/ws" { nonsense = 1 } # was ws://127.0.0.1:9003/ws?hunter2
listen "ws://127.0.0.1:9004/ws" { nonsense = "ws://x/?a=${env("hunter2")}&b=hunter2" }
listen "ws://127.0.0.1:9005/ws" { nonsense = "ws://x/?a=%{ if true }hunter2%{ endif }hunter2" }
listen "ws://127.0.0.1:9006/ws" { nonsense = "ws://x/?a=\"hunter2" }
realm "realm1" {
  nonsense = ws://127.0.0.1:9003/ws?hunter2
}
