#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Builds the command with every library switched off that may be, as a packager may: it compiles without a warning, works, and says of each format what it lacks.
# Usage: without.sh CMAKE GENERATOR CC SOURCE
set -eu
cmake=$1 cc=$3 source=$4
export CMAKE_GENERATOR="$2"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
kal=$dir/build/cli/kal

die()
{
    echo "failed: $*" >&2
    exit 1
}

# Every option that is on by default and about a library: those that say so in CMakeLists.txt.
off=$(sed -n 's/^option(\(KAL_[A-Z0-9]*\) ".*" ON)$/-D\1=OFF/p' "$source/CMakeLists.txt")
[ "$(echo "$off" | wc -l)" -ge 18 ] || die "only these can be switched off: $off"
# shellcheck disable=SC2086
"$cmake" -S "$source" -B "$dir/build" -DCMAKE_C_COMPILER="$cc" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS='-O0 -g0' -DKAL_WERROR=ON $off >"$dir/log" 2>&1 ||
    { cat "$dir/log"; die "configuring"; }
"$cmake" --build "$dir/build" -j2 --target kal-cli >"$dir/log" 2>&1 || { grep -E 'error|warning' "$dir/log"; die "building"; }

cd "$dir"
printf 'P6 40 30 255\n' >in.ppm
head -c 3600 "$source/README.md" >>in.ppm
for suffix in png jpg qoi gif; do
    "$kal" run "load in.ppm | gaussian 2 | save out.$suffix" || die "save out.$suffix"
    "$kal" run "load out.$suffix | invert | save again.ppm" || die "load out.$suffix"
done
for suffix in tif webp jxl jp2 heic avif; do
    "$kal" run "load in.ppm | save none.$suffix" 2>err && die "none.$suffix was written"
    grep -q ': this build has no ' err || die "none.$suffix: $(cat err)"
    [ ! -e none.$suffix ] || die "none.$suffix is there"
    echo "$suffix: $(sed -n 's/.*\(this build.*\)/\1/p' err)"
done
"$kal" run 'load in.ppm | to_linear type=f32 | save none.exr' 2>err && die "none.exr was written"
cat err
printf 'II*\0\010\0\0\0\0\0\0\0\0\0' >in.tif
"$kal" info in.tif 2>err && die "in.tif was read"
grep -q 'tiff: this build has no libtiff' err || die "in.tif: $(cat err)"
