#!/bin/sh
# Compiles the eBPF programs. Needs clang and libbpf's headers (Debian: clang libbpf-dev).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/packages/kernel/build}
mkdir -p "$out"
case $(uname -m) in
  x86_64) target=x86 ;;
  aarch64) target=arm64 ;;
  *) target=$(uname -m) ;;
esac
# Debian keeps asm/ headers in the multiarch folder, which clang does not search for -target bpf.
multiarch=/usr/include/$(uname -m)-linux-gnu
for name in sallyport gateway; do
  clang -target bpf -mcpu=v3 -g -O2 -Wall -Werror -D__TARGET_ARCH_"$target" \
    -I"$multiarch" -I"$root/packages/kernel/bpf" \
    -c "$root/packages/kernel/bpf/$name.bpf.c" -o "$out/.$name.bpf.o.$$"
  # DWARF is not needed at run time; BTF is kept. llvm-strip is optional.
  if command -v llvm-strip >/dev/null 2>&1; then llvm-strip -g "$out/.$name.bpf.o.$$"; fi
  mv "$out/.$name.bpf.o.$$" "$out/$name.bpf.o"
done
