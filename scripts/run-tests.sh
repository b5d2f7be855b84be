#!/bin/sh
# usage: run-tests.sh SECONDS FILES_AT_A_TIME GLOB...
# Runs test files, and once more, one after the other, those that failed, when they are no more than three: tests wait for
# other processes, and one that lost against a machine's load is told apart from one that is broken, and is named.
set -eu
scripts=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
most=3
ends=$(($(date +%s) + $1))
at_a_time=$2
shift 2
lists=$(mktemp -d)
trap 'rm -rf -- "$lists"' EXIT

# Both runs share one end: the limit of node:test is per test, and does not end a process that something keeps alive.
run() {
  list=$1
  concurrency=$2
  shift 2
  left=$((ends - $(date +%s)))
  [ "$left" -gt 0 ] || return 124
  timeout --foreground --kill-after=30 "$left" node --test --test-concurrency="$concurrency" --test-timeout=300000 \
    --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter="$scripts/failed-files.ts" --test-reporter-destination="$list" "$@"
}

code=0
run "$lists/first" "$at_a_time" "$@" || code=$?
[ "$code" != 0 ] || exit 0
failed=$(wc -l <"$lists/first")
# Without a list, or past the end, nothing tells which files the failure is about.
if [ "$code" = 124 ] || [ "$failed" = 0 ] || [ "$failed" -gt "$most" ]; then exit "$code"; fi

printf '== once more\n'
set --
while IFS= read -r file; do set -- "$@" "$file"; done <"$lists/first"
code=0
run "$lists/second" 1 "$@" || code=$?
[ "$code" != 124 ] || exit 124
for file in "$@"; do
  grep -qxF -- "$file" "$lists/second" || printf 'passed only the second time: %s\n' "$file"
done
exit "$code"
