# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# What the tests of the command share: a folder of their own with in.ppm in it, and ways to check. Read by `.`, with the
# path of kal as the first argument.
LC_ALL=C
export LC_ALL
unset KAL_THREADS KAL_MAX_MEMORY KAL_DEADLINE KAL_ISA KAL_LIMITS KAL_PLUGINS
case $1 in
    /*) kal=$1 ;;
    *) kal=$PWD/$1 ;;
esac
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
passed=0 failed=0

ok() { passed=$((passed + 1)); echo "ok - $1"; }
not_ok() { failed=$((failed + 1)); echo "not ok - $1"; [ -s err ] && sed 's/^/#   /' err; return 0; }
skip() { echo "ok - $1 # skip $2"; }
check() { what=$1; shift; if "$@" >/dev/null 2>&1; then ok "$what"; else not_ok "$what"; fi; }
has() { case $2 in *"$3"*) ok "$1" ;; *) not_ok "$1 (got: $2)" ;; esac; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1: \"$2\" and \"$3\""; fi; }
# code WHAT N command…: its output goes to out, its errors to err
code() {
    what=$1 want=$2
    shift 2
    "$@" >out 2>err </dev/null
    got=$?
    if [ $got = "$want" ]; then ok "$what"; else not_ok "$what: exit $got, not $want"; fi
}
# refused WHAT N WORDS command…: the code, and words of the sentence
refused() {
    what=$1 want=$2 words=$3
    shift 3
    code "$what" "$want" "$@"
    has "$what: the sentence" "$(cat err)" "$words"
}
json() {
    if command -v python3 >/dev/null; then check "$1 is JSON" python3 -m json.tool "$2"; else skip "$1 is JSON" "no python3"; fi
}

awk 'BEGIN { w = 400; h = 300; printf "P6\n%d %d\n255\n", w, h
    for (y = 0; y < h; y++) for (x = 0; x < w; x++) printf "%c%c%c", 33 + int(x / 5), 33 + int(y / 4), 33 + (x * y) % 90 }' >in.ppm
finish() { echo "$passed passed, $failed failed"; [ $failed = 0 ]; }
