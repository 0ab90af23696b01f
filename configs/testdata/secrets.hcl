# Secrets spelled out in the file, on lines that are shown: hunter2 must not be.
router {
  url = "wss://user:hunter2@router.example/ws"
}
listen "ws://user:hunter2@:x/ws" {}

realm "quoted" {
  auth {
    secret = "hunter2"
  }
}
realm "bare" {
  auth {
    method = "ticket"
    authid = "wampool"
    secret = hunter2
  }
}
realm "called" {
  auth {
    method = "ticket"
    authid = "wampool"
    secret = hunter2("hunter2")
  }
}
realm "list" {
  auth {
    method = "ticket"
    authid = "wampool"
    secret = ["hunter2",
      "hunter2"]
  }
}
realm "heredoc" {
  auth {
    secret = <<-END
      hunter2
    END
  }
}
realm "misspelled" {
  auth {
    sekret = "hunter2"
    password = "hunter2" # hunter2
    ticket = "hunter${env("WAMPOOL_TEST_UNSET")}2"
  }
}
realm "block" {
  auth {
    secret "hunter2" {}
  }
}
realm "escaped" {
  auth {
    secret = "hunter2\q"
  }
}
realm "mapped" {
  auth {
    "secret" = "hunter2"
  }
}
realm "key" {
  auth {
    method = "cryptosign"
    secret = "hunter2"
  }
}
realm "unclosed" {
  auth {
    secret = "hunter2
  }
}
