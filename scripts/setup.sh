#!/bin/sh
# Installs once what this checkout needs on a Debian machine; later calls only compare a stamp.
# usage: setup.sh [test|bench]     `test` adds the tools that only the tests use, `bench` the peers to measure beside
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
kind=${1:-run}
packages="ca-certificates clang llvm libbpf1 libbpf-dev libc6-dev nftables iptables libnetfilter-queue1 passt iproute2 util-linux"
if [ "$kind" = test ]; then
  packages="$packages curl git python3 iputils-ping bind9-dnsutils netcat-openbsd socat tcpdump sudo procps openssl minisign wget hey openssh-client c-icap"
  packages="$packages unbound dnsmasq-base knot-dnsutils bind9-utils nsd iodine dns2tcp"
  packages="$packages openssh-server openvpn stunnel4 ptunnel-ng hping3 ncat proxytunnel nmap tor vsftpd gnutls-bin"
  packages="$packages chromium fonts-dejavu-core krb5-kdc krb5-admin-server krb5-user postgresql clickhouse-server"
fi
if [ "$kind" = bench ]; then
  packages="$packages unbound dnsdist dnsmasq-base dnsperf squid tinyproxy iperf3 linux-perf opensnitch"
fi
# Services that come with a package must not start: tests and benchmarks start their own.
export RUNLEVEL=1
stamp="$root/node_modules/.sallyport-$kind"

say() { printf 'sallyport: %s\n' "$*" >&2; }

wanted() {
  printf '%s\n' "$packages"
  cat "$root/package-lock.json" "$root/scripts/build-bpf.sh" "$root"/packages/kernel/bpf/*.[ch]
}
key=$(wanted | sha256sum | cut -c1-32)
[ -r "$stamp" ] && [ "$(cat "$stamp")" = "$key" ] && exit 0

missing=""
if ! command -v dpkg-query >/dev/null 2>&1; then
  say "this is not a Debian system; install by yourself what these Debian packages hold: $packages"
else
  for package in $packages; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
  done
fi
if [ -n "$missing" ] && [ "$(id -u)" != 0 ]; then
  say "these Debian packages are missing:$missing"
  say "install them as root, or run this command once as root"
  exit 3
fi
if [ ! -w "$root" ]; then
  say "$root is not set up, and this user cannot write to it: run ./sallyport doctor once as its owner"
  exit 3
fi
if ! command -v npm >/dev/null 2>&1; then
  say "npm is missing: install Node 20 or later"
  exit 3
fi
exec 9>"$root/.sallyport-setup.lock"
flock 9
[ -r "$stamp" ] && [ "$(cat "$stamp")" = "$key" ] && exit 0

if [ -n "$missing" ]; then
  say "installing Debian packages:$missing"
  log=$(mktemp)
  if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1 9>&-; then
    tail -n 20 "$log" >&2
    say "apt-get failed; the whole output is in $log"
    exit 3
  fi
  rm -f "$log"
fi
node="$root/node_modules/.bin/node"
packages_stamp="$root/node_modules/.sallyport-packages"
lock=$(sha256sum <"$root/package-lock.json")
if [ ! -x "$node" ] || [ "$(cat "$packages_stamp" 2>/dev/null)" != "$lock" ]; then
  say "installing npm packages, Node 26 among them"
  # No package's install script runs: whatever is executed here is what package-lock.json names, with its hash.
  if ! (cd "$root" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 9>&-); then
    say "npm ci failed"
    exit 3
  fi
  printf '%s' "$lock" >"$packages_stamp"
fi
if ! "$node" --version >/dev/null 2>&1; then
  say "there is no Node 26 for this machine ($(uname -s) $(uname -m)); Linux on x64 and arm64 is supported"
  exit 3
fi
say "building the eBPF programs"
if ! sh "$root/scripts/build-bpf.sh" >&2 9>&-; then
  say "the eBPF programs could not be built"
  exit 3
fi
printf '%s' "$key" >"$stamp"
say "ready"
