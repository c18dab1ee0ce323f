# Installs, from Debian's or Ubuntu's packages, what tests run against: sourced by the install.sh of each.
# As root, or with sudo where that asks for no password; else it says what is missing, and fails.
#
# shellcheck shell=sh
set -eu
PATH=$PATH:/usr/sbin:/sbin

# absent_programs NAME ...: those that are not there.
absent_programs() {
  for program in "$@"; do
    command -v "$program" >/dev/null || printf '%s ' "$program"
  done
}

# Runs as root.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo --non-interactive "$@"; fi
}

# sudo does not hand the environment on. Another installation may be under way.
apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
}

# Packages ask this before they start what they install; 101 says no. Who has a policy keeps it.
start_nothing() {
  policy=/usr/sbin/policy-rc.d
  [ ! -e "$policy" ] || return 0
  # shellcheck disable=SC2016 # it is a script
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
  trap 'as_root rm -f "$policy"' EXIT
}

# install_missing NAME PACKAGE ...: does nothing if `missing`, which the caller defines, names nothing.
# Before packages come, `prepare` is called, if the caller defines it.
install_missing() {
  name=$1
  shift
  absent=$(missing)
  [ -n "$absent" ] || return 0
  command -v apt-get >/dev/null || {
    echo "the tests need $name ($absent), and there is no apt-get to install it with" >&2
    exit 1
  }
  echo "installing $name ($absent) ..."
  start_nothing
  if command -v prepare >/dev/null; then prepare; fi
  # What apt knows may be older than what there is.
  apt_install "$@" || { as_root apt-get update && apt_install "$@"; } || {
    echo "$name ($absent) could not be installed; run this as root: apt-get install $*" >&2
    exit 1
  }
  absent=$(missing)
  [ -z "$absent" ] || {
    echo "$name was installed, and yet there is no $absent" >&2
    exit 1
  }
}
