# Every setting there is. What is not marked as an example is the default, and
# may be left out.

router {
  url           = "ws://127.0.0.1:8080/ws" # example; required; ws, wss, rs, rss, unix
  timeout_unit  = "auto"                   # of call timeouts in INVOCATION: "ms" as specified, "s" for Crossbar.io, "auto": by the router's WELCOME
  dial_timeout  = "2s"
  message_bytes = "16MiB" # the longest message that the router takes: Crossbar.io's own default
}

listen "ws://127.0.0.1:9000/ws" { # example; one or more; ws, wss, rs, rss, unix; port 0: the system chooses
  allowed_origins = []            # hosts of web pages that may connect beside this host's own
}

limits { # what clients may take
  connections             = 10000 # at a time, each with one more to the router
  connections_per_address = 0     # of them, from one IP address; 0: no bound of its own
  message_bytes           = "16MiB"
  send_buffer             = "8MiB" # waiting for a client that reads slowly; beyond it, the client is dropped
  held_bytes              = "4MiB" # of one client, while it waits for the router
  memory                  = ""     # of all clients together; "": a quarter of the machine's, or of the cgroup's
  handshake_timeout       = "10s"  # from the connection to WELCOME
  ping_interval           = "10s"  # of silence, before a client or the router is pinged; "0s": never
  ping_timeout            = "20s"  # for the answer
}

realm "realm1" { # example; one block for each realm with pools
  auth {
    method = "anonymous" # or ticket, wampcra, scram, cryptosign, with authid and secret
  }

  auto = true # pool what callees ask to share by invoke or concurrency

  pool "com.example.compute" { # example
    match           = "exact"     # which procedures the block governs: exact, prefix, wildcard; each is a pool of its own
    policy          = ""          # single, first, last, roundrobin, random, least; "": what the callees ask for
    concurrency     = 0           # most calls in flight at one callee; 0: what the callee asks for, or no limit
    scope           = "procedure" # or "callee": one limit over all procedures of this block
    upstream        = "single"    # at the router: single, or roundrobin, random, first, last for several sidecars
    slots_per_share = 4           # with another upstream: one registration for so many slots of the callees here, 1 to 16
    admit           = []          # authroles whose callees join; empty: the role of the pool session
    direct          = []          # authroles whose CALLs here are answered from the pool, past the router
    linger          = "0s"        # keep the registration this long without a callee
    retry_lost      = false       # hand a lost callee's calls to another: only for what may run twice; then retries = 1
    overload_error  = "crossbar.error.max_concurrency_reached"

    queue { # without this block nothing waits
      limit   = 1000
      bytes   = "64MiB"
      timeout = "30s"
    }
  }
}

admin { # absent: no admin listener; GET /healthz and /readyz
  address = "127.0.0.1:9090"
}

drain_timeout = "30s" # after SIGTERM, for calls in flight

log {
  level  = "info" # trace, debug, info, warn, error
  format = "auto" # console on a terminal, else json
}
