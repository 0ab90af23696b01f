#!/usr/bin/env bash
# Installs the routers and clients that the integration tests drive, pinned,
# into ignored folders beside this script. Does nothing if all is there.
# Exits 3, after one line that says what is missing, where it can't.
set -euo pipefail
cd "$(dirname "$0")"

missing() {
  echo "integration tests are left out: $1 (why: integration/setup.log; make test runs everything else)" >&2
  exit 3
}

# Where it is installed counts too: Python's programs know their own folder.
stamp="$( (cat requirements.txt package.json package-lock.json setup.sh; pwd) | sha256sum | cut -d' ' -f1)"
[ "$(cat .installed 2>/dev/null || true)" = "$stamp" ] && .venv/bin/python -c '' 2>/dev/null && exec ./setup_optional.sh
rm -f .installed
: > setup.log

# A developer's own settings must not send anything elsewhere, nor leave anything out.
unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_USER PIP_REQUIRE_VIRTUALENV PIP_CONSTRAINT NODE_ENV NODE_OPTIONS

command -v python3 >/dev/null || missing "python3 is not installed"
command -v npm >/dev/null || missing "npm is not installed"
echo "installing Crossbar.io and Autobahn|Python (about a minute, once)" >&2
rm -rf .venv
python3 -m venv .venv >> setup.log 2>&1 || missing "python3 can't make a virtual environment"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.txt >> setup.log 2>&1 \
  || missing "Crossbar.io and Autobahn|Python could not be installed from PyPI"
echo "installing Autobahn|JS, Wampy and fox-wamp" >&2
npm install --no-save --no-audit --no-fund --ignore-scripts >> setup.log 2>&1 || missing "Autobahn|JS, Wampy and fox-wamp could not be installed from npm"
echo "$stamp" > .installed
exec ./setup_optional.sh
