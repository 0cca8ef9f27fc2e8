# A rootless Podman of a user who is known nowhere else, in a namespace of mounts whose first process runs this. Busybox is its file system.
# Arguments: a directory of the test's, which others may enter; the id of the user; a script for the container; a secret of its environment.
set -e
cd "$1"
printf '%s\n' "$(cat /etc/passwd)" "rootless:x:$2:$2::$1/home:/bin/sh" > passwd
printf '%s\n' "$(cat /etc/group)" "rootless:x:$2:" > group
echo "rootless:7000000:65536" > subids
mount -t tmpfs none /run
for name in passwd group; do mount --bind "$name" "/etc/$name"; done
for name in subuid subgid; do
  touch "/etc/$name"
  mount --bind subids "/etc/$name"
done
mount -t cgroup2 none /sys/fs/cgroup
# As systemd gives it to the manager of a user.
own="/sys/fs/cgroup/user.slice/user-$2.slice/user@$2.service"
mkdir -p "$own/app" "/run/user/$2" home
chown -R "$2:$2" "$own" "/run/user/$2" home rootfs
echo $$ > "$own/app/cgroup.procs"
export HOME="$1/home" XDG_RUNTIME_DIR="/run/user/$2"
cd home
# In a process of its own: this one ends with whoever started it, which a change of the user would undo.
setpriv --reuid "$2" --regid "$2" --clear-groups podman --runtime=runc --cgroup-manager=cgroupfs --storage-driver=vfs \
  --events-backend=file run --name=mine --network=host --ulimit=nofile=1024:4096 --ulimit=nproc=1000:1000 --pids-limit=0 \
  --env=KEY="$4" --rootfs "$1/rootfs" sh -c "$3"
