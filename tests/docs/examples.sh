#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# The programs of docs/examples do what they say, on a generated picture. Usage: examples.sh PICTURE FOLDER-OF-PROGRAMS
set -eu
picture=$1 programs=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
"$picture" in.jpg 1000 700

die()
{
    echo "failed: $*" >&2
    exit 1
}

"$programs/kal-crop-process-uncrop" in.jpg out.jpg 300 200 320 240
[ -s out.jpg ] || die "crop_process_uncrop wrote nothing"
if "$programs/kal-crop-process-uncrop" in.jpg bad.jpg 900 200 320 240 2>log; then die "a place outside was accepted"; fi
grep -q 'crop: ' log || die "crop_process_uncrop says: $(cat log)"
[ ! -e bad.jpg ] || die "a file appeared in spite of an error"

"$programs/kal-sweep" in.jpg >log
cat log
[ "$(sed '1,/and again/d' log | grep -c '1 of 1 nodes from the memo, 0 decoded')" = 6 ] || die "the second sweep was not found in the memo"

mkdir patches
"$programs/kal-patches" in.jpg patches >log
cat log
grep -q ' patches, decoded 1 time' log || die "the picture was decoded more than once"
[ "$(ls patches | wc -l)" -eq 4 ] || die "there are not four patches"
