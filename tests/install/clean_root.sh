#!/bin/sh
# SPDX-License-Identifier: MIT
# A Debian with nothing but apt and what is essential, made from where this
# system has its packages from, in which those of a folder are installed, used,
# upgraded and removed: apt gets what they depend on, or it is not there.
#   unshare --mount --pid --fork --kill-child sh clean_root.sh FOLDER PYTHON NAME...
# FOLDER is as for layer.sh; afterwards it has clean, which is the root.
# Needs root, and mmdebstrap.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
shift
. /etc/os-release
# shellcheck disable=SC2046  # a list of files
mmdebstrap --mode=root --variant=apt --skip=cleanup/apt \
  --customize-hook='echo "-- the root is made"; mkdir "$1/try"' \
  --customize-hook="cp -r '$folder/packages' '$folder/upgrade' '$folder/try/.' \
    '$here/installed.sh' \"\$1/try/\"" \
  --customize-hook="chroot \"\$1\" /bin/sh /try/installed.sh apt $*" \
  "$VERSION_CODENAME" "$folder/clean" \
  $(find /etc/apt/sources.list /etc/apt/sources.list.d -type f -size +0 \
    \( -name '*.list' -o -name '*.sources' \) 2>/dev/null)
