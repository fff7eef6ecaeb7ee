#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# One text with many values: sweep.sh PATH-TO-KAL.
here=$(dirname "$0")
. "$here/checks.sh"

# rows FILE N: field N of the rows of a table without commas in fields
field() { awk -F, -v n="$2" 'NR > 1 { print $n }' "$1"; }
sum() { field "$1" "$2" | awk '{ s += $1 } END { print s + 0 }'; }

# ---- values
values() { "$kal" run 'v = 1; in | crop 0 0 v 1 | size' in.ppm --sweep "$@" --table - 2>err | field /dev/stdin 2 | tr '\n' ' '; }
same 'a list' "$(values v=1,2,4)" '1 2 4 '
same 'a range' "$(values v=1..5)" '1 2 3 4 5 '
same 'a range with a step' "$(values 'v=100..400 step 150')" '100 250 400 '
same 'that does not end on a step' "$(values 'v=1..6 step 2')" '1 3 5 '
same 'downwards' "$(values v=3..1)" '3 2 1 '
same 'parts' "$(values 'v=1, 7..8 ,30')" '1 7 8 30 '
"$kal" run 'v = 1; in | gaussian v | mean' in.ppm --sweep 'v=0.1..0.5 step 0.1' --table v.csv
same 'in decimal' "$(field v.csv 2 | tr '\n' ' ')" '0.1 0.2 0.3 0.4 0.5 '
"$kal" run 'c = red; in | embed 500x400 color=c | mean' in.ppm --sweep 'c=[1 2 3],red,#00f' --table c.csv
same 'words and lists' "$(field c.csv 2 | tr '\n' ' ')" '[1 2 3] red #00f '
refused 'no values' 2 'a value is empty' "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v= -o '{v}.png'
refused 'an empty one' 2 'a value is empty' "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=1,,2 -o '{v}.png'
refused 'no name' 2 'NAME=VALUES' "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep 1..3 -o '{v}.png'
refused 'an unknown name' 2 'the text has no name "w"' "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep w=1..3 -o '{v}.png'
refused 'nearly a param' 2 'did you mean "sigma"' "$kal" run 'param sigma = 1; in | gaussian sigma' in.ppm --sweep sgima=1..3 -o '{sgima}.png'
refused 'a name twice' 2 'v is given twice' "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=1 --sweep v=2 -o '{v}.png'
refused 'a name set as well' 2 'given by --set' "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=1,2 --set v=2 -o '{v}.png'
refused 'too many' 2 'more than 100000 runs' "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=1..1000000 -o '{v}.png'
refused 'too many together' 2 'more than 100000 runs' "$kal" run 'v = 1; w = 1; in | gaussian v | gaussian w' in.ppm --sweep v=1..1000 --sweep w=1..101 -o '{v}{w}.png'
refused 'a step of 0' 2 'a step is above 0' "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep 'v=1..5 step 0' -o '{v}.png'
refused 'a name of a template' 2 'means something else' "$kal" run 'n = 1; in | gaussian n' in.ppm --sweep n=1..3 -o '{n}.png'
refused 'outputs of one name' 2 'y.png would be written twice, from v=1 and from v=2' "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=1..3 -o y.png
check 'are told before anything is written' test ! -e y.png
refused 'a sweep with pages' 2 'runs a text by itself' "$kal" run --pages 'v = 1; in | gaussian v' in.ppm --sweep v=1..3 -o '{page}.png'

# ---- outputs by template, and the same as with --set
code 'files' 0 "$kal" run 'v = 1; w = 1; in | gaussian v | brightness w' in.ppm --sweep v=1,2 --sweep w=0.5,1 -o '{stem}-{v}-{w}-{n}.ppm'
same 'the last varies fastest' "$(echo in-*.ppm)" 'in-1-0.5-1.ppm in-1-1-2.ppm in-2-0.5-3.ppm in-2-1-4.ppm'
"$kal" run 'v = 1; w = 1; in | gaussian v | brightness w' in.ppm --set v=2 --set w=0.5 -o one.ppm
check 'each as with --set' cmp one.ppm in-2-0.5-3.ppm
mkdir set
for i in 1 2 3; do "$kal" crop in.ppm $((i * 20)) 0 100 100 -o set/p$i.ppm; done
code 'several pictures' 0 "$kal" run 'v = 1; in | gaussian v' set/*.ppm --sweep v=1,2 -o '{stem}-{v}.png' --table two.csv
same 'a picture at a time' "$(field two.csv 1 | tr '\n' ' ')" 'set/p1.ppm set/p1.ppm set/p2.ppm set/p2.ppm set/p3.ppm set/p3.ppm '
check 'all there' test -s p1-1.png -a -s p3-2.png
code 'all pictures together' 0 "$kal" run 'v = 1; insert in2 in1 x=v' in.ppm set/p1.ppm --sweep v=1,2 -o 'both-{v}.ppm'
refused 'a picture over another' 2 'set/p1.ppm is one of the pictures' "$kal" run 'v = 1; in | gaussian v' set/p1.ppm --sweep v=1 -o '{dir}/{stem}.ppm'
code 'what is printed has the values before it' 0 "$kal" run 'v = 1; in | crop 0 0 v 1 | size' in.ppm --sweep v=1,2
same 'in order' "$(cat out)" 'v=1 [1, 1]
v=2 [2, 1]'

# ---- 5 × 4 × 3 on a chain: each common beginning is computed once, with any number of threads
cat >chain.kal <<'TEXT'
a = 1; b = 1; c = 1
dear = in | median_filter 5
first = dear | gaussian a
second = first | bilateral b
third = second | median_filter c
print third | mean
TEXT
for threads in 1 4; do
    code "a chain, $threads threads" 0 "$kal" run -f chain.kal in.ppm --sweep a=1..5 --sweep b=1..4 --sweep c=1..3 --threads $threads --table chain$threads.csv --stats json
    same 'a row a run' "$(wc -l <chain$threads.csv | tr -d ' ')" 61
    has 'the picture is decoded once' "$(cat out)" '"decodes": 1,'
done
# the picture, the median of it, 5 first, 20 second, 60 third, of each of which a mean
same 'each node once' "$(sum chain1.csv 7)" $((1 + 1 + 5 + 20 + 60))
same 'whatever the threads' "$(sum chain4.csv 7)" "$(sum chain1.csv 7)"
same 'the same values' "$(cut -d, -f2-5,9- chain4.csv)" "$(cut -d, -f2-5,9- chain1.csv)"
code 'without a memo' 0 "$kal" run -f chain.kal in.ppm --sweep a=1,2 --sweep b=1..2 --table none.csv --no-memo
same 'everything is computed each time' "$(sum none.csv 5)" 0

# ---- tables
code 'JSON lines' 0 "$kal" run -f chain.kal in.ppm --sweep a=1,2 --table t.jsonl
if command -v python3 >/dev/null; then
    check 'are JSON each' python3 -c 'import json
rows = [json.loads(l) for l in open("t.jsonl")]
assert [r["a"] for r in rows] == [1, 2] and all(len(r["mean"]) == 3 and r["error"] is None for r in rows)'
else
    skip 'JSON lines' 'no python3'
fi
code 'a run that fails' 2 "$kal" run 'x = 0; w = 1; print in | crop x 0 w 9 | mean' in.ppm --sweep x=390,0 --sweep w=20,9 --table bad.csv
same 'has its row' "$(field bad.csv 2 | tr '\n' ' ')$(field bad.csv 3 | tr '\n' ' ')" '390 390 0 0 20 9 20 9 '
has 'and its error' "$(cat bad.csv)" 'x=390 w=20: line 1'
has 'the columns are known all the same' "$(head -n 1 bad.csv)" 'ms,mean,error'
code 'all fail' 1 "$kal" run 'v = 1; print in | gaussian v | exec false version=1 pipe=true | mean' in.ppm --sweep v=1,2 --table bad.csv
same 'two rows' "$(field bad.csv 2 | tr '\n' ' ')" '1 2 '

# ---- values that no run can have
echo before >kept.csv
refused 'a value that is none' 2 'no run can have v=x, v=-2; nothing was run' "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=1,2,x,-2 -o 'wrong-{v}.png' --table kept.csv --manifest wrong.jsonl
check 'nothing is run' test ! -e wrong-1.png -a ! -e wrong.jsonl
same 'and the table stays' "$(cat kept.csv)" before
has 'each is told' "$(cat err)" 'v=x: line 1, column 22: gaussian: sigma=x is not a number'
has 'with what is wrong' "$(cat err)" 'v=-2: line 1, column 13: gaussian: sigma=-2 is outside'
refused 'outside what a param says' 2 'param sigma=60 is outside 0..50' "$kal" run 'param sigma = 1 in 0..50; in | gaussian sigma' in.ppm --sweep sigma=1,60 -o 'wrong-{sigma}.png'
refused 'a text that is wrong itself' 2 'no run can be read; nothing was run' "$kal" run 'v = 1; in | gausian v' in.ppm --sweep v=1,2 -o 'wrong-{v}.png'
same 'is told once' "$(grep -c gausian err)" 2
"$kal" run 'v = 1; in | gaussian v' - --sweep v=3 -o 'piped-{v}.ppm' <in.ppm
refused 'a pipe for several runs' 2 'standard input can be read once, and 2 runs would read it; save it in a file' "$kal" run 'v = 1; in | gaussian v' - --sweep v=4,5 -o 'piped-{v}.ppm'
check 'and nothing is written' test ! -e piped-4.ppm
check 'standard input is not read to try' test -s piped-3.ppm
check 'nothing is run then' test ! -e wrong-1.png
refused 'the last of several' 2 'no run can have w=x; nothing' "$kal" run 'v = 1; w = 1; in | gaussian v | brightness w' in.ppm --sweep v=1,2,3 --sweep w=1,x -o 'wrong-{v}-{w}.png'
code 'a value that the second picture can have' 2 "$kal" run 'x = 1; print in | crop x 0 9 9 | mean' set/p1.ppm in.ppm --sweep x=1,200 --table some.csv
same 'is a run that fails' "$(grep -c 'set/p1.ppm x=200: line 1' some.csv) $(wc -l <some.csv | tr -d ' ')" '1 5'
code 'prints of one name' 0 "$kal" run 'print in | mean; print in | gaussian 2 | mean' in.ppm --table names.csv
has 'are told apart' "$(head -n 1 names.csv)" 'mean,mean_2,error'
code 'a table of pictures' 0 "$kal" mean set/*.ppm --table means.csv
same 'a row each' "$(field means.csv 1 | tr '\n' ' ')" 'set/p1.ppm set/p2.ppm set/p3.ppm '
code 'a table on standard output, and what was done' 0 "$kal" mean set/*.ppm --table - --stats json
same 'are not mixed' "$(grep -c nodes_reused out)$(grep -c nodes_reused err)" 01
code 'a picture there, and a table' 0 "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=2 -o - --format ppm --table one.csv --stats json
check 'the picture' "$kal" info - <out
refused 'both there' 2 'cannot both' "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=2 -o - --format ppm --table -
refused 'a table of another kind' 2 'neither .csv nor .jsonl' "$kal" mean set/*.ppm --table means.txt
refused 'a table over an output' 2 'x-1.csv' "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=1 -o 'x-{v}.csv' --format png --table x-1.csv
refused 'a literal like a column' 2 'a column ms of its own' "$kal" run 'ms = 1; in | gaussian ms | mean' in.ppm --sweep ms=1 --table x.csv

# ---- sheets
code 'a sheet' 0 "$kal" run 'v = 1; w = 1; in | gaussian v | brightness w' in.ppm --sweep v=1,2 --sweep w=0.5,1,2 --sheet sheet.png --cell 100x75
has 'as wide as its columns' "$("$kal" info sheet.png)" '316×'
code 'of another size' 0 "$kal" run 'v = 1; in | resize v' in.ppm --sweep v=100,200 --sheet sizes.png
has 'cells fit the largest' "$("$kal" info sizes.png)" '408×'
code 'with a failure' 2 "$kal" run 'x = 0; w = 1; in | crop x 0 w 9' in.ppm --sweep x=0,390 --sweep w=9,20 --sheet gap.png
check 'is there all the same' test -s gap.png
code 'a sheet of many pictures' 0 "$kal" run 'in | gaussian 2' set/*.ppm --sheet many.png
check 'is there' test -s many.png
refused 'too many for a sheet' 2 '256 pictures at most' "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=1..257 --sheet s.png
refused 'a sheet of no format' 2 'tells no format' "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=1..2 --sheet s.xyz
refused 'a sheet of values' 2 'value' "$kal" run 'v = 1; in | gaussian v | mean' in.ppm --sweep v=1..2 --sheet s.png
refused 'a cell of no sheet' 2 'there is none' "$kal" run 'v = 1; in | gaussian v | mean' in.ppm --sweep v=1..2 --cell 10x10

# ---- killed and taken up again
"$kal" embed in.ppm width=1500 height=1100 edge=wrap -o big.ppm
touch -d '1 hour ago' big.ppm 2>/dev/null
sleep 2.1
dear='v = 1; print in | median_filter 4 | gaussian v | bilateral 4 | mean' values='v=1..8 step 0.5'
"$kal" run "$dear" big.ppm --sweep "$values" --memo-dir memo --threads 1 --table k.csv &
pid=$!
tries=0
while [ "$(cat k.csv 2>/dev/null | wc -l)" -lt 4 ] && [ $tries -lt 600 ]; do sleep 0.05; tries=$((tries + 1)); done
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
same 'what is killed leaves whole lines' "$(awk -F, 'NR > 1 && NF != 10' k.csv)" ''
done=$(($(wc -l <k.csv) - 1))
check 'of what was done' test $done -ge 3
code 'again' 0 "$kal" run "$dear" big.ppm --sweep "$values" --memo-dir memo --threads 1 --table k.csv
same 'finds it' "$(field k.csv 5 | head -n $done | sort -u)" 0
same 'and does the rest' "$(wc -l <k.csv | tr -d ' ')" 16

# ---- lines of what is done do not wait for what is slow
cat >slow.sh <<'TEXT'
while [ ! -e release ]; do sleep 0.05; done
cat
TEXT
echo cat >quick.sh
echo 'cat #' >other.sh
slow='c = cat; print in | crop 0 0 8 8 | exec c pipe=true | mean' three='c=sh slow.sh,sh quick.sh,sh other.sh'
await() { tries=0; while ! eval "$1" && [ $tries -lt 600 ]; do sleep 0.05; tries=$((tries + 1)); done; }
for form in csv jsonl; do
    rm -f release s.jsonl
    "$kal" run "$slow" in.ppm --sweep "$three" --no-memo --threads 2 --table s.$form --manifest m.jsonl >/dev/null 2>&1 &
    pid=$!
    await '[ "$(grep -c .sh s.'$form' 2>/dev/null)" = 2 ]'
    same "$form: two are there while the first is at work" "$(grep -o '[a-z]*\.sh' s.$form | tr '\n' ' ')" 'quick.sh other.sh '
    kill -9 $pid
    touch release   # its program ends, too
    wait $pid 2>/dev/null
    same "$form: and when all is killed" "$(grep -o '[a-z]*\.sh' s.$form | tr '\n' ' ')" 'quick.sh other.sh '
done
same 'in the manifest, too' "$(grep -c '"status": "ok"' m.jsonl)" 4
code 'merge' 1 "$kal" merge m.jsonl
has 'says which one is missing' "$(cat out)" 'missing: 1'
code 'with what was left' 0 sh -c '"$1" run "$2" in.ppm --sweep "$3" --no-memo --threads 2 --manifest m.jsonl --table - >again.csv && "$1" merge m.jsonl' - "$kal" "$slow" "$three"
has 'none is' "$(cat out)" '3 runs: 3 done'
for form in csv jsonl; do
    rm -f release s.$form was.$form   # two lines of the one before are none of this
    "$kal" run "$slow" in.ppm --sweep "$three" --no-memo --threads 2 --table s.$form >/dev/null 2>&1 &
    pid=$!
    await '[ "$(grep -c .sh s.'$form' 2>/dev/null)" = 2 ]'
    chmod 640 s.$form
    ln s.$form was.$form
    touch release
    wait $pid
    check "$form: another file takes its place, so that there is a whole one at any time" \
        test "$(ls -i s.$form | cut -d' ' -f1)" != "$(ls -i was.$form | cut -d' ' -f1)"
    same "$form: at the end they are in order" "$(grep -o '[a-z]*\.sh' s.$form | tr '\n' ' ')" 'slow.sh quick.sh other.sh '
    same "$form: whole, and nothing else" "$(wc -l <s.$form | tr -d ' ') $(ls s.$form* | tr '\n' ' ')" "$([ $form = csv ] && echo 4 || echo 3) s.$form "
    same "$form: as it was allowed" "$(ls -l s.$form | cut -c1-10)" '-rw-r-----'
done
rm -f release
"$kal" run "$slow" in.ppm --sweep "$three" --no-memo --threads 2 --table - >piped.csv 2>/dev/null &
pid=$!
sleep 0.3
touch release
wait $pid
same 'a pipe gets them in order' "$(grep -o '[a-z]*\.sh' piped.csv | tr '\n' ' ')" 'slow.sh quick.sh other.sh '

# ---- what is wrong with all runs is told once
refused 'a suffix of no format' 2 'the suffix of x{v}.foo tells no format' "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=1..90 -o 'x{v}.foo'
same 'is told once' "$(wc -l <err | tr -d ' ')" 1
refused 'no such format' 2 'there is no format "foo"' "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=1..90 -o 'x{v}' --format foo
same 'too' "$(wc -l <err | tr -d ' ')" 1
code 'a suffix that is filled in' 0 "$kal" run 'v = 1; in | gaussian v' in.ppm --sweep v=1..2 -o 'x{v}.{ext}'
check 'is that of the picture' test -s x2.ppm

finish
