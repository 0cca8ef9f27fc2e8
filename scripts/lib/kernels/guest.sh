# Runs as the first program of a guest (initramfs.js), in a root below a layer that forgets what is written:
# gives it what an init system would, then runs tests of the kernel tier and sends the report to a serial line.
# Arguments: the kernel's modules, node, the checkout, the device that gets the report, and which test files, by parts of their paths;
# none: all.
modules=$1 node=$2 checkout=$3 result=$4
shift 4
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t tmpfs run /run
mount -t tmpfs shm /dev/shm 2>/dev/null || { mkdir -p /dev/shm; mount -t tmpfs shm /dev/shm; }
mkdir -p /dev/pts && mount -t devpts pts /dev/pts
mount -t tracefs tracefs /sys/kernel/tracing
mount -t securityfs securityfs /sys/kernel/security
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
release=$(uname -r)
mkdir -p "/lib/modules/$release" && mount --bind "$modules" "/lib/modules/$release"
# For the kernel, which asks by alias (nf_tables, tcp_diag), and for programs that ask themselves (iptables).
ln -s "$BUSYBOX" /run/modprobe
echo /run/modprobe > /proc/sys/kernel/modprobe
export PATH="$PATH:/run"
ip link set lo up
hostname guest
cd "$checkout"
"$node" node_modules/vitest/vitest.mjs run "$@" --project kernel --no-isolate --reporter=default --reporter=json --outputFile.json=/run/report.json 2>&1 | cat
cat /run/report.json > "$result"
"$BUSYBOX" poweroff -f
