#!/bin/sh
# After removing. The user stays: files may be its own.
set -e

if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
