#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# kal run --watch: what is changed runs again. Usage: watch.sh PATH-TO-KAL
here=$(dirname "$0")
. "$here/checks.sh"
unset KAL_PLUGINS
fresh=   # a shell in the background hands on SIGINT ignored
env --default-signal=INT true 2>/dev/null && fresh='env --default-signal=INT'
[ -n "$fresh" ] || { echo 'skipped: env has no --default-signal'; exit 0; }
"$kal" run in in.ppm -o in.png
"$kal" invert in.ppm -o other.png

# watch ARGUMENTS: in the background; what it says is in log
watch() {
    : >log
    $fresh "$kal" run --watch "$@" >results 2>log </dev/null &
    pid=$!
}
# until COMMAND…: true within ten seconds
until_true() {
    for i in $(seq 200); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.05
    done
    return 1
}
runs() { until_true grep -q "^kal: run $1[ :]" log; }
stop() {
    kill -INT $pid
    wait $pid
    status=$?
    same "$1: Ctrl-C" $status "${2:-0}"
    cp log err
}
content() { "$kal" key --content in "$1"; }

mkdir lib
echo 'param s = 2' >lib/common.kal
cat >p.kal <<'END'
include "lib/common.kal"
a = in | gaussian s
save (blend a (load other.png) alpha=0.5) "out.png"
print a | mean
END
watch -f p.kal in.png
check 'the first run' runs 1
check 'writes' test -s out.png
first=$(content out.png)
"$kal" gaussian in.ppm 5 -o new.png && cp new.png in.png
check 'a picture that changed' runs 2
has 'is named' "$(grep 'run 2' log)" '(in.png)'
[ "$first" != "$(content out.png)" ] && ok 'and the result with it' || not_ok 'and the result with it'
second=$(content out.png)
"$kal" flip in.ppm -o new.png && mv new.png other.png
check 'a picture that was loaded, and replaced' runs 3
[ "$second" != "$(content out.png)" ] && ok 'another result' || not_ok 'another result'
echo 'param s = 9 "more"' >lib/common.kal
check 'what is included' runs 4
has 'is named too' "$(grep 'run 4' log)" '(lib/common.kal)'
sed 's/0.5/0.25/' p.kal >p.new && mv p.new p.kal
check 'the text' runs 5
same 'prints come each time' "$(grep -c '^\[' results)" 5
# mistakes are told once, and waiting goes on
echo 'param s = = 9' >lib/common.kal
check 'a mistake is told' until_true grep -q 'lib/common.kal: line 1, column 11: a value was expected' log
sleep 2.5
same 'once' "$(grep -c 'a value was expected' log)" 1
echo 'param s = 1' >lib/common.kal
check 'and mended' runs 7
# gone for a moment, and written bit by bit
mv in.png away.png
sleep 0.6
mv away.png in.png
"$kal" run in in.ppm -o whole.png
head -c 2000 whole.png >in.png
sleep 0.05
tail -c +2001 whole.png >>in.png
check 'a picture that was gone, and came in two parts' until_true grep -q '^kal: run [89]' log
sleep 1
same 'is no error' "$(grep -c 'No such file' log)" 0
stop 'after some runs'

# an edit that can never run is a mistake as others are
echo 'blend in (load other.png) alpha=0.5 | save "edited.png"' >edit.kal
watch -f edit.kal in.png
check 'a text' runs 1
sed 's/edited.png/other.png/' edit.kal >edit.new && cp edit.kal kept.kal && mv edit.new edit.kal
check 'that would write what it reads' until_true grep -q 'each run would be the reason' log
mv kept.kal edit.kal
check 'is mended' runs 3
stop 'after a mended edit'

# what the memo knows is not computed again
watch 'a = load in.png | gaussian 30 | gaussian 31 | gaussian 30; blend a (load other.png) alpha=0.5 | save memo.png'
check 'a dear text' runs 1
"$kal" invert in.ppm -o new.png && mv new.png other.png
check 'runs again' runs 2
memo=$(sed -n 's/.*run 2 .*memo \([0-9]*\).*/\1/p' log)
check 'and finds the dear part' test "${memo:-0}" -gt 0
stop 'the memo'

# each picture of several
mkdir many
cp in.png many/a.png; cp in.png many/b.png
watch 'in | invert' many/a.png many/b.png -o '{stem}.out.png'
check 'several' runs 1
cp other.png many/b.png
check 'one of them' runs 2
same 'writes all' "$(sed -n 's/.*run 2 .*: \([0-9]*\) written.*/\1/p' log)" 2
stop 'several'

# what is not there yet
rm -f late.png
watch 'load late.png | save late.out.png'
check 'no such picture' until_true grep -q 'late.png: No such file' log
cp in.png late.png
check 'until it comes' until_true test -s late.out.png
sleep 0.3
stop 'late'
watch -f nowhere.kal in.png
check 'no such text' until_true grep -q 'nowhere.kal: No such file' log
echo 'in | invert | save nowhere.png' >nowhere.kal
check 'until it comes, too' until_true test -s nowhere.png
sleep 0.3
stop 'late text'

refused 'standard input' 2 'standard input can be read once' "$kal" run --watch 'load - | save x.png'
refused 'a text from there' 2 'standard input can be read once' "$kal" run --watch -f - in.png
refused 'a picture from there' 2 'standard input can be read once' "$kal" run --watch 'in | save x.png' -
refused 'what is read is written' 2 'in.png is read and would be written' "$kal" run --watch 'load in.png | invert | save in.png'
refused 'under another name' 2 'would be written' "$kal" run --watch 'in | invert' in.png -o ./lib/../in.png
refused 'only runs' 2 'no option --watch' "$kal" key --watch in in.png
same 'nothing is left behind' "$(find . -name '.*.kal-*')" ''
finish
