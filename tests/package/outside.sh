#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Installs, moves the installed tree, and builds a program of a stranger against it by every way we promise: pkg-config shared and static,
# find_package, FetchContent. All print the same version and keys.
# Usage: outside.sh CMAKE GENERATOR CC SOURCE BUILD VERSION
set -eu
cmake=$1 cc=$3 source=$4 build=$5 version=$6
export CMAKE_GENERATOR="$2"
program=$source/tests/package/outside/main.c
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset DESTDIR PKG_CONFIG_PATH CMAKE_PREFIX_PATH LD_LIBRARY_PATH

die()
{
    echo "failed: $*" >&2
    exit 1
}

# Runs a command whose output matters only when it fails.
quietly()
{
    "$@" >"$dir/log" 2>&1 </dev/null || {
        cat "$dir/log" >&2
        die "$*"
    }
}

want=
same_keys()
{
    got=$2
    echo "$1: $got"
    [ "${got%% *}" = "$version" ] || die "$1 says version ${got%% *}, CMake says $version"
    [ "${want:=$got}" = "$got" ] || die "$1 differs: $want"
}

# The linker's word for which library a program takes.
takes_shared()
{
    LD_LIBRARY_PATH=$2 ldd "$1" | grep -q libkallitype
}

# ---- what is installed, where ----
quietly "$cmake" --install "$build" --prefix "$dir/first"
mv "$dir/first" "$dir/prefix"
prefix=$dir/prefix
pc=$(find "$prefix" -name kallitype.pc)
[ -n "$pc" ] || die "no kallitype.pc"
lib=$(dirname "$(dirname "$pc")")
for file in include/kal/kal.h share/doc/kallitype/LICENSE; do
    [ -f "$prefix/$file" ] || die "$file is not installed"
done
# with its slash, or as a whole: a short path is a part of words
for place in "$source" "$build" "$dir/first"; do
    if grep -rlIF -e "$place/" -e "\"$place\"" "$prefix"; then die "installed text names $place"; fi
done
DESTDIR=$dir/dest quietly "$cmake" --install "$build" --prefix /opt/kallitype-test
[ -n "$(find "$dir/dest/opt/kallitype-test" -name kallitype.pc)" ] || die "DESTDIR is not respected"
[ ! -e /opt/kallitype-test ] || die "something ignored DESTDIR"
if [ -x "$prefix/bin/kal" ]; then quietly "$prefix/bin/kal" --version; fi

# ---- pkg-config ----
if command -v pkg-config >/dev/null; then
    strict='-std=c11 -Wall -Wextra -pedantic -Werror'
    export PKG_CONFIG_PATH="$lib/pkgconfig"
    [ "$(pkg-config --modversion kallitype)" = "$version" ] || die "kallitype.pc says $(pkg-config --modversion kallitype)"
    quietly "$cc" $strict "$program" -o "$dir/shared" $(pkg-config --cflags --libs kallitype)
    takes_shared "$dir/shared" "$lib" || die "pkg-config: not the shared library"
    same_keys "pkg-config" "$(LD_LIBRARY_PATH=$lib "$dir/shared")"

    cp -R "$prefix" "$dir/static-only"
    find "$dir/static-only" -name 'libkallitype.so*' -delete
    export PKG_CONFIG_PATH="$dir/static-only${lib#"$prefix"}/pkgconfig"
    quietly "$cc" $strict "$program" -o "$dir/static" $(pkg-config --static --cflags --libs kallitype)
    if takes_shared "$dir/static" "$lib"; then die "pkg-config --static: the shared library"; fi
    same_keys "pkg-config --static" "$("$dir/static")"
    unset PKG_CONFIG_PATH
else
    echo "no pkg-config: two ways not tried"
fi

# ---- CMake; as a part of the project without optimisation, which must not change a bit ----
quietly "$cmake" -S "$source/tests/package/outside" -B "$dir/find" -DCMAKE_C_COMPILER="$cc" -DHOW=find -DKAL_VERSION="$version" \
    -DCMAKE_PREFIX_PATH="$prefix"
quietly "$cmake" --build "$dir/find"
quietly "$cmake" -S "$source/tests/package/outside" -B "$dir/fetch" -DCMAKE_C_COMPILER="$cc" -DHOW=fetch -DKAL_SOURCE="$source" \
    -DCMAKE_BUILD_TYPE=Debug
quietly "$cmake" --build "$dir/fetch" --parallel 2
for how in find fetch; do
    takes_shared "$dir/$how/with_kallitype" "$lib" || die "$how: not the shared library"
    if takes_shared "$dir/$how/with_kallitype_static" "$lib"; then die "$how, static: the shared library"; fi
    same_keys "$how" "$("$dir/$how/with_kallitype")"
    same_keys "$how, static" "$("$dir/$how/with_kallitype_static")"
done
