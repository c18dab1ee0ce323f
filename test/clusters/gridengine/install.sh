#!/bin/sh
# Installs the Grid Engine that tests run against, if it is not there: its programs, its DRMAA library, and
# a compiler for what is made on the spot. The system's own cell is neither made nor started.
. "$(dirname "$0")/../base/install.sh"

missing() {
  for file in sge_qmaster sge_execd sge_shepherd spoolinit qsub; do
    [ -x "/usr/lib/gridengine/$file" ] || printf '%s ' "$file"
  done
  [ -e /usr/lib/gridengine-drmaa/lib/libdrmaa.so.1.0 ] || printf 'libdrmaa.so.1.0 '
  absent_programs cc unshare
}

# Where nobody has said anything yet, Debian would make a cell in /var/lib/gridengine, with this machine
# as its master.
prepare() {
  if [ ! -e /etc/default/gridengine ]; then
    echo 'gridengine-common shared/gridengineconfig boolean false' | as_root debconf-set-selections
  fi
}

mailer=
# Grid Engine wants a mailx, and the first that there is brings a mail server.
command -v mailx >/dev/null || mailer=mailutils
# shellcheck disable=SC2086 # nothing or one word
install_missing 'Grid Engine' gridengine-master gridengine-exec gridengine-client gridengine-drmaa1.0 \
  gcc libc6-dev util-linux $mailer
