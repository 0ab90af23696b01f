#!/bin/sh
# Before removing ("remove" of dpkg, 0 versions left of rpm), not before upgrading.
set -e

if [ -d /run/systemd/system ] && { [ "$1" = remove ] || [ "$1" = 0 ]; }; then
  systemctl disable --now wampool.service
fi
