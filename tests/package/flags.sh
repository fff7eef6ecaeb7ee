#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Float results are the same everywhere: no file of the library is compiled with contraction or fast maths, and nothing calls a libm whose
# last bit depends on the machine. Usage: flags.sh CC NM BUILD LIBRARY.a
set -eu
cc=$1 nm=$2 build=$3 library=$4
bad=0

# ---- every file of the library ----
if [ -f "$build/compile_commands.json" ]; then
    commands=$(grep '"command":' "$build/compile_commands.json" | grep -E 'CMakeFiles/kal_(base|ops|graph|io|join)\.dir')
    [ -n "$commands" ] || { echo "failed: no commands" >&2; bad=1; }
    if printf '%s\n' "$commands" | grep -v -e ' -ffp-contract=off '; then
        echo "failed: compiled without -ffp-contract=off" >&2
        bad=1
    fi
    if printf '%s\n' "$commands" | grep -E -e '-ffp-contract=off .*(-ffp-contract=(on|fast)|-ffast-math|-Ofast|-funsafe-math|-fassociative-math)'; then
        echo "failed: fast maths" >&2
        bad=1
    fi
    echo "$(printf '%s\n' "$commands" | wc -l) files compiled without contraction"
else
    echo "no compile_commands.json: flags not looked at"
fi

# ---- no libm but the floating-point environment, and what is exact by definition ----
allowed='fe(get|set|hold|update)env|fe(get|set)round|fe(clear|raise|test)except'
used=$("$nm" -u "$library" 2>/dev/null | awk '$1 == "U" { print $2 }' | LC_ALL=C sort -u)
[ -n "$used" ] || { echo "failed: $nm shows nothing" >&2; exit 1; }
libm=$("$cc" -print-file-name=libm.so.6)
if [ -f "$libm" ]; then
    names=$("$nm" -D --defined-only "$libm" | sed 's/.* //; s/@.*//' | LC_ALL=C sort -u)
else
    names=$(for f in acos asin atan atan2 cbrt ceil cos cosh erf exp exp2 expm1 floor fma fmod hypot ldexp log log10 log1p log2 lrint lround \
        modf nearbyint pow remainder rint round sin sincos sinh sqrt tan tanh tgamma trunc; do
        echo $f; echo ${f}f; echo ${f}l
    done | LC_ALL=C sort -u)
fi
called=$(printf '%s\n' "$used" "$names" | LC_ALL=C sort | uniq -d | grep -vxE "$allowed" || true)
if [ -n "$called" ]; then
    echo "failed: the library calls libm's" $called >&2
    bad=1
fi
exit $bad
