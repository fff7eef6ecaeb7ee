#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# One text over many pictures: many.sh PATH-TO-KAL.
here=$(dirname "$0")
. "$here/checks.sh"

# forty pictures of different sizes, two of them bad
mkdir set one two
for i in 0 1 2 3; do
    for k in 0 1 2 3 4 5 6 7 8 9; do
        echo "save (in | crop $((i * 7)) $k $((200 + 40 * i + k)) $((100 + 13 * k))) set/p$i$k.jpg"
    done
done >set.kal
"$kal" run -f set.kal in.ppm
head -c 3000 set/p07.jpg >cut && mv cut set/p07.jpg
echo broken >set/p21.jpg

# ---- good and bad mixed
code 'many, two of them bad' 3 "$kal" run 'in | resize 50 | gaussian 2' set/*.jpg -o 'one/{stem}.png' --threads 4
same 'the good ones are there' "$(ls one | wc -l | tr -d ' ')" 38
same 'the bad ones are told in order, then how many' "$(sed 's/^kal: \([^:]*\).*/\1/' err)" 'set/p07.jpg
set/p21.jpg
2 of 40 failed'
cp err err4
code 'the same with one thread' 3 "$kal" run 'in | resize 50 | gaussian 2' set/*.jpg -o 'two/{stem}.png' --threads 1
check 'gives the same bytes' diff -r one two
same 'and says the same' "$(cat err)" "$(cat err4)"
code '-q says errors only' 3 "$kal" run 'in | resize 50' set/*.jpg -o 'two/{stem}.png' -q
same 'two of them' "$(wc -l <err | tr -d ' ')" 2
same 'no temporary files' "$(find . -name '.*.kal-*')" ''
rm set/p07.jpg set/p21.jpg
code 'a print for each' 0 "$kal" run 'soft = in | resize 50; print soft; soft' set/*.jpg -o '{n}.ppm' --threads 4
cp out prints
code 'and with one thread' 0 "$kal" run 'soft = in | resize 50; print soft; soft' set/*.jpg -o '{n}.ppm' --threads 1
same 'in the order of the pictures' "$(cat prints)" "$(cat out)"
same 'one line for each' "$(grep -c '^soft ' prints)" 38
code 'a picture in common' 0 "$kal" run 'insert (load in.ppm | resize 30) in' set/*.jpg -o 'two/{stem}.ppm' --stats json
json '--stats' out
has 'is found in the memo' "$(grep -c '"nodes_reused": 0,' out)" 0
has 'stats are of all' "$(cat out)" '"encodes": 38'
code 'stats without' 0 "$kal" run in set/*.jpg -o 'two/{stem}.ppm' --stats json
has 'nothing is kept then' "$(cat out)" '"nodes_reused": 0,'
code 'a memory limit holds for all together' 0 "$kal" run 'in | gaussian 2' set/*.jpg -o 'two/{stem}.ppm' --threads 8 --max-memory 1M

# ---- lists
rm -r one two; mkdir one two
ls set/*.jpg >list
code '--files-from' 0 "$kal" run 'in | resize 50' --files-from list -o 'one/{stem}.png'
code 'the same from standard input' 0 sh -c '"$1" run "in | resize 50" --files-from - -o "two/{stem}.png" <list' - "$kal"
check 'the same pictures' diff -r one two
same 'all of them' "$(ls two | wc -l | tr -d ' ')" 38
cp set/p00.jpg 'a
b.jpg'
printf 'a\nb.jpg\0set/p11.jpg' >list0
code '-0' 0 "$kal" run in set/p12.jpg --files-from list0 -0 -o 'two/{n}.ppm'
check 'with one from the line first' test -s two/1.ppm -a -s two/2.ppm -a -s two/3.ppm
has 'in that order' "$("$kal" info two/2.ppm)" "$("$kal" info set/p00.jpg | sed 's/.*jpeg //')"
code 'a list of one' 0 sh -c 'echo set/p30.jpg | "$1" resize --files-from - 40 -o "two/{stem}-{n}.ppm"' - "$kal"
code 'an op over a list' 0 "$kal" resize --files-from list 40 -o 'two/{stem}-40.ppm'
same 'each' "$(ls two/*-40.ppm | wc -l | tr -d ' ')" 38
code 'a list without a template binds in1, in2' 0 sh -c 'printf "in.ppm\nset/p00.jpg\n" | "$1" run "insert in2 in1" --files-from - -o ins.ppm' - "$kal"
printf '  \nset/p00.jpg\n\t \r\n\n set \n' >blanks
refused 'lines of blanks are passed over' 3 ' set : No such' "$kal" run in --files-from blanks -o 'two/{stem}-{n}-b.ppm'
check 'and not counted' test -s two/p00-1-b.ppm
refused 'a list of blanks' 2 'names no file' sh -c 'printf "  \n\n" | "$1" run in --files-from - -o x.ppm' - "$kal"
refused 'an empty list' 2 'names no file' "$kal" run in --files-from /dev/null -o 'one/{stem}.png'
refused 'no such list' 3 'none.txt' "$kal" run in --files-from none.txt -o 'one/{stem}.png'
refused 'bytes of 0 without -0' 2 '-0' "$kal" run in --files-from list0 -o 'one/{stem}.png'
refused '-0 without a list' 2 'files-from' "$kal" run in in.ppm -0 -o x.png
refused 'text and list from one standard input' 2 'both read' "$kal" run -f - --files-from - -o 'one/{stem}.png'
has 'a negative number is no option' "$("$kal" rotate in.ppm -90 -o rot.ppm && "$kal" info rot.ppm)" '300×400'

# ---- where they go
rm -r one two; mkdir one
cp set/p00.jpg one/p01.jpg
mkdir x
refused 'two into one file' 2 'x/p01.png would be written twice, from set/p01.jpg and from one/p01.jpg' "$kal" run in set/*.jpg one/p01.jpg -o 'x/{stem}.png'
same 'before anything is written' "$(ls -A x)" ''
refused 'a picture over another' 2 'set/p01.jpg is one of the pictures' "$kal" run in one/p01.jpg set/p00.jpg set/p01.jpg -o 'set/{stem}.jpg'
check 'is left alone' cmp set/p00.jpg one/p01.jpg
code 'each over itself' 0 "$kal" run 'in | crop 0 0 20 20' one/p01.jpg set/p00.jpg -o '{dir}/{stem}.jpg'
has 'is fine' "$("$kal" info one/p01.jpg)" '20×20'
for i in 1 2 3 4 5 6 7 8; do cp in.ppm "same$i.ppm"; done
code 'files with the same bytes over themselves' 0 "$kal" run 'in | gaussian 20 | crop 0 0 20 20' same*.ppm -o '{dir}/{stem}.ppm' --threads 4
check 'all of them' cmp same1.ppm same8.ppm
refused 'one file by two names' 2 '1.ppm is one of the pictures' "$kal" run in in.ppm ./1.ppm -o '{n}.ppm'
refused 'no such folder' 1 'there is no folder none/such' "$kal" run in set/*.jpg -o 'none/such/{stem}.png'
same 'is told once' "$(wc -l <err | tr -d ' ')" 1
code '{key} of the same picture' 2 "$kal" run in set/p01.jpg set/./p01.jpg -o 'x/{key}.png' --threads 1
has 'names both' "$(cat err)" 'from set/p01.jpg and from set/./p01.jpg'
refused 'a save in the text, for several' 2 'fixed.png would be written twice' "$kal" run 'save in fixed.png; in' set/p01.jpg set/p02.jpg -o 'x/{stem}.png' --threads 1

# ---- on a terminal
code 'progress as JSON' 0 "$kal" run in set/*.jpg -o 'x/{stem}.ppm' --progress json
tail -n 1 err >last
json 'progress' last
has 'progress tells of how many' "$(cat last)" '"of": 38'
if script -qec true /dev/null >/dev/null 2>&1; then
    TERM=xterm script -qec "'$kal' run 'in | gaussian 3' set/*.jpg none.jpg -o 'x/{stem}.png' --progress always" /dev/null >out 2>&1
    has 'progress of all' "$(cat out)" ' of 39  '
    has 'the summary line' "$(cat out)" '38 files '
    has 'an error has its line' "$(tr '\r' '\n' <out | grep none.jpg)" 'kal: none.jpg'
else
    skip 'terminals' 'no script'
fi

# ---- interruption
mkdir stop
"$kal" embed in.ppm width=3000 height=2000 edge=wrap -o big.png
for k in 1 2 3 4 5 6 7 8 9; do ln big.png "big$k.png"; done
fresh=
env --default-signal=INT true 2>/dev/null && fresh='env --default-signal=INT'
for signal in INT TERM; do
    if command -v timeout >/dev/null; then
        timeout --foreground --preserve-status -k 120 -s $signal 1 $fresh "$kal" run 'in | gaussian 300 | gaussian 301 | gaussian 302' big*.png -o 'stop/{stem}.png' --threads 3 >out 2>err
        same "SIG$signal" $? 130
        same "SIG$signal leaves nothing half written" "$(ls -A stop | grep kal-)" ''
        has "SIG$signal: the sentence" "$(cat err)" 'of 10 were done'
        same "SIG$signal: and no other" "$(wc -l <err | tr -d ' ')" 1
    else
        skip "SIG$signal" 'no timeout'
    fi
done

# a pipe that nobody reads
mkfifo full
sleep 120 <full &
reader=$!
if command -v timeout >/dev/null; then
    timeout -k 20 20 "$kal" run 'load big1.png' -o - --format ppm --deadline 0.5 >full 2>err
    same 'a pipe that nobody reads, and a deadline' $? 4
    timeout --foreground --preserve-status -k 20 -s INT 1 $fresh "$kal" run 'load big1.png' -o - --format ppm >full 2>err
    same 'a pipe that nobody reads, and a signal' $? 130
else
    skip 'a pipe that nobody reads' 'no timeout'
fi
kill $reader

# a pipe that nobody writes to: whoever opens it waits, and one signal is enough
mkdir waits
mkfifo fifo
if command -v timeout >/dev/null; then
    timeout --foreground --preserve-status -k 20 -s INT 1 $fresh "$kal" run 'in | invert' big1.png fifo big2.png -o 'waits/{stem}.png' --threads 2 >out 2>err
    same 'a pipe without a writer' $? 130
    same 'leaves nothing half written' "$(ls -A waits | grep kal-)" ''
    has 'and the sentence' "$(cat err)" 'of 3 were done'
    timeout --foreground --preserve-status -k 20 -s INT 1 $fresh "$kal" run 'load fifo' -o waits/one.png >out 2>err
    same 'one alone' $? 130
    same 'says nothing more' "$(cat err)" ''
    refused 'nor is a pipe waited for beyond the deadline' 4 'fifo: while it was opened: the deadline of 0.2 s passed' timeout 20 "$kal" run 'load fifo' -o waits/one.png --deadline 0.2
    refused 'or the limit' 4 'limit of 1 s; --limits seconds=N' timeout 20 "$kal" info fifo --limits seconds=1
else
    skip 'a pipe without a writer' 'no timeout'
fi

# ---- what has no name of its own
"$kal" invert set/p12.jpg -o plain.png
"$kal" invert set/p12.jpg -o /dev/stdout --format png 2>err | cat >piped.png
check 'a pipe behind /dev/stdout' cmp piped.png plain.png
"$kal" invert set/p12.jpg -o /dev/fd/5 --format png 5>&1 >/dev/null 2>err | cat >piped.png
check 'a pipe behind /dev/fd' cmp piped.png plain.png

# ---- how alike
"$kal" gaussian set/p12.jpg 2 -o soft.png
code 'diff --metric' 0 "$kal" diff set/p12.jpg soft.png --metric ssimulacra2
has 'by its name' "$(cat out)" 'ssimulacra2 '
code 'of itself' 0 "$kal" diff soft.png soft.png --metric ssimulacra2,dssim,ssim,psnr --json
json 'that' out
has 'is 100' "$(cat out)" '"ssimulacra2": 100'
has 'and 0' "$(cat out)" '"dssim": 0'
has 'and 1' "$(cat out)" '"ssim": 1'
refused 'too small for five scales' 2 'sides of at least 176 are needed' "$kal" diff soft.png soft.png --metric ms_ssim
refused 'no such metric' 2 'did you mean "ssimulacra2"' "$kal" diff soft.png soft.png --metric ssimulacra
refused 'one that is none' 2 'there are ssimulacra2, dssim, ssim, ms_ssim, psnr' "$kal" diff soft.png soft.png --metric mask_iou
refused 'of other sizes' 2 'psnr: the reference is' "$kal" diff soft.png in.ppm --metric psnr

finish
