#!/bin/sh
# Everything a change must pass: types, lint, format, tests. All of them run, whichever fails.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"
sh scripts/setup.sh test
sh scripts/setup.sh
export PATH="$root/node_modules/.bin:$PATH"
# Compiled once, not by each of some hundred processes; the command keeps its own there too.
export NODE_COMPILE_CACHE="$root/node_modules/.cache/sallyport"
failed=""
# A step has an end: the limit of node:test is per test, and does not end a process that something keeps alive.
seconds=1100
step() {
  name=$1
  shift
  printf '== %s\n' "$name"
  "$@" || failed="$failed $name"
}
within() {
  timeout --foreground --kill-after=30 "$seconds" "$@"
}
step types within tsc --noEmit
step lint within oxlint --deny-warnings
step format within prettier --check --log-level warn .
step tests sh scripts/run-tests.sh "$seconds" 2 \
  "packages/{net,policy,flow,wire,compile,catalog,detect,inspect,dns,proxy,store,deliver,console,cli}/test/**/*.test.ts" "test/architecture/*.test.ts"
# One at a time: these look at what is left on the whole machine, and at how soon something happens. Labs are hosts in
# namespaces of their own and wait for most of their time: one of them runs beside, and is shown behind the others.
labs=$(mktemp)
timeout --kill-after=30 "$((seconds + 60))" sh scripts/run-tests.sh "$seconds" 1 "test/lab/*.test.ts" >"$labs" 2>&1 &
beside=$!
trap 'kill "$beside" 2>/dev/null || :; rm -f -- "$labs"' EXIT
trap 'exit 130' INT TERM
step kernel-tests sh scripts/run-tests.sh "$seconds" 1 "packages/{kernel,agent}/test/**/*.test.ts" "test/e2e/*.test.ts"
printf '== lab-tests\n'
wait "$beside" || failed="$failed lab-tests"
cat "$labs"
[ -z "$failed" ] && exit 0
printf 'sallyport: failed:%s\n' "$failed" >&2
exit 1
