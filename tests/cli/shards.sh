#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Parts of many runs, what is told of them, and runs that only look: shards.sh PATH-TO-KAL.
here=$(dirname "$0")
. "$here/checks.sh"
unset KAL_SHARD KAL_MEMO_DIR

field() { awk -F, -v n="$2" 'NR > 1 { print $n }' "$1"; }

# ---- shards of pictures
mkdir set made
i=0
while [ $i -lt 40 ]; do
    "$kal" crop in.ppm $((i * 5)) $((i * 2)) 60 40 -o set/p$i.ppm
    i=$((i + 1))
done
for n in 4 5; do
    k=1
    while [ $k -le $n ]; do
        code "shard $k of $n" 0 "$kal" run 'in | invert' set/*.ppm -o "made/{stem}.png" --shard $k/$n --manifest of$n-$k.jsonl
        sed 's/.*"inputs": \["\([^"]*\)".*/\1/' of$n-$k.jsonl | sed "s/\$/ $k/" >>list$n
        k=$((k + 1))
    done
    same "every picture is of one of $n" "$(cut -d' ' -f1 list$n | sort | uniq -c | awk '$1 != 1' | wc -l | tr -d ' ') $(wc -l <list$n | tr -d ' ')" '0 40'
    same "each of $n has some" "$(cut -d' ' -f2 list$n | sort -u | wc -l | tr -d ' ')" $n
done
sort list4 >a; sort list5 >b
moved=$(join a b | awk '$2 != $3' | wc -l | tr -d ' ')
check "a fifth shard takes about a fifth ($moved of 40)" test $moved -ge 2 -a $moved -le 16
same 'and nothing moves between the others' "$(join a b | awk '$2 != $3 && $3 != 5')" ''
mkdir elsewhere
for f in set/*.ppm; do cp "$f" "elsewhere/$(basename "$f" .ppm)-copy.ppm"; done
"$kal" run 'in | invert' elsewhere/*.ppm -o 'made/{stem}.png' --shard 2/4 --manifest copies.jsonl
same 'paths do not matter' "$(sed 's/.*elsewhere.\([^"]*\)-copy.ppm.*/\1/' copies.jsonl | sort)" "$(awk '$2 == 2' list4 | sed 's/set.\(.*\).ppm.*/\1/' | sort)"
code 'by the environment' 0 env KAL_SHARD=2/4 "$kal" run 'in | invert' set/*.ppm -o 'made/{stem}.png' --manifest env.jsonl
same 'the same' "$(sed 's/"ms".*//' env.jsonl | sort)" "$(sed 's/"ms".*//' of4-2.jsonl | sort)"
mkdir -p one; rm -f one.jsonl
for i in 1 2; do
    code "a shard of what a pattern matched once, $i" 0 "$kal" run 'in | invert' in.p?m -o 'one/{stem}.png' --shard $i/2 --manifest one.jsonl
done
same 'one of them made it' "$(ls one) $(wc -l <one.jsonl | tr -d ' ')" 'in.png 1'
refused 'a shard of one run' 2 'and this is one' "$kal" run 'in | invert' in.ppm -o x.png --shard 1/4
refused 'shard 0' 2 'is not I/N' "$kal" run 'in | invert' set/*.ppm -o 'made/{stem}.png' --shard 0/4
refused 'shard 5 of 4' 2 'is not I/N' "$kal" run 'in | invert' set/*.ppm -o 'made/{stem}.png' --shard 5/4
refused 'a shard and a sheet' 2 'is of all runs' "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=1..4 --shard 1/2 --sheet s.png

# ---- of a sweep, to one end
for k in 1 2 3; do
    code "a sweep, shard $k" 0 "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=1..20 --shard $k/3 -o 'made/v{v}.png' --manifest sweep$k.jsonl
done
code 'merge' 0 "$kal" merge sweep1.jsonl sweep2.jsonl sweep3.jsonl -o all.jsonl
same 'says all are done' "$(cat out)" '20 runs: 20 done, 0 failed, 0 missing, 0 done by two'
same 'the lines in order' "$(sed 's/.*"v": \([0-9]*\).*/\1/' all.jsonl | tr '\n' ' ')" '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 '
while read -r line; do printf '%s\n' "$line" >line; done <all.jsonl
json 'a line' line
code 'without one shard' 1 "$kal" merge sweep1.jsonl sweep3.jsonl
has 'says which are missing' "$(cat out)" 'missing: '
same 'as many as that one has' "$(sed -n 's/.*failed, \([0-9]*\) missing.*/\1/p' out)" "$(wc -l <sweep2.jsonl | tr -d ' ')"
"$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=1..20 --shard 2/3 -o 'made/v{v}.png' --manifest again.jsonl
code 'a shard that ran twice' 0 "$kal" merge sweep1.jsonl sweep2.jsonl sweep3.jsonl again.jsonl
has 'is told' "$(cat out)" "$(wc -l <sweep2.jsonl | tr -d ' ') done by two"
code 'one that was taken up again' 0 sh -c 'cat again.jsonl >>sweep2.jsonl; "$1" merge sweep1.jsonl sweep2.jsonl sweep3.jsonl' - "$kal"
has 'is not' "$(cat out)" ' 0 done by two'
code 'runs that fail' 2 "$kal" run 'x = 0; w = 1; in | crop x 0 w 9' in.ppm --sweep x=390,0 --sweep w=9,20 -o 'made/f{x}-{w}.png' --manifest failed.jsonl
code 'are told' 1 "$kal" merge failed.jsonl
has 'by number and error' "$(cat out)" 'failed: 2 "x=390 w=20: line 1'
printf '{"run": 3, "of": 20, "inp' >>sweep1.jsonl
code 'a line that was cut' 0 "$kal" merge sweep1.jsonl sweep2.jsonl sweep3.jsonl
has 'is passed over' "$(cat out)" '1 line is not whole'
"$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=1..20 --shard 1/3 -o 'made/v{v}.png' --manifest sweep1.jsonl
code 'and does not spoil the next' 0 "$kal" merge sweep1.jsonl sweep2.jsonl sweep3.jsonl
refused 'manifests of two batches' 2 'are of 20' "$kal" merge sweep1.jsonl failed.jsonl
"$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=21..40 -o 'made/v{v}.png' --manifest other.jsonl
refused 'of two of one size' 2 'no manifests of one batch' "$kal" merge sweep1.jsonl other.jsonl
refused 'of nothing' 3 'merge: /dev/null: there is no line of a run' "$kal" merge /dev/null
echo 'garbage' >garbage
refused 'of garbage' 3 'merge: garbage: there is no line of a run; is it a manifest?' "$kal" merge sweep2.jsonl garbage
: >empty.jsonl
code 'a shard that had nothing to do' 0 "$kal" merge sweep1.jsonl sweep2.jsonl sweep3.jsonl empty.jsonl
has 'is told' "$(cat out)" 'empty.jsonl is empty'

# ---- what makes runs those of one batch
batch() { "$kal" run "$1" $2 -o "$3" --shard $4/2 --manifest $5 $6 >out 2>err </dev/null; }
names=$(echo set/p?.ppm) turned=$(echo set/p?.ppm | tr ' ' '\n' | sort -r | tr '\n' ' ')
batch 'in | invert' "$names" 'made/{stem}.png' 1 first.jsonl
batch 'in | invert' "$turned" 'made/{stem}.png' 2 turned.jsonl
check 'both have some' test -s first.jsonl -a -s turned.jsonl
code 'the same pictures in another order' 0 "$kal" merge first.jsonl turned.jsonl -o all2.jsonl
same 'are all done' "$(cat out)" '10 runs: 10 done, 0 failed, 0 missing, 0 done by two'
same 'each once' "$(sed 's/.*"inputs": \["\([^"]*\)".*/\1/' all2.jsonl | sort | tr '\n' ' ')" "$names "
batch 'in | invert' "$turned" 'made/{stem}.png' 1 again2.jsonl
code 'one of them twice' 0 "$kal" merge turned.jsonl first.jsonl again2.jsonl
has 'is told by its pictures' "$(cat out)" "$(wc -l <first.jsonl | tr -d ' ') done by two"
rm -f taken.jsonl
for list in "set/p1.ppm set/p2.ppm set/p3.ppm" "set/p3.ppm set/p1.ppm set/p2.ppm"; do
    "$kal" run 'in | invert' $list -o 'made/{stem}.png' --manifest taken.jsonl >/dev/null 2>&1
done
code 'a manifest that was taken up with another list' 0 "$kal" merge taken.jsonl
same 'has its runs once' "$(cat out)" '3 runs: 3 done, 0 failed, 0 missing, 0 done by two'
grep -v 'p2.ppm' taken.jsonl >torn.jsonl
code 'and what is missing' 1 "$kal" merge torn.jsonl
same 'is told' "$(head -n 1 out)" '3 runs: 2 done, 0 failed, 1 missing, 0 done by two'
batch 'in | gaussian 2' "$names" 'made/{stem}.png' 2 text2.jsonl
refused 'another text' 2 'no manifests of one batch' "$kal" merge first.jsonl text2.jsonl
batch 'in | invert' "$names" 'made/{stem}-2.png' 2 out2.jsonl
refused 'another -o' 2 'no manifests of one batch' "$kal" merge first.jsonl out2.jsonl
batch 'in | invert' "$names" 'made/{stem}.png' 2 encode2.jsonl --encode=level=1
refused 'another --encode' 2 'no manifests of one batch' "$kal" merge first.jsonl encode2.jsonl
batch 'in | invert' "$names" 'made/{stem}.png' 2 page2.jsonl --page=0
code 'what is not another' 0 "$kal" merge first.jsonl page2.jsonl
batch 'in | invert' "$(echo "$names" | sed 's/p9/p10/')" 'made/{stem}.png' 2 other2.jsonl
refused 'other pictures' 2 'no manifests of one batch' "$kal" merge first.jsonl other2.jsonl
printf 's = 2\n' >part.kal; printf 'include "part.kal"\nin | gaussian s\n' >whole.kal
"$kal" run -f whole.kal $names -o 'made/{stem}.png' --shard 1/2 --manifest inc1.jsonl
printf 's = 3\n' >part.kal
"$kal" run -f whole.kal $names -o 'made/{stem}.png' --shard 2/2 --manifest inc2.jsonl
refused 'another text that is included' 2 'no manifests of one batch' "$kal" merge inc1.jsonl inc2.jsonl
code 'a picture twice' 0 "$kal" run 'in | invert' set/p1.ppm set/p1.ppm set/p2.ppm -o 'made/{n}.png' --manifest twice.jsonl
code 'has two runs' 0 "$kal" merge twice.jsonl
same 'and both are done' "$(cat out)" '3 runs: 3 done, 0 failed, 0 missing, 0 done by two'
code 'which three of two lines are not' 1 sh -c 'sed 1d twice.jsonl >less.jsonl; "$1" merge less.jsonl' - "$kal"
code 'an op as a verb' 0 "$kal" median_filter set/p1.ppm set/p2.ppm 3 -o 'made/{n}.png' --manifest verb1.jsonl
code 'of other parameters' 0 "$kal" median_filter set/p1.ppm set/p2.ppm 5 -o 'made/{n}.png' --manifest verb2.jsonl
refused 'is another batch' 2 'no manifests of one batch' "$kal" merge verb1.jsonl verb2.jsonl

# ---- runs that only look
text='v = 1; a = in | median_filter 3 memo=always; b = a | gaussian v memo=always; print b | mean; b'
touch -d '1 hour ago' in.ppm 2>/dev/null
sleep 2.1
code 'a dry run of nothing' 0 "$kal" run "$text" in.ppm --sweep v=1,2 --dry-run --memo-dir memo -o 'dry-{v}.png' --table dry.csv
same 'all is missing' "$(cut -c1-4 out | sort -u)" miss
has 'and says how much' "$(cat out)" 'v=1: dry-1.png, 3 nodes to compute, 0 found'
same 'as the table does' "$(field dry.csv 5 | tr '\n' ' ')$(field dry.csv 4 | tr '\n' ' ')" '3 3 0 0 '
check 'it writes no picture' test ! -e dry-1.png
same 'and keeps nothing' "$(ls memo/v1/??/* 2>/dev/null)" ''
refused 'read-only of nothing' 5 'not in the memo: ' "$kal" run "$text" in.ppm --sweep v=1,2 --read-only --memo-dir memo -o 'dry-{v}.png' --table only.csv --manifest only.jsonl
same 'names the keys' "$(sed -n 's/.*not in the memo: \([0-9a-f]*\).*/\1/p' only.csv)" "$(field only.csv 3)"
same 'the manifest, too' "$(grep -c '"status": "missing"' only.jsonl)" 2
check 'nothing is written' test ! -e dry-1.png
code 'the run' 0 "$kal" run "$text" in.ppm --sweep v=1 --memo-dir memo -o 'run-{v}.png' --table run.csv
code 'a dry run then' 0 "$kal" run "$text" in.ppm --sweep v=1,2 --dry-run --memo-dir memo -o 'dry-{v}.png'
same 'hits and misses' "$(cut -c1-4 out | tr '\n' ' ')" 'hit  hit  miss miss '
has 'of which the beginning is there' "$(cat out)" '1 node to compute, 1 found'
code 'read-only then' 5 "$kal" run "$text" in.ppm --sweep v=1,2 --read-only --memo-dir memo -o 'dry-{v}.png' --table only.csv --stats json
check 'writes what is there' cmp dry-1.png run-1.png
check 'and nothing else' test ! -e dry-2.png
has 'it decodes nothing' "$(cat out)" '"decodes": 0'
same 'the value is the same' "$(head -n 2 only.csv | cut -d'"' -f2)" "$(head -n 2 run.csv | cut -d'"' -f2)"
code 'another format of what is there' 0 "$kal" run "$text" in.ppm --read-only --memo-dir memo -o there.qoi
check 'is encoded' test -s there.qoi
code 'a single dry run' 0 "$kal" run "$text" in.ppm --dry-run --memo-dir memo -o one.png
same 'a line an output' "$(cat out)" 'hit   one.png
hit   mean'
code 'an op as a verb' 5 "$kal" median_filter in.ppm 9 -o x.png --read-only --memo-dir memo
code 'what hangs on a value' 0 "$kal" run 'in | median_filter 5 | threshold value=(in | gray | mean)' in.ppm --dry-run --memo-dir memo -o t.png
refused 'dry and written' 2 'writes nothing' "$kal" run "$text" in.ppm --dry-run -o one.png --manifest m.jsonl

# ---- entries between folders
rm -rf memo2
code 'export' 0 "$kal" memo export copy --memo-dir memo
has 'says how many' "$(cat out)" ' entries copied, 0 were there'
n=$(sed 's/.*: \([0-9]*\) entries.*/\1/' out)
code 'as JSON' 0 "$kal" memo export copy --memo-dir memo --json
json 'export' out
has 'copies none' "$(cat out)" '"copied": 0, "there": '"$n"
code 'again' 0 "$kal" memo export copy --memo-dir memo
has 'finds them there' "$(cat out)" "0 entries copied, $n were there"
code 'clear' 0 "$kal" memo clear --memo-dir memo
code 'then nothing is found' 5 "$kal" run "$text" in.ppm --read-only --memo-dir memo -o back.png
code 'import' 0 "$kal" memo import copy --memo-dir memo
code 'and all is there' 0 "$kal" run "$text" in.ppm --read-only --memo-dir memo -o back.png
check 'the same' cmp back.png run-1.png
key=$("$kal" memo list --memo-dir memo | grep ' median_filter ' | head -n 1 | cut -c1-32)
code 'one entry' 0 "$kal" memo export few "$key" --memo-dir memo
same 'alone' "$("$kal" memo list --memo-dir few | cut -c1-32)" "$key"
for f in copy/v1/??/*; do printf x | dd of="$f" bs=1 seek=4100 conv=notrunc 2>/dev/null; done
code 'damaged ones' 1 "$kal" memo import copy --memo-dir memo3
has 'are not taken' "$(cat out)" ': 0 entries copied'
refused 'export of what is not there' 1 'no whole entry' "$kal" memo export few 00000000000000000000000000000000 --memo-dir memo
refused 'import from nowhere' 3 'there is no folder' "$kal" memo import nowhere --memo-dir memo

finish
