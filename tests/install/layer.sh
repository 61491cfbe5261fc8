#!/bin/sh
# SPDX-License-Identifier: MIT
# This system with a layer above it, in which the packages of a folder are
# installed, used, upgraded and removed: what packages depend on is there, and
# what they change is in the layer. Exits with 77 where there can be no layer.
#   unshare --mount --pid --fork --kill-child sh layer.sh FOLDER PYTHON NAME...
# FOLDER has packages, upgrade and the applications to try; afterwards it has
# upper, which is the layer.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
shift
layer=$folder/layer
root=$layer/root
mkdir "$layer"
mount -t tmpfs tmpfs "$layer" || exit 77
mkdir "$layer/upper" "$layer/work" "$root"
mount -t overlay overlay \
  -o "lowerdir=/,upperdir=$layer/upper,workdir=$layer/work" "$root" || exit 77
mount -t proc proc "$root/proc" || exit 77
mount --rbind /dev "$root/dev"
mkdir "$root/try"
cp -r "$folder/packages" "$folder/upgrade" "$folder"/try/* "$here/installed.sh" \
  "$root/try/"
chroot "$root" /bin/sh /try/installed.sh dpkg "$@"
umount -l "$root/proc" "$root/dev" "$root"
cp -a "$layer/upper" "$folder/upper"
