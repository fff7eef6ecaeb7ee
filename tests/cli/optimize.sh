#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# `kal optimize`: names by the format that was chosen, lines, JSON, exit codes, what is refused; nothing is written that was not asked for. Usage:
# optimize.sh KAL
. "$(dirname "$0")/checks.sh"

mkdir set small
"$kal" crop in.ppm 0 0 160 120 -o set/a.png
"$kal" crop in.ppm 100 60 160 120 -o set/b.png
"$kal" crop in.ppm 30 150 160 120 -o set/c.png

# ---- one
code 'one picture' 0 "$kal" optimize set/a.png min_score=75 -o 'small/{stem}.{ext}'
has 'its line' "$(cat out)" 'set/a.png: small/a.'
has 'and the metric' "$(cat out)" 'ssimulacra2 100, lossless=true'
code 'one that loses something' 0 "$kal" optimize set/a.png min_score=75 formats=jpeg -o lossy.jpg
has 'its score' "$(cat out)" 'ssimulacra2 7'
same 'one file' "$(ls small | wc -l | tr -d ' ')" 1
made=$(ls small)
check 'it is what its suffix says' "$kal" info "small/$made"
has 'the format of the file' "$("$kal" info "small/$made")" "$(case $made in *.jpg) echo jpeg ;; *) echo "${made#*.}" ;; esac)"
code 'only told' 0 "$kal" optimize set/a.png min_score=75 formats=jpeg
same 'nothing was written' "$(ls small | wc -l | tr -d ' ')" 1
code 'a plot' 0 "$kal" optimize set/a.png min_score=75 formats=jpeg,webp --plot '{stem}.svg'
has 'is a picture' "$(cat a.svg)" '</svg>'
code 'as JSON' 0 "$kal" optimize set/a.png min_score=75 --json
cp out one.json
json 'the answer' one.json
has 'with candidates' "$(cat one.json)" '"candidates": ['
code 'bytes' 0 "$kal" optimize set/a.png max_bytes=4000 -o 'small/bytes.{ext}'
check 'it fits' test "$(cat small/bytes.* | wc -c)" -le 4000
code 'in units of 1024' 0 "$kal" optimize set/a.png max_bytes=4K formats=jpeg -o 'small/units.{ext}'
check 'fits, too' test "$(cat small/units.jpg | wc -c)" -le 4096
code 'in none that there is' 2 "$kal" optimize set/a.png max_bytes=4X
has 'is told' "$(cat err)" 'max_bytes=4X is not a number of bytes, as 200000 or 200K'
code 'a run' 0 "$kal" run 'in | gaussian 1' set/a.png -o run.jpg --format optimize --encode 'min_score=70 formats=jpeg'
has 'is a file like any' "$("$kal" info run.jpg)" 'jpeg 160×120'
code 'in a text' 0 "$kal" run 'load "set/a.png" | save "text.webp" format=optimize formats=webp min_score=70'
has 'too' "$("$kal" info text.webp)" 'webp 160×120'
code 'another suffix' 0 "$kal" optimize set/a.png formats=webp min_score=70 -o other.png
has 'warns' "$(cat err)" 'other.png: the file is webp, which its suffix does not say'

# ---- density, which WebP has in EXIF
"$kal" run 'load "set/a.png" | set_field density 906 | save dense.png'
code 'density' 0 "$kal" optimize dense.png min_score=75 formats=webp -o dense.webp
has 'is kept' "$("$kal" info dense.webp)" '23.012 dpi'
same 'and not said to be lost' "$(cat err)" ''

# ---- the original
"$kal" run 'load "set/a.png" | save "low.jpg" quality=20'
code 'a small file' 0 "$kal" optimize low.jpg formats=jpeg,png min_score=95 -o 'kept.{ext}'
check 'stays as it is' cmp low.jpg kept.jpg
has 'and that is told' "$(cat out)" 'jpeg as it is'

# ---- many
rm small/*
code 'many' 0 "$kal" optimize set/*.png min_score=75 formats=jpeg,webp -o 'small/{stem}.{ext}' -j 2
same 'a file each' "$(ls small | wc -l | tr -d ' ')" 3
same 'in their order' "$(sed 's/:.*//' out | tr '\n' ' ')" 'set/a.png set/b.png set/c.png 3 of 3 '
cp out two
code 'one at a time' 0 "$kal" optimize set/*.png min_score=75 formats=jpeg,webp -o 'small/{stem}.{ext}' -j 1
check 'says the same' cmp out two
echo 'not a picture' >set/d.png
code 'a bad one among them' 3 "$kal" optimize set/*.png min_score=75 formats=jpeg -o 'small/{stem}.{ext}'
has 'is told' "$(cat err)" 'set/d.png'
has 'and the others go on' "$(cat out)" '3 of 4'
rm set/d.png
printf '%s\n' set/a.png set/b.png >list
code 'a list' 0 "$kal" optimize --files-from list min_score=75 formats=jpeg --json
same 'a line each' "$(grep -c '"input"' out)" 2


# ---- nothing is written over
cp set/a.png mine.png
refused 'a plot over the picture' 2 'is one of the pictures' "$kal" optimize mine.png formats=jpeg min_score=60 --plot mine.png
check 'which is there still' cmp set/a.png mine.png
refused 'a plot over the file' 2 'would be written twice' "$kal" optimize mine.png formats=jpeg min_score=60 -o 'same.{ext}' --plot same.jpg
echo mine.png >one
refused 'a plot over the list' 2 'the list of --files-from' "$kal" optimize --files-from one formats=jpeg min_score=60 --plot one
refused 'no key' 2 '"{key}" is none of' "$kal" optimize mine.png formats=jpeg min_score=60 -o '{key}.{ext}'
code 'a failed write' 1 "$kal" optimize mine.png formats=jpeg min_score=60 -o nowhere/x.jpg --json
has 'is an error in JSON' "$(cat out)" '"error": "'
code 'JSON lines' 0 "$kal" optimize set/a.png set/b.png formats=jpeg min_score=60 --json
same 'are lines' "$(wc -l <out | tr -d ' ')" 2

cp set/a.png again.png
code 'a bound that is missed, over the picture' 1 "$kal" optimize again.png min_score=95 max_bytes=500 formats=png -o '{stem}.{ext}'
check 'leaves it' cmp set/a.png again.png
has 'and says so' "$(cat err)" 'again.png stays as it is'
"$kal" run 'load "set/a.png" | save "again.jpg" quality=90'
cp again.jpg before.jpg
code 'two, of which one would be written over the other' 2 "$kal" optimize again.png again.jpg formats=jpeg min_score=60 -o '{dir}/{stem}.{ext}'
has 'the other over itself' "$(cat out)" '1 of 2'
rm -f small/*
refused 'a name for two' 2 'would be written twice' "$kal" optimize set/a.png set/b.png formats=jpeg min_score=60 -o 'small/x{page}.bin'
same 'is told before anything is written' "$(ls small)" ''

# ---- to standard output
code 'a picture' 0 "$kal" optimize set/a.png max_bytes=4000 formats=jpeg -o -
check 'and nothing else' test "$(wc -c <out)" -le 4000
has 'what is told goes elsewhere' "$(cat err)" 'set/a.png: -, jpeg'
code 'a plot' 0 "$kal" optimize set/a.png max_bytes=4000 formats=jpeg --plot -
has 'too' "$(head -c 4 out)" '<svg'
refused 'both' 2 'both write to standard output' "$kal" optimize set/a.png formats=jpeg -o - --plot -

# ---- progress
code 'as JSON' 0 "$kal" optimize set/a.png formats=jpeg min_score=60 --progress json
has 'is told' "$(cat err)" '"event": "progress"'
code 'of two' 0 "$kal" optimize set/a.png set/b.png formats=jpeg min_score=60 --progress always
has 'is one line' "$(cat err)" 'of 2'

# ---- a plot that cannot be written
code 'the picture is' 1 "$kal" optimize set/a.png formats=jpeg min_score=60 -o there.jpg --plot /dev/full/x.svg
code 'a full disk' 1 "$kal" optimize set/a.png formats=jpeg min_score=60 -o there.jpg --plot /dev/full --json
has 'the file' "$(cat out)" '"output": "there.jpg"'
has 'and the error' "$(cat out)" '"error": "--plot: '
code 'behind a warning' 1 "$kal" optimize set/a.png formats=jpeg min_score=60 -o there.png --plot /dev/full --json
has 'it is the error' "$(cat out)" '"error": "--plot: '

# ---- what cannot be had, and what is refused
rm -f small/*
code 'out of reach' 1 "$kal" optimize set/a.png min_score=95 max_bytes=1500 formats=jpeg -o 'small/{stem}.{ext}'
has 'says by how much' "$(cat out)" 'not met: '
same 'what comes nearest is written' "$(ls small)" a.jpg
refused 'a format there is none of' 2 'did you mean "webp"?' "$kal" optimize set/a.png formats=wepb -o x.png
refused 'a metric there is none of' 2 'metric=butter is not' "$kal" optimize set/a.png metric=butter
refused 'a parameter' 2 'min_scor' "$kal" optimize set/a.png min_scor=3
refused 'no picture' 2 'optimize takes pictures' "$kal" optimize min_score=80
refused 'one name for two' 2 "fill in {stem}" "$kal" optimize set/a.png set/b.png -o x.jpg
refused 'written twice' 2 'would be written twice' "$kal" optimize set/a.png set/b.png formats=jpeg min_score=60 -o 'small/x{page}.{ext}'
code 'a folder that is not there' 1 "$kal" optimize set/a.png formats=jpeg min_score=60 -o 'nowhere/{stem}.{ext}'
has 'is told before anything is tried' "$(cat err)" '-o: nothing can be written in nowhere: '
same 'that is all' "$(wc -l <err | tr -d ' ')" 1

finish
