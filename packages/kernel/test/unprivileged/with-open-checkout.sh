#!/bin/sh
# In a mount namespace of its own: runs a command where an ordinary user can reach this checkout under its own path, which may
# lie in a folder of root's alone.
# usage: with-open-checkout.sh COMMAND [ARG...]
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../../../.." && pwd -P)
closed=""
folder=$root
while folder=$(dirname -- "$folder") && [ "$folder" != / ]; do
  case $(stat -c %A -- "$folder") in
  *[xt]) ;;
  *) closed=$folder ;;
  esac
done
if [ -n "$closed" ]; then
  aside=$(mktemp -d /run/sallyport-checkout.XXXXXX)
  mount --bind "$root" "$aside"
  mount -t tmpfs -o mode=755 tmpfs "$closed"
  mkdir -p -- "$root"
  mount --move "$aside" "$root"
  rmdir -- "$aside"
fi
exec "$@"
