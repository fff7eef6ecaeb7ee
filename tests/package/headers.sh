#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Each public header compiles alone, as C11 and as C++17, without a warning, with every compiler there is; it includes nothing but the
# standard headers and our own. Usage: headers.sh SOURCE [CC…]
set -eu
source=$1
shift
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0 done=0

try()
{
    if ! "$@" -Wall -Wextra -pedantic -Werror -I"$source/include" -fsyntax-only; then
        echo "failed: $*" >&2
        bad=1
    fi
    done=$((done + 1))
}

for compiler in "$@" gcc clang g++ clang++; do
    command -v "$compiler" >/dev/null || { echo "no $compiler here"; continue; }
    for header in "$source"/include/kal/*.h "$source"/include/kal/ops/*.h; do
        name=${header#"$source/include/"}
        case $compiler in
        *++*)
            printf '#include <%s>\n#include <%s>\n' "$name" "$name" >"$dir/try.cc"
            try "$compiler" -std=c++17 "$dir/try.cc"
            ;;
        *)
            printf '#include <%s>\n#include <%s>\n' "$name" "$name" >"$dir/try.c"
            try "$compiler" -std=c11 "$dir/try.c"
            ;;
        esac
    done
done
if grep -nE '^ *# *include' "$source"/include/kal/*.h "$source"/include/kal/ops/*.h | grep -vE 'include <(kal/[a-z/]+|std[a-z]+)\.h>'; then
    echo "failed: a public header includes what it may not" >&2
    bad=1
fi
[ $done -gt 0 ] || bad=1
echo "$done compilations"
exit $bad
