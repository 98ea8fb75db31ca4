#!/bin/sh
# boot.sh WORK LOWER [SYSTEMD-OPTION...]
#
# Boots the Debian system in the directory LOWER with a systemd of its own, in
# namespaces, as a container does. Nothing is written to LOWER: changes go to a
# tmpfs on WORK. Its network has a loopback interface only. Needs root, Linux with
# overlayfs, util-linux. It runs until it is killed, and then takes all with it.
set -eu
work=$1 lower=$2
shift 2

if [ "${BOOT_STAGE:-}" = "" ]; then
  # systemd takes a control group for the root of its tree; give it an empty one.
  for tree in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
    if [ -e "$tree/cgroup.procs" ]; then
      mkdir -p "$tree/poststube-boot-$$"
      echo $$ >"$tree/poststube-boot-$$/cgroup.procs"
    fi
  done
  BOOT_STAGE=inside exec unshare --mount --pid --uts --ipc --net --cgroup --fork --kill-child \
    "$0" "$work" "$lower" "$@"
fi

hybrid=false
[ -e /sys/fs/cgroup/systemd/cgroup.procs ] && hybrid=true

mount --make-rprivate /
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$work/upper,workdir=$work/work" "$work/root"
cd "$work/root"
mount -t proc proc proc
mount -o bind,ro proc/sys proc/sys # the kernel's settings are the host's
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
if $hybrid; then
  mkdir sys/fs/cgroup/systemd sys/fs/cgroup/unified
  mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
  mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
else
  mount -t cgroup2 cgroup2 sys/fs/cgroup
fi
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/pts dev/shm
for device in null zero full random urandom tty; do
  : >dev/$device
  mount --bind "/dev/$device" dev/$device
done
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
# What the host waits for at its start is not here.
: >etc/fstab
pivot_root . mnt
umount -l /mnt
exec env -i container=poststube PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd "$@"
