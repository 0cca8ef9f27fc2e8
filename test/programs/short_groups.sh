# Makes so many control groups below a directory, one after the other. In each a process prints its pid and the group's name, and
# becomes the command; when that has ended the group is deleted. Words: directory, number, command.
directory=$1 count=$2
shift 2
for i in $(seq "$count"); do
  group=$directory/short$i
  mkdir "$group"
  sh -c 'echo $$ > "$0/cgroup.procs"; echo "$$ ${0##*/}"; exec "$@" > /dev/null' "$group" "$@"
  rmdir "$group"
done
echo done
