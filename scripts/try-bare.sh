#!/bin/bash
# Tries the committed state of this checkout on an empty Debian 12 with this machine's Node 20 and nothing else, as root.
# usage: try-bare.sh DIR [COMMAND ARG...]    without a command: both commands of the README, each timed
# DIR keeps the bare system between calls (DIR/base, made once); the trial itself is a copy that is removed at the end.
# Nothing stays mounted and no process stays: all of it lives in a mount and a process namespace of its own.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
directory=${1:?usage: try-bare.sh DIR [COMMAND ARG...]}
shift
[ "$(id -u)" = 0 ] || { echo 'try-bare.sh: needs root' >&2; exit 3; }
mkdir -p "$directory"
directory=$(cd -- "$directory" && pwd -P)
base=$directory/base

if [ ! -e "$directory/base.done" ]; then
  command -v debootstrap >/dev/null || { echo 'try-bare.sh: apt-get install debootstrap' >&2; exit 3; }
  rm -rf -- "$base"
  debootstrap --variant=minbase bookworm "$base"
  touch "$directory/base.done"
fi

trial=$(mktemp -d "$directory/trial.XXXXXX")
trap 'rm -rf --one-file-system -- "$trial"' EXIT
cp -a "$base/." "$trial/"
install -D -t "$trial/usr/bin" "$(readlink -f -- "$(command -v node)")"
npm=$(dirname -- "$(dirname -- "$(readlink -f -- "$(command -v npm)")")")
mkdir -p "$trial/usr/lib/node_modules"
cp -a "$npm" "$trial/usr/lib/node_modules/npm"
ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$trial/usr/bin/npm"
ln -sf ../lib/node_modules/npm/bin/npx-cli.js "$trial/usr/bin/npx"

# How this machine reaches the network is no part of what is tried.
cp -L /etc/resolv.conf "$trial/etc/resolv.conf"
for file in /etc/hosts /root/.npmrc /etc/ssl/certs/ca-certificates.crt /usr/local/share/ca-certificates; do
  [ ! -e "$file" ] || { mkdir -p "$trial$(dirname -- "$file")" && cp -rL "$file" "$trial$(dirname -- "$file")/"; }
done
git clone --quiet --no-hardlinks -- "$here" "$trial/root/sallyport"

if [ $# = 0 ]; then
  set -- bash -c '
    time ./sallyport run --allow "$(npm config get registry)" -- npm view typescript version
    time npm test'
fi
unshare --mount --pid --fork --kill-child --mount-proc bash -s -- "$trial" "$@" <<'INSIDE'
set -euo pipefail
trial=$1
shift
mount --bind "$trial" "$trial"
mount -t proc proc "$trial/proc"
mount -t sysfs sysfs "$trial/sys"
mount -t cgroup2 cgroup2 "$trial/sys/fs/cgroup"
mount -t bpf bpf "$trial/sys/fs/bpf"
mount --rbind /dev "$trial/dev"
mount -t tmpfs tmpfs "$trial/run"
# A changed root, unlike a pivoted one, may hold no user namespaces.
cd "$trial"
mkdir -p .old
pivot_root . .old
umount -l /.old
exec env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM="${TERM:-dumb}" \
  ${NODE_EXTRA_CA_CERTS:+NODE_EXTRA_CA_CERTS="$NODE_EXTRA_CA_CERTS"} \
  bash -c 'cd /root/sallyport && exec "$@"' bash "$@" </dev/null
INSIDE
