# A host, as long as its standard input is open: `sh host.sh`, with HOST_* in the environment.
#
# In namespaces of its own it is the first process there, so that all that the host runs ends with it,
# whoever started it. It makes the file systems of the host, and does what it is told, a word a line:
# `up` and `down` are about its ssh server, `cut` about the server's connections, `end` about itself.
# Each is answered by the same word when it is done.
set -eu
PATH=$PATH:/usr/sbin:/sbin

# Nothing of the machine that could be shared by accident: no home, temporary file, socket or source.
isolate() {
  hostname "$HOST_NAME"
  mount -t tmpfs -o mode=755 pstar /mnt
  mkdir /mnt/bin /mnt/host /mnt/shared
  make_node
  # Their own names are about to be hidden.
  mount --bind "$HOST_DIRECTORY" /mnt/host
  mount --bind "$HOST_SHARED" /mnt/shared
  mount -t tmpfs -o mode=755 pstar /home
  mount -t tmpfs -o mode=755 pstar /run
  make_devices
  if [ -d "$HOST_HIDDEN" ]; then mount -t tmpfs -o mode=755,size=4k pstar "$HOST_HIDDEN"; fi
  make_home
  mount --bind /mnt/host/var-tmp /var/tmp
  mount --bind /mnt/host/tmp /tmp
  case $HOST_TMP in
  /tmp | /tmp/* | /var/tmp | /var/tmp/*) ;;
  *) mount --bind /mnt/host/tmp "$HOST_TMP" ;;
  esac
  mkdir -p "$HOST_SHARED"
  mount --bind /mnt/shared "$HOST_SHARED"
  for path in /mnt/host/etc/*; do
    mount --bind "$path" "/etc/${path##*/}"
  done
  mount --bind /mnt/host/pam /etc/pam.d/sshd
  umount /mnt/shared /mnt/host
  cd /
}

# Those that programs use, in a way that nobody there can take them from the machine.
make_devices() {
  mkdir /mnt/dev
  mount -t tmpfs -o mode=755 pstar /mnt/dev
  for name in null zero full random urandom tty; do
    : >"/mnt/dev/$name"
    mount --bind "/dev/$name" "/mnt/dev/$name"
  done
  mkdir /mnt/dev/pts /mnt/dev/shm
  mount --bind /dev/pts /mnt/dev/pts
  mount -t tmpfs -o mode=1777 pstar /mnt/dev/shm
  ln -s pts/ptmx /mnt/dev/ptmx
  ln -s /proc/self/fd /mnt/dev/fd
  for name in 0/stdin 1/stdout 2/stderr; do ln -s "fd/${name%/*}" "/mnt/dev/${name#*/}"; done
  mount --move /mnt/dev /dev
}

# The Node.js of whoever asks for the host, wherever that is; or another one, or none.
make_node() {
  case $HOST_NODE in
  /*)
    : >/mnt/bin/node
    mount --bind "$HOST_NODE" /mnt/bin/node
    return
    ;;
  v*)
    printf '#!/bin/sh\necho %s\n' "$HOST_NODE" >/mnt/bin/node
    chmod 755 /mnt/bin/node
    ;;
  esac
  hide_node
}

# Directories of programs get links to all that was in them, but for one.
hide_node() {
  PATH=$PATH:/mnt/programs-1:/mnt/programs-2
  count=0
  for path in /usr/local/bin /usr/bin /bin; do
    if [ ! -e "$path/node" ]; then continue; fi
    count=$((count + 1))
    real=/mnt/programs-$count
    mkdir "$real"
    mount --bind "$path" "$real"
    mount -t tmpfs -o mode=755 pstar "$path"
    # Links lead from where they are.
    find "$real" -mindepth 1 -maxdepth 1 -type l -exec cp -P -t "$path" {} +
    find "$real" -mindepth 1 -maxdepth 1 ! -type l -exec ln -s -t "$path" {} +
    rm -f "$path/node" "$path/nodejs"
  done
}

make_home() {
  mkdir -p "$HOST_HOME"
  case $HOST_HOME_KIND in
  *M)
    mount -t tmpfs -o "mode=700,size=$HOST_HOME_KIND" pstar "$HOST_HOME"
    cp -a /mnt/host/home/. "$HOST_HOME"
    ;;
  *) mount --bind /mnt/host/home "$HOST_HOME" ;;
  esac
  chown -R "$HOST_USER_ID" "$HOST_HOME"
  if [ "$HOST_HOME_KIND" = read-only ]; then mount -o remount,bind,ro "$HOST_HOME"; fi
}

# The processes of the server that serve connections: its children, and theirs of the same name. What
# a user has started is not among them.
connections() {
  for parent in $(children_of "$server"); do
    echo "$parent"
    children_of "$parent"
  done
}

children_of() {
  for directory in /proc/[0-9]*; do
    { read -r stat <"$directory/stat"; } 2>/dev/null || continue
    # pid (name) state parent
    case $stat in
    *' (sshd) '?" $1 "*) echo "${directory#/proc/}" ;;
    esac
  done
}

end_all() {
  # All at once: one that is left would say goodbye to its client.
  # shellcheck disable=SC2046 # a list of words
  kill -KILL $(connections) "$@" 2>/dev/null || true
}

serve() {
  server=0
  while read -r word; do
    case $word in
    up)
      "$(command -v sshd)" -D -e -f "$HOST_SSHD_CONFIG" >&4 2>&4 3<&- <&- &
      server=$!
      ;;
    down)
      end_all "$server"
      wait "$server" || true
      ;;
    cut) end_all ;;
    end) break ;;
    esac
    echo "$word"
  done
  if [ "$server" != 0 ]; then end_all "$server"; fi
}

exec 3<&0 4>>"$HOST_LOG_FILE"
if [ "$HOST_ISOLATED" = yes ]; then isolate; fi
# Without a service of the system's nobody has made it; a server that is not root's does without.
if [ "$(id -u)" = 0 ]; then mkdir -p /run/sshd; fi
# This process waits, so that what loses its parent has somebody who notices its end.
serve <&3 &
wait $!
