#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# That ./dev bench will run: our driver does its workloads on small pictures under the inputs' names, the runner measures a process, and
# the scripts can be read. Usage: bench.sh SOURCE OURS SPAWN PICTURE KAL
set -u
source=$1 ours=$2 spawn=$3 picture=$4 kal=$5
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

fail()
{
    echo "failed: $*" >&2
    bad=1
}

mkdir "$dir/in" "$dir/out"
"$picture" "$dir/in/p12.jpg" 640 480 && "$picture" "$dir/in/p100.png" 320 240 || exit 1
"$kal" run -q "load $dir/in/p12.jpg | save $dir/in/p12.ppm; load $dir/in/p100.png | save $dir/in/p100.ppm" || exit 1
cp "$dir/in/p100.png" "$dir/in/a4.png"

for work in w1 w2 w4-6 w4-1 w5 w6 w11 k-resize k-resize25 k-gauss k-rotate k-gray k-thresh k-over k-invert k-chain20 k-perspective k-remap k-erode \
    k-ellipse k-equalize k-clahe k-components k-boxes k-polygons k-distance k-median5 k-canny k-lab patches; do
    "$ours" $work "$dir/in" "$dir/out" | grep -Eq '^ms [0-9.]+ cpu [0-9.]+$' || fail "kal-ours $work"
done
for work in w1 w2 w3 w4-6 w5 w6 w9 w11; do
    "$ours" text $work in out | grep -q '^load .* save ' || fail "kal-ours text $work"
done
"$ours" w99 "$dir/in" "$dir/out"
[ $? -eq 2 ] || fail "an unknown workload"
[ -s "$dir/out/ours.k-resize.raw" ] || fail "a kernel left nothing to compare"
"$spawn" sh -c 'exit 3' | grep -Eq '^spawn [0-9.]+ [0-9.]+ [0-9]+ 3$' || fail "kal-spawn"

if command -v python3 >/dev/null; then
    for script in "$source"/bench/*.py "$source"/bench/peers/*.py; do
        python3 -c 'import ast, sys; ast.parse(open(sys.argv[1], encoding="utf-8").read())' "$script" || fail "$script"
    done
else
    echo "no python3: scripts not read"
fi
exit $bad
