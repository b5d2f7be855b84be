#!/bin/bash
# Runs a command in this checkout under another kernel of Debian: in an emulated machine that sees the files of this one, changes none
# of them, and has no network. Emulated, it takes some ten times as long.
# usage: try-kernel.sh DIR [COMMAND ARG...]    without a command: what that kernel offers, and one guarded command
# SALLYPORT_KERNEL names the package of the kernel; without it, the one of this Debian. DIR keeps what was fetched between calls.
# The exit code is the command's; 3 when there was none.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
directory=${1:?usage: try-kernel.sh DIR [COMMAND ARG...]}
shift
[ "$(uname -m)" = x86_64 ] || { echo 'try-kernel.sh: for x86_64' >&2; exit 3; }
command -v qemu-system-x86_64 >/dev/null || { echo 'try-kernel.sh: apt-get install --no-install-recommends qemu-system-x86' >&2; exit 3; }
sh "$here/scripts/setup.sh"
mkdir -p "$directory"
directory=$(cd -- "$directory" && pwd -P)
package=${SALLYPORT_KERNEL:-$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)}
system=$directory/$package

# What shows the files of this machine to the emulated one.
shown='virtio_pci 9pnet_virtio 9p overlay'
if [ ! -e "$system/done" ]; then
  rm -rf -- "$system"
  mkdir -p "$system/fetched" "$system/start/bin" "$system/proc"
  (cd "$system/fetched" && apt-get download "$package" busybox-static)
  for file in "$system"/fetched/*.deb; do dpkg-deb -x "$file" "$system"; done
  rm -r "$system/fetched"
  version=$(basename -- "$system"/lib/modules/*)
  "$system/bin/busybox" depmod -b "$system" "$version"
  cp "$system/bin/busybox" "$system/start/bin/"
  (
    cd "$system/lib/modules/$version"
    for name in $shown; do grep "/$name.ko:" modules.dep; done | tr -d : | tr ' ' '\n' | sort -u |
      xargs cp --parents -t "$system/start/" modules.dep
  )
  touch "$system/done"
fi
version=$(basename -- "$system"/lib/modules/*)

[ $# != 0 ] || set -- sh -c './sallyport doctor && ./sallyport run --allow 127.0.0.1 -- true'
trial=$(mktemp -d "$directory/trial.XXXXXX")
trap 'rm -rf -- "$trial"' EXIT
cp -a "$system/start" "$trial/"
printf '%q ' "$@" >"$trial/start/command"
printf '%s=%q\n' here "$here" system "$system" version "$version" shown "$shown" >"$trial/start/names"
cat >"$trial/start/init" <<'INIT'
#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /host /over
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
. /names
mkdir -p /lib/modules/$version
mv /kernel /modules.dep /lib/modules/$version/
for name in $shown; do modprobe $name; done
mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,msize=524288,ro host /host
# Whole, an overlay would hide which file a program was started from; what is written to lies in overlays of its own.
mount -t tmpfs tmpfs /host/run
mount --bind /host$system /host/mnt
mount -t proc proc /host/mnt/proc
mount -t tmpfs tmpfs /over
for top in etc var root home tmp $(echo $here | cut -d / -f 2); do
  [ -d /host/$top ] && mkdir -p /over/$top/upper /over/$top/work &&
    mount -t overlay -o lowerdir=/host/$top,upperdir=/over/$top/upper,workdir=/over/$top/work root /host/$top
done
cp /command /names /host/run/
printf '#!/bin/sh\nexec chroot /mnt /bin/busybox modprobe "$@"\n' >/host/run/modprobe
chmod +x /host/run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
cat >/host/run/start <<'START'
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
. /run/names
case $here in /tmp/*) ;; *) mount -t tmpfs tmpfs /tmp ;; esac
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
ln -sf /proc/self/fd /dev/fd
/run/modprobe tun && chmod 666 /dev/net/tun
hostname trial
ip link set lo up
cd "$here"
export PATH=$PWD/node_modules/.bin:$PATH
uname -r
eval "$(cat /run/command)"
echo "exit code: $?"
/mnt/bin/busybox poweroff -f
START
for name in proc sys dev; do mount --move /$name /host/$name; done
exec switch_root /host /bin/bash -c 'exec bash /run/start </dev/null'
INIT
chmod +x "$trial/start/init"
(cd "$trial/start" && find . | "$system/bin/busybox" cpio -o -H newc >"$trial/start.cpio" 2>/dev/null)
qemu-system-x86_64 -nodefaults -no-reboot -accel tcg -cpu max -m 3072 -smp 1 -display none -serial stdio -monitor none \
  -kernel "$system/boot/vmlinuz-$version" -initrd "$trial/start.cpio" -append 'console=ttyS0 quiet panic=-1' \
  -fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap -device virtio-9p-pci,fsdev=host,mount_tag=host \
  </dev/null | tee "$trial/output"
code=$(sed -n 's/^exit code: \([0-9]*\).*/\1/p' "$trial/output" | tail -n 1)
exit "${code:-3}"
