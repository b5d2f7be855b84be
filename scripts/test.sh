#!/bin/sh
# Everything a change must pass: types, lint, format, tests.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"
sh scripts/setup.sh
sh scripts/setup.sh test
node="$root/node_modules/node/bin/node"
export PATH="$root/node_modules/node/bin:$PATH"
"$root/node_modules/.bin/tsc" --noEmit
"$root/node_modules/.bin/oxlint" --quiet
"$root/node_modules/.bin/prettier" --check --log-level warn .
exec "$node" --test --test-concurrency=2 --test-timeout=300000 "packages/*/src/**/*.test.ts" "packages/*/test/**/*.test.ts" "test/**/*.test.ts"
