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

# another process, another name: the pixels and the parameters are the same
"$programs/kal-experiment" in.jpg results 1.5 >log
cp in.jpg again.jpg
"$programs/kal-experiment" again.jpg results 1.5 >log2
"$programs/kal-experiment" in.jpg results 1.5 5 >log3
cat log log2 log3
grep -q ' measured: ' log && grep -q ' found: ' log2 || die "an experiment was not found again"
[ "$(sed 's/.*measured//' log)" = "$(sed 's/.*found//' log2)" ] || die "what was found is not what was measured"
grep -q '"sigma":1.5, "steps":\[1,2,4,8,16\]' log3 && grep -q ' measured: ' log3 || die "another list of steps was found"
if "$programs/kal-experiment" in.jpg results nan 2>log; then die "NaN was taken for a parameter"; fi
grep -q 'map: sigma: NaN is no parameter' log || die "experiment says: $(cat log)"

# what a program gave is found, as long as command and program are the same
"$programs/kal-program" in.jpg flat.png kept >log
"$programs/kal-program" in.jpg again.png kept >log2
"$programs/kal-program" in.jpg other.png kept 2 >log3
cat log log2 log3
cmp flat.png again.png || die "the program gave another picture"
if cmp -s flat.png other.png; then die "another command gave the same"; fi
grep -q ': 4 levels, 0 of ' log && grep -q ', 1 of 1 nodes' log2 && grep -q ': 2 levels' log3 || die "programs: $(cat log log2 log3)"
cp "$programs/kal-program" here && printf x >>here
./here in.jpg mine.png kept >log
printf y >>here
./here in.jpg mine.png kept >log2
grep -q ', [01] of [2-9] nodes' log2 || die "a program that was changed was not run again: $(cat log2)"
if "$programs/kal-program" in.jpg bad.png kept 1 2>log; then die "one level was accepted"; fi
grep -q 'exec: .*ended with 1; it said: an 8-bit PPM and two levels are wanted' log || die "program says: $(cat log)"
[ ! -e bad.png ] || die "a file appeared in spite of a program that failed"

mkdir patches
"$programs/kal-patches" in.jpg patches >log
cat log
grep -q ' patches, decoded 1 time' log || die "the picture was decoded more than once"
[ "$(ls patches | wc -l)" -eq 4 ] || die "there are not four patches"

gzip -k in.jpg
"$programs/kal-gzip" in.jpg.gz half.png.gz png
gunzip half.png.gz
[ "$(head -c 4 half.png | tail -c 3)" = PNG ] || die "gzip wrote no PNG"
head -c $(($(wc -c <in.jpg.gz) / 2)) in.jpg.gz >cut.jpg.gz
if "$programs/kal-gzip" cut.jpg.gz bad.png.gz png 2>log; then die "a stream that broke off was taken for a picture"; fi
grep -q 'cut.jpg.gz' log && grep -q 'unpacking: ' log || die "gzip says: $(cat log)"
[ ! -e bad.png.gz ] || die "a file is left of a stream that broke off"

if [ -x "$programs/kal-sqlite" ] && command -v python3 >/dev/null; then
    python3 - <<'END'
import sqlite3
db = sqlite3.connect("pictures.db")
db.execute("CREATE TABLE pictures (id INTEGER PRIMARY KEY, data BLOB)")
whole = open("in.jpg", "rb").read()
db.executemany("INSERT INTO pictures VALUES (?, ?)", [(1, whole), (2, whole[:len(whole) // 2])])
db.commit()
END
    count='import sqlite3; print(*[d[:4] for d, in sqlite3.connect("pictures.db").execute("SELECT data FROM pictures WHERE id > 2")])'
    "$programs/kal-sqlite" pictures.db 1 3
    [ "$(python3 -c "$count")" = "b'\x89PNG'" ] || die "there is no PNG in the database: $(python3 -c "$count")"
    for pair in '2 4' '9 4' '1 3'; do
        if "$programs/kal-sqlite" pictures.db $pair 2>log; then die "$pair was accepted"; fi
        cat log
        [ "$(python3 -c "$count")" = "b'\x89PNG'" ] || die "$pair left something in the database"
    done
    grep -q 'the database: .*UNIQUE' log || die "sqlite says: $(cat log)"
else
    echo 'skipped: SQLite or python3 is not here'
fi

# bytes through pipes at both ends
if [ -x "$programs/../../cli/kal" ]; then
    cat in.jpg | "$programs/../../cli/kal" run 'load - | resize 50% | save - format=png' | cat >piped.png
    cmp piped.png half.png || die "through pipes another picture came"
fi
