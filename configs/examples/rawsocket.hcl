# RawSocket on both hops: the least overhead that WAMP has, and over a Unix socket
# no network at all. A client needs no WebSocket either; any listener goes with
# any router.
#
# RawSocket announces how long a message may be, 16 MiB at most; each side gets
# the smaller limit of both hops, and a call that is longer than its callee takes
# is answered wamp.error.payload_size_exceeded.

router {
  url = "unix:///run/crossbar/router.sock" # or rs://127.0.0.1:8081, or rss:// with TLS
}

listen "unix:///run/wampool/wampool.sock" {} # mode 0660: its group may connect
listen "rs://127.0.0.1:9001" {}
listen "ws://127.0.0.1:9000/ws" {}

limits {
  connections   = 2000
  message_bytes = "1MiB"
  ping_interval = "30s" # of silence; RawSocket's peers are pinged if they ping themselves, and looked after by TCP if not
  ping_timeout  = "10s"
}

realm "realm1" {}
