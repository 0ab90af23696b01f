#!/bin/sh
# After installing and upgrading, by dpkg ("configure", and the version before) and
# by rpm (how many versions there are now). The service is not started: its
# configuration has to be looked at first.
set -e

if ! grep -q '^wampool:' /etc/passwd 2>/dev/null; then
  if command -v systemd-sysusers >/dev/null; then
    systemd-sysusers wampool.conf
  elif command -v useradd >/dev/null; then
    useradd --system --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin wampool
  else
    echo "wampool: the user wampool is missing, and nothing is here that makes one" >&2
  fi
fi

if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  if [ "$1" = configure ] && [ -n "$2" ] || [ "$1" = 2 ]; then
    systemctl try-restart wampool.service
  fi
fi
