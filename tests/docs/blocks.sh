#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Every C block of the README and of docs/ is compiled, and run in a folder with a generated photograph; every sh block that calls kal is
# run when there is a kal to call. How blocks are told apart: blocks.awk. Usage: blocks.sh SOURCE LIBRARY PICTURE KAL CC [FLAG…];
# PICTURE is the program that makes pictures, KAL the command or -.
set -eu
source=$1 library=$2 picture=$3 kal=$4 cc=$5
shift 5
here=$source/tests/docs
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0 blocks=0 scripts=0

# build OUT FILE FLAG…: warnings are errors, except that an example may leave a variable unused
build()
{
    made=$1 file=$2
    shift 2
    "$cc" -std=c11 -O1 -Wall -Wextra -Werror -Wno-unused-variable -Wno-unused-but-set-variable -Wno-unused-function \
        -I"$source/include" -I"$here/support" -o "$made" "$file" "$@" || { bad=1; return 1; }
}

# The folder that examples run in.
work=$dir/work
mkdir "$work"
cd "$work"
mkdir photos small gray
"$picture" in.jpg 1840 1440
"$picture" logo.png 300 200
"$picture" a.png 300 200
cp a.png b.png
for one in photo.jpg other.jpg photos/one.jpg photos/two.jpg; do cp in.jpg "$one"; done

run()
{
    name=$1
    shift
    "$@" >"$dir/log" 2>&1 </dev/null || {
        cat "$dir/log" >&2
        echo "failed: $name" >&2
        bad=1
    }
}

# group NAME FLAGS PAGE…: the pages' blocks in one program
group()
{
    name=$1 flags=$2
    shift 2
    out=$dir/$name
    mkdir "$out"
    n=$(cd "$source" && awk -v dir="$out" -f "$here/blocks.awk" "$@") || bad=1
    blocks=$((blocks + n))
    if [ "$n" -gt 0 ]; then
        for main in "$out"/main-*.c; do
            [ -f "$main" ] || continue
            if build "$out/main" "$main" $flags "$library" -lpthread; then run "a program of $*" "$out/main"; fi
        done
        if build "$out/page" "$out/page.c" $flags "$library" -lpthread; then run "$*" "$out/page"; fi
        [ ! -f "$out/inside.c" ] || build "$out/inside.o" "$out/inside.c" -c -I"$source/base" -I"$source/ops" $flags || bad=1
    fi
    for script in "$out"/sh-*.sh; do
        [ -f "$script" ] && [ "$kal" != - ] || continue
        scripts=$((scripts + 1))
        sed 's/^kal show /kal show --force /' "$script" >"$dir/script"   # there is no terminal
        run "$(head -n 1 "$script")" env PATH="$(dirname "$kal"):$PATH" sh "$dir/script"
    done
}

group readme "$*" README.md
for page in "$source"/docs/*.md; do group "$(basename "$page" .md)" "$*" "docs/$(basename "$page")"; done
group ops "$*" $(cd "$source" && ls docs/ops/*.md)
[ -s "$work/out.jpg" ] || { echo "failed: the README's program wrote no out.jpg" >&2; bad=1; }
echo "$blocks blocks of C, $scripts of the shell"
[ "$blocks" -gt 0 ] || bad=1
exit $bad
