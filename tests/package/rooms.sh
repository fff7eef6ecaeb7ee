#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# A wrong include does not compile: with the include paths a room is really built with, every header of a room it may not see must be out
# of reach, and base's within reach. Usage: rooms.sh CC SOURCE ROOM=DIR:DIR…
set -eu
cc=$1 source=$2
shift 2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0 refused=0 allowed=0

wrong()
{
    echo "failed: $*" >&2
    bad=1
}

# sees NAME PLACE DIRS: does a file in no room reach PLACE/NAME by that name? (A name may be a system header's too: <png.h>.)
sees()
{
    printf '#include "%s"\n' "$1" >"$dir/try.c"
    place=$2/$(basename "$1")
    set -- "$3"
    IFS=:
    for path in $1; do set -- "$@" "-I$path"; done
    unset IFS
    shift
    "$cc" -std=gnu11 "$@" -E "$dir/try.c" >"$dir/log" 2>&1 && grep -qF "$place" "$dir/log"
}

for arg in "$@"; do
    room=${arg%%=*} dirs=${arg#*=}
    for other in base ops graph io; do
        [ "$other" != "$room" ] || continue
        for header in "$source/$other"/*.h; do
            name=$(basename "$header")
            if [ "$other" = base ] && [ "$room" != cli ]; then
                sees "$name" "$source/base" "$dirs" || { tail "$dir/log" >&2; wrong "$room does not see base/$name"; }
                allowed=$((allowed + 1))
            else
                if sees "$name" "$source/$other" "$dirs"; then wrong "$room sees $other/$name"; fi
                if sees "$other/$name" "$source/$other" "$dirs"; then wrong "$room sees $other/$name from the root"; fi
                refused=$((refused + 1))
            fi
        done
    done
    sees kal/kal.h "$source/include/kal" "$dirs" || { tail "$dir/log" >&2; wrong "$room does not see kal/kal.h"; }
    # The ways around: up and over, and the libraries that are io's and base's alone.
    if grep -nE '^ *# *include *"[^"]*\.\./' "$source/$room"/*.[ch]; then wrong "$room climbs out of its room"; fi
    if grep -rnE --include="*.[ch]" '^ *# *include *"([^"]*/)?\.\./[^"]*/' "$source/$room"; then wrong "$room climbs out of its room"; fi
    case $room in
    io) foreign='(xxhash|ft2build|hb)\.h' ;;
    base) foreign='(jpeglib|png|zlib|libheif/[a-z_]+|ft2build|hb)\.h' ;;
    ops) foreign='(jpeglib|png|zlib|libheif/[a-z_]+|xxhash)\.h' ;;
    *) foreign='(jpeglib|png|zlib|libheif/[a-z_]+|xxhash|ft2build|hb)\.h' ;;
    esac
    if grep -rnE --include="*.[ch]" "^ *# *include *[<\"]$foreign" "$source/$room"; then wrong "$room uses another room's library"; fi
done
# What a room must know of an op stands in the op's record, not in its name. (Some names are words of other things too.)
for op in $(sed -n 's/^OP(\(.*\))$/\1/p' "$source/ops/list.h" | grep -vxE 'gray|mean|min|max|size|boxes|points|open|sheet'); do
    for room in base graph io cli; do
        if grep -rnE --include="*.[ch]" "\"$op\"|\"[^\"]*[|] $op[ \"]" "$source/$room"; then wrong "$room knows $op by name"; fi
    done
done
# A number in a text has a point, whatever the program's locale: base/putf.h prints it, not stdio.
for room in base ops graph io; do
    if find "$source/$room" -name '*.[ch]' ! -name 'putf.*' -exec awk 'BEGIN { RS = ";" }
            /(^|[^_[:alnum:]])v?snprintf\(/ && /%[-+ #0-9.*]*[aefgAEFG]/ { print FILENAME ":" $0; found = 1 } END { exit !found }' {} +; then
        wrong "$room prints numbers by the program's locale"
    fi
done
echo "$refused headers out of reach, $allowed within"
[ $refused -gt 0 ] && [ $allowed -gt 0 ] || bad=1
exit $bad
