#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the Debian packages of a build, looks into them, uses what they hold
# and, as root, installs and removes them:
#   package_test.sh BUILD_DIR COMPILER CPACK PYTHON
# PYTHON is the one that was built for, or empty.
set -eu
export LC_ALL=C
build=$1
compiler=$2
cpack=$3
python=$4
source=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d)
lintian=
clean=
cleanup() {
  for job in $lintian $clean; do kill "$job" 2>/dev/null || true; done
  rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

. "$(dirname "$0")/steps.sh"

# Runs the words after the first two; their output ends with the second.
expect() {
  what=$1
  expected=$2
  shift 2
  "$@" >"$dir/actual" || fail "$what: exit status $?"
  actual=$(tail -n 1 "$dir/actual" | tr -d '\r')
  [ "$actual" = "$expected" ] || fail "$what: printed '$(cat "$dir/actual")'"
  echo "$what: $actual"
}

step 'The packages'
"$cpack" -G DEB --config "$build/CPackConfig.cmake" -B "$dir/packages" \
  >"$dir/cpack" 2>&1 || fail "$(cat "$dir/cpack")"
names='decant libdecant-dev'
[ -z "$python" ] || names="$names python3-decant"
# In the order in which they depend on each other.
debs=
for name in $names; do
  deb=$(ls "$dir/packages/$name"_*.deb) || fail "there is no $name"
  debs="$debs $deb"
done
# shellcheck disable=SC2086  # a list of files
ls $debs | sed 's|.*/||'

# It takes long, and meanwhile there is other work.
if command -v lintian >/dev/null; then
  # shellcheck disable=SC2086
  lintian $debs >"$dir/lintian" 2>&1 &
  lintian=$!
fi

step 'Contents'
root=$dir/root
mkdir "$root"
for deb in $debs; do
  name=$(dpkg-deb -f "$deb" Package)
  mkdir "$dir/$name"
  dpkg-deb -R "$deb" "$dir/$name"
  dpkg-deb -x "$deb" "$root"
  (cd "$dir/$name" && find . -path ./DEBIAN -prune -o -type f -print | sort) \
    >"$dir/$name.files"
  (cd "$dir/$name" && md5sum --quiet -c DEBIAN/md5sums) || fail "$name: md5sums"
  [ "$(wc -l <"$dir/$name/DEBIAN/md5sums")" = "$(wc -l <"$dir/$name.files")" ] ||
    fail "$name: md5sums does not name every file"
  case $(dpkg-deb -f "$deb" Maintainer) in
    'The decant authors <'*) ;;
    *) fail "$name: the maintainer" ;;
  esac
  echo "$name: $(wc -l <"$dir/$name.files") files, depends on" \
    "$(dpkg-deb -f "$deb" Depends)"
done
cat "$dir"/*.files | sort | uniq -d >"$dir/twice"
[ ! -s "$dir/twice" ] || fail "in two packages: $(cat "$dir/twice")"

# has PACKAGE PATTERN...: exactly one file for each.
has() {
  in=$1
  shift
  for pattern in "$@"; do
    [ "$(grep -cxE "\./usr/$pattern" "$dir/$in.files")" = 1 ] ||
      fail "$in has not exactly one $pattern: $(cat "$dir/$in.files")"
  done
}
# On Debian it is beneath the multiarch folder where the prefix is /usr.
lib='lib(/[a-z0-9_]+-linux-[a-z0-9]+)?'
for name in $names; do
  has "$name" "share/doc/$name/copyright" "share/doc/$name/changelog\.gz" \
    "share/doc/$name/changelog\.Debian\.gz"
done
has decant bin/decant "$lib/decant/decant" \
  'lib/systemd/system/decant@\.service' 'lib/systemd/system/decant@\.socket' \
  share/bash-completion/completions/decant \
  share/zsh/vendor-completions/_decant \
  'share/fish/vendor_completions\.d/decant\.fish'
has libdecant-dev "$lib/libdecant\.a" "$lib/pkgconfig/decant\.pc" \
  "$lib/cmake/decant/decant-config\.cmake" include/decant/decant.hpp
for page in "$source"/man/*; do
  name=${page##*/}
  gzip -dc "$root/usr/share/man/man${name##*.}/$name.gz" | cmp - "$page" ||
    fail "$name is not in any package as it is"
done
find "$root/usr/share/man" -type f ! -name '*.gz' | grep . &&
  fail 'these pages are not compressed'
grep -q '^ExecStart=/usr/bin/decant ' \
  "$root/usr/lib/systemd/system/decant@.service" || fail 'what the unit starts'
# completes SHELL FILE
completes() {
  cmp "$build/adapters/debian/completion.$1" "$root/usr/share/$2" ||
    fail "the completion for $1"
}
completes bash bash-completion/completions/decant
completes zsh zsh/vendor-completions/_decant
completes fish fish/vendor_completions.d/decant.fish
if [ -n "$python" ]; then
  has decant "$lib/decant/python\.so"
  (cd "$source/adapters/python" && find decant -name '*.py' -o \
    -path 'decant/*' -name '*.pyi' -o -name py.typed) |
    while read -r file; do
      has python3-decant "lib/python3/dist-packages/$file"
    done
  has python3-decant 'lib/python3/dist-packages/decant/_decant\..*\.so'
  version=$(dpkg-deb -f "$dir"/packages/decant_*.deb Version)
  dpkg-deb -f "$dir"/packages/python3-decant_*.deb Depends |
    grep -E "^decant \(= $version\), python3 \(>= 3\.[0-9]+\), python3 \(<< 3\.[0-9]+\), libc6 " \
      >/dev/null || fail 'what python3-decant depends on'
fi

step 'What they hold, in another root'
PATH=$root/usr/bin:$PATH
PKG_CONFIG_PATH=$(dirname "$(find "$root" -name decant.pc)")
export PKG_CONFIG_PATH
unset GATEWAY_INTERFACE REQUEST_METHOD PYTHONPATH DECANT_APP
cd "$dir"
decant --version | head -n 1
# shellcheck disable=SC2046  # lists of words
"$compiler" -shared -fPIC "$source/examples/hello.cpp" \
  $(pkg-config --cflags decant) -o plugin.so &
compiling=$!
# shellcheck disable=SC2046
"$compiler" "$source/examples/package/main.cpp" \
  "$source/examples/package/greeting.cpp" \
  $(pkg-config --cflags --libs decant) -o greeting ||
  fail 'a program with libdecant-dev does not compile'
wait "$compiling" || fail 'a plugin with libdecant-dev does not compile'
case $(pkg-config --cflags decant) in
  *"$root"/*) ;;
  *) fail 'pkg-config took another decant' ;;
esac
expect 'a C++ program' 'Good day, Ann.' ./greeting run '/?Ann' --as body
expect 'a plugin' 'Hello world!' env REQUEST_METHOD=GET decant cgi ./plugin.so
if [ -n "$python" ]; then
  cp "$source/examples/hello.py" .
  expect 'a Python application' 'Hello world!' \
    env REQUEST_METHOD=GET decant cgi ./hello.py
  cat >import.py <<'END'
import decant, hello, os, sys
assert decant.__file__.startswith(sys.argv[1]), decant.__file__
print(decant.run(hello.application, '/').body.decode().strip())
END
  expect 'import decant' 'Hello world!' \
    env PYTHONPATH="$root/usr/lib/python3/dist-packages" \
    PYTHONDONTWRITEBYTECODE=1 "$python" import.py "$root"
fi

# nothing_left ROOT: but for dpkg's own files and what is no package's.
nothing_left() {
  find "$1" \( -path "$1/var/lib/dpkg/*" -o -path "$1/var/log/*" \
    -o -path "$1/var/cache/*" -o -path "$1/etc/ld.so.cache" \) -prune -o \
    ! -type d ! -type c -print >"$dir/left"
  find "$1" -name '*decant*' ! -path "$1/var/log/*" >>"$dir/left"
  grep -l -s '^Package: .*decant' "$1/var/lib/dpkg/status" >>"$dir/left" || true
  [ ! -s "$dir/left" ] || fail "left behind: $(cat "$dir/left")"
}

step 'Installed, and removed'
if [ "$(id -u)" != 0 ]; then
  echo 'skipped: for root only'
else
  empty=$dir/empty
  mkdir -p "$empty/var/lib/dpkg/info" "$empty/var/lib/dpkg/updates"
  : >"$empty/var/lib/dpkg/status"
  # Nothing but these packages is there.
  in_empty() {
    dpkg --root="$empty" --log=/dev/null --force-depends \
      --force-script-chrootless "$@" >"$dir/dpkg" 2>&1 || fail "$(cat "$dir/dpkg")"
  }
  # shellcheck disable=SC2086
  in_empty -i $debs
  [ -x "$empty/usr/bin/decant" ] || fail 'dpkg has not installed the command'
  # shellcheck disable=SC2086
  in_empty --purge $names
  nothing_left "$empty"
  [ ! -e "$empty/usr" ] || fail "left behind: $(find "$empty/usr")"
  echo 'an empty root: nothing is left'

  mkdir try upgrade
  cp plugin.so "$source/examples/nginx-django.conf" try/
  cp -r "$source/examples/hello.py" "$source/examples/django_site" try/
  for name in $names; do
    sed -i -E 's/^(Version: .*|Depends: decant \(= [^)]*)/\1+next/' \
      "$name/DEBIAN/control"
    dpkg-deb -Zgzip -z1 -b "$name" "upgrade/$name.deb" >/dev/null
  done
  if command -v mmdebstrap >/dev/null; then
    # shellcheck disable=SC2086
    unshare --mount --pid --fork --kill-child \
      sh "$source/tests/install/clean_root.sh" "$dir" "$python" $names \
      >clean.out 2>&1 &
    clean=$!
  fi
  hellos=$([ -n "$python" ] && echo 6 || echo 2)

  status=0
  # shellcheck disable=SC2086
  unshare --mount --pid --fork --kill-child \
    sh "$source/tests/install/layer.sh" "$dir" "$python" $names \
    >layer.out 2>&1 || status=$?
  if [ "$status" = 77 ] || ! unshare --mount --pid --fork true 2>/dev/null; then
    echo "skipped: no layer above this system ($(tail -n 1 layer.out))"
  else
    [ "$status" = 0 ] || fail "$(tail -n 40 layer.out)"
    [ "$(grep -c 'Hello world!' layer.out)" = "$hellos" ] ||
      fail "$(tail -n 40 layer.out)"
    nothing_left "$dir/upper"
    echo "this system: $hellos answers, nothing is left"
  fi

  if [ -z "$clean" ]; then
    echo 'skipped: a clean root; apt install mmdebstrap'
  else
    status=0
    wait "$clean" || status=$?
    clean=
    if ! grep -q '^-- the root is made' clean.out; then
      echo "skipped: no clean root ($(tail -n 1 clean.out))"
    else
      [ "$status" = 0 ] || fail "$(tail -n 60 clean.out)"
      [ "$(grep -c 'Hello world!' clean.out)" = "$hellos" ] ||
        fail "$(tail -n 60 clean.out)"
      [ -z "$python" ] || grep '^-- Django' clean.out || fail "$(cat clean.out)"
      find "$dir/clean" -name '*decant*' ! -path "$dir/clean/var/log/*" \
        ! -path "$dir/clean/proc/*" >left
      [ ! -s left ] || fail "left behind: $(cat left)"
      echo "a clean root: $hellos answers, nothing is left"
    fi
  fi
fi

step 'lintian'
if [ -z "$lintian" ]; then
  echo 'skipped: lintian is not installed'
else
  wait "$lintian" || true
  lintian=
  cat "$dir/lintian"
  grep '^E:' "$dir/lintian" >/dev/null && fail 'lintian finds errors'
fi
exit 0
