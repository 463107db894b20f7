#!/bin/busybox sh
# The first process of the test machine. The host's files are its root, read-only below memory; /vmout is a folder of the host
# that both write: run.sh is run, and its exit code goes into rc.
set -e
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
. /load.sh

mkdir -p /host /memory /vmout /root
mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=512000,cache=loose host /host
mount -t tmpfs -o size=80% memory /memory
mkdir /memory/upper /memory/work
mount -t overlay -o lowerdir=/host,upperdir=/memory/upper,workdir=/memory/work overlay /root
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 vmout /vmout
mkdir -p /root/vmout
for folder in proc sys dev vmout; do mount --move /$folder /root/$folder; done
mkdir -p /root/dev/shm /root/dev/pts
mount -t tmpfs shm /root/dev/shm
mount -t devpts pts /root/dev/pts
ifconfig lo 127.0.0.1 up
hostname thingscope-vm
echo "test machine is up after $(cut -d' ' -f1 /root/proc/uptime) s"

printed=$(echo /root/dev/vport*p1)
set +e
chroot /root /bin/bash /vmout/run.sh >"$printed" 2>&1 </root/dev/null
echo $? >/root/vmout/rc
sync
poweroff -f
