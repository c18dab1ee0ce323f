#!/bin/sh
# Installs what the bench compares with, on Debian and its like: GNU parallel, a C compiler, xargs.
set -eu
as_root=$([ "$(id -u)" = 0 ] || echo sudo)
$as_root apt-get update
$as_root apt-get install --yes --no-install-recommends parallel gcc libc6-dev findutils
