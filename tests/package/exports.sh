#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# What the shared library shows is what exports.txt lists, is named kal_…, and is what the headers declare.
# Usage: exports.sh SOURCE NM LIBRARY.so [--write]
set -eu
source=$1 nm=$2 library=$3
list=$source/tests/package/exports.txt
export LC_ALL=C
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

"$nm" -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$dir/shown"
if [ "${4-}" = --write ]; then
    cp "$dir/shown" "$list"
    echo "$(wc -l <"$list") names in tests/package/exports.txt"
    exit 0
fi
if grep -vE '^kal_[a-z]' "$dir/shown"; then
    echo "failed: names that are not ours to give" >&2
    bad=1
fi
if ! diff -U0 -L exports.txt -L library "$list" "$dir/shown"; then
    echo "failed: exports.txt and the library differ; if that is meant: ./dev exports" >&2
    bad=1
fi
cat "$source"/include/kal/*.h | tr '\n' ' ' | grep -oE 'KAL_API [^;(]*\(' | grep -oE 'kal_[a-z0-9_]+\($' | tr -d '(' | sort -u >"$dir/declared"
if ! diff -U0 -L headers -L library "$dir/declared" "$dir/shown"; then
    echo "failed: the headers (-) and the library (+) differ" >&2
    bad=1
fi
echo "$(wc -l <"$dir/shown") names"
exit $bad
