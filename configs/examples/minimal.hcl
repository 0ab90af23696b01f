# The least there is to say: pool what the callees of realm1 ask to share.
#
# A callee that registers with invoke other than single, or with concurrency,
# is pooled; everything else passes to the router untouched. Point your
# callees at the listen URL and leave their code as it is.

router {
  url = "ws://127.0.0.1:8080/ws"
}

listen "ws://127.0.0.1:9000/ws" {}

realm "realm1" {}
