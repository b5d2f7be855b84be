#!/bin/sh
# Benchmarks, one after another; `npm run bench -- decide` runs one.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"
sh scripts/setup.sh bench
for name in ${1:-decide compile analysis connect detect dns dns-swap feeds proxy dlp store facts traffic}; do
  "$root/node_modules/.bin/node" --expose-gc "bench/$name.ts"
done
