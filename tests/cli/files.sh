#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# What is read is not written over, and nothing is made by looking: files.sh PATH-TO-KAL.
here=$(dirname "$0")
. "$here/checks.sh"
unset KAL_SHARD KAL_MEMO_DIR KAL_MEMO_REMOTE

# ---- nothing that is read is written over
# spared WHAT WORDS FILE command…: refused, and the file is as it was
spared() {
    what=$1 words=$2 file=$3
    shift 3
    cp "$file" before
    refused "$what" 2 "$words" "$@"
    check "$what: it is as it was" cmp before "$file"
}
cp in.ppm a.ppm; cp in.ppm b.ppm; cp in.ppm t.csv; cp in.ppm t.png; cp in.ppm p.json; cp in.ppm m.jsonl
ln t.csv hard.csv; ln -s t.csv soft.csv
printf 'include "part.csv"\nin | gaussian s\n' >text.csv
printf 's = 2\n' >part.csv
printf 'a.ppm\nb.ppm\n' >list.csv
cp list.csv list.png; cp text.csv text.png; cp part.csv part.png
spared 'a table over a picture' 'one of the pictures, and --table' t.csv "$kal" run 'in | mean' a.ppm t.csv --table t.csv
spared 'by another name' 'one of the pictures, and --table' t.csv "$kal" run 'in | mean' a.ppm t.csv --table ./soft.csv
spared 'by a hard link' 'one of the pictures, and --table' t.csv "$kal" run 'in | mean' a.ppm t.csv --table hard.csv
spared 'over one picture' 'one of the pictures, and --table' t.csv "$kal" mean t.csv --table t.csv
spared 'a manifest over a picture' 'one of the pictures, and --manifest' m.jsonl "$kal" run 'in | mean' a.ppm m.jsonl --manifest m.jsonl
spared 'a sheet over a picture' 'one of the pictures, and --sheet' t.png "$kal" run 'v = 1; in | gaussian v' t.png --sweep v=1,2 --sheet t.png
spared 'a profile over a picture' 'one of the pictures, and --profile' p.json "$kal" run 'in | invert' p.json -o x.png --profile p.json
spared 'a table over the text' 'the text of -f, and --table' text.csv "$kal" run -f text.csv a.ppm b.ppm --table text.csv
spared 'over what it includes' 'included by the text, and --table' part.csv "$kal" run -f text.csv a.ppm b.ppm --table part.csv
spared 'over the list' 'the list of --files-from, and --table' list.csv "$kal" run 'in | mean' --files-from list.csv --table list.csv
spared 'over what the text loads' 'named by the text, and --table' t.csv "$kal" run 'load t.csv | mean' --table t.csv
spared 'a profile over what it loads' 'named by the text, and --profile' p.json "$kal" run 'load p.json | invert' -o x.png --profile p.json
spared 'in quotes' 'named by the text, and --table' t.csv "$kal" run 'f = "t.csv"; load f | mean' --table hard.csv
spared 'by --set' 'named by the text, and --table' t.csv "$kal" run 'f = "a.ppm"; load f | mean' --set f=t.csv --table t.csv
spared 'by --sweep' 'named by the text, and --table' t.csv "$kal" run 'f = "a.ppm"; load f | mean' --sweep f=a.ppm,t.csv --table t.csv
spared '-o over the text' 'text.png is the text of -f' text.png "$kal" run -f text.png a.ppm -o text.png
spared 'over what it includes' 'part.csv is included by the text' part.csv "$kal" run -f text.csv a.ppm -o part.csv --format png
spared 'over the list' 'list.png is the list' list.png "$kal" run 'insert in2 in1' --files-from list.png -o list.png
spared 'of many, over the text' 'text.png is the text of -f' text.png "$kal" run -f text.png a.ppm b.ppm -o '{dir}/text.png'
printf 'in | save text.png\n' >text.png
spared 'a save over the text' 'text.png is the text of -f' text.png "$kal" run -f text.png a.ppm
printf 'in\n' >text.png
spared 'pages over the text' 'text.png is the text of -f' text.png "$kal" run --pages -f text.png a.ppm -o text.png
refused 'a table and a manifest' 2 'written twice, by --manifest and by --table' "$kal" run 'in | mean' a.ppm b.ppm --table both.jsonl --manifest ./both.jsonl
check 'none is made' test ! -e both.jsonl
refused 'a table and a profile' 2 'written twice, by --manifest and by --profile' "$kal" run 'in | mean' a.ppm b.ppm --manifest both.json --profile both.json
refused 'a sheet and a picture' 2 'written twice, by --sheet and as a picture' "$kal" run 'v = 1; in | gaussian v' a.ppm --sweep v=1,2 --sheet v1.png -o 'v{v}.png'
spared 'a drawing over a picture' 'one of the pictures, and -o' a.ppm "$kal" graph --svg in a.ppm -o a.ppm
spared 'over the text' 'the text of -f, and -o' text.csv "$kal" graph --svg -f text.csv a.ppm -o text.csv
spared 'over what it includes' 'named by the text, and -o' part.csv "$kal" graph --svg -f text.csv a.ppm -o part.csv
spared 'over what it loads' 'named by the text, and -o' t.csv "$kal" graph --svg 'load t.csv' -o t.csv
"$kal" run 'in | mean' a.ppm b.ppm --manifest one.jsonl >out
spared 'what is merged over a manifest' 'one of the manifests, and -o' one.jsonl "$kal" merge one.jsonl -o ./one.jsonl
code 'a manifest that goes on' 0 "$kal" run 'in | mean' a.ppm b.ppm --manifest one.jsonl
code 'devices are no files' 0 "$kal" run 'in | mean' a.ppm b.ppm --manifest /dev/null --table -
mkfifo once
(cat in.ppm >once) &
code 'a pipe is read once' 0 "$kal" run 'load once | mean' --table m.csv --deadline 20
code 'a picture over itself' 0 "$kal" run 'load b.ppm | crop 0 0 20 20 | save b.ppm' --profile p2.json

# ---- who only looks makes nothing
text='in | median_filter 3 | save never.png'
code 'a dry run' 0 "$kal" run "$text" in.ppm --dry-run --memo-dir no1
refused 'read-only' 5 'not in the memo' "$kal" run "$text" in.ppm --read-only --memo-dir no2
code 'explain' 0 "$kal" explain "$text" in.ppm --memo-dir no3
code 'explain --why' 0 "$kal" explain --why "$text" in.ppm --memo-dir no4
has 'is of an empty memo' "$(cat out)" 'nothing like it is there'
code 'key' 0 "$kal" key 'in | invert' in.ppm --memo-dir no5
code 'help' 0 "$kal" run --help --memo-dir no6
for verb in stat list verify gc clear 'why 00000000000000000000000000000000' 'export no7'; do
    refused "memo $verb" 2 'there is no memo there' "$kal" memo $verb --memo-dir no8
done
code 'a graph, with the variable' 0 env KAL_MEMO_DIR=no9 "$kal" graph --svg 'in | invert' in.ppm
code 'info, with the variable' 0 env KAL_MEMO_DIR=no9 "$kal" info in.ppm
code 'a dry run, with the variable' 0 env KAL_MEMO_DIR=no9 "$kal" run "$text" in.ppm --dry-run
code 'another folder than the variable' 0 env KAL_MEMO_DIR=no9 "$kal" run "$text" in.ppm --memo-dir yes
check 'which is made' test -d yes/v1
same 'none of the others' "$(ls -d no* 2>/dev/null)" ''
rm -r never.png yes/CACHEDIR.TAG
find yes | sort >before
code 'memo stat' 0 "$kal" memo stat --memo-dir yes
code 'memo list' 0 "$kal" memo list --memo-dir yes
key=$(head -n 1 out | cut -c1-32)
code 'memo why' 0 "$kal" memo why "$key" --memo-dir yes
find yes | sort >after
check 'what looks at one leaves it as it is' cmp before after

# ---- from folder to folder
mkdir etc && echo 127.0.0.1 >etc/hosts
refused 'import from what is no memo' 2 'etc: there is no memo there' "$kal" memo import etc --memo-dir into
same 'makes nothing in it' "$(ls -A etc)" hosts
check 'nor one for it' test ! -e into
code 'import' 0 "$kal" memo import yes --memo-dir into
find yes | sort >after
check 'leaves its source as it is' cmp before after
printf x | dd of="$(echo yes/v1/??/* | cut -d' ' -f1)" bs=1 seek=4100 conv=notrunc 2>/dev/null
cp -r yes whole
"$kal" memo import yes --memo-dir into2 >out 2>err
check 'a damaged one, too' diff -r yes whole
refused 'export of an unknown key' 1 'no whole entry 00000000000000000000000000000000' "$kal" memo export new 00000000000000000000000000000000 --memo-dir into
check 'makes no folder' test ! -e new
refused 'of what is no key' 2 'is no key of' "$kal" memo export new abc --memo-dir into
check 'neither' test ! -e new
code 'of one that is there' 0 "$kal" memo export new "$key" --memo-dir into

# ---- a folder that cannot be made
code 'of the variable' 0 env KAL_MEMO_DIR=/proc/nowhere/memo "$kal" run "$text" in.ppm
has 'is told' "$(cat err)" "kal: warning: the memo's folder /proc/nowhere/memo cannot be made"
same 'once' "$(wc -l <err | tr -d ' ')" 1
check 'and the run goes on' test -s never.png
code 'of many' 0 env KAL_MEMO_DIR=/proc/nowhere/memo "$kal" run 'in | mean' a.ppm b.ppm --table -
same 'once, too' "$(wc -l <err | tr -d ' ')" 1
code 'quietly' 0 env KAL_MEMO_DIR=/proc/nowhere/memo "$kal" run "$text" in.ppm -q
same 'nothing is said' "$(cat err)" ''
refused 'one that was asked for' 3 'cannot be made' "$kal" run "$text" in.ppm --memo-dir /proc/nowhere/memo
refused 'a URL of it' 2 'is a URL, and a folder is meant: /mnt/memo' "$kal" run "$text" in.ppm --memo-dir file:///mnt/memo
refused 'for a question' 2 'is a URL, and a folder is meant: /mnt/memo' "$kal" memo stat --memo-dir file:///mnt/memo
code 'a URL of the variable' 0 env KAL_MEMO_DIR=file:///mnt/memo "$kal" run "$text" in.ppm
has 'is a warning' "$(cat err)" 'kal: warning: the memo'"'"'s folder file:///mnt/memo is a URL'
check 'is no folder here' test ! -e file:

# ---- files that must not be longer ----------------------------------------------------------------

(ulimit -f 64; "$kal" run 'in | median_filter 3 | resize width=30' in.ppm -o short.png --memo-dir shortmemo -q) 2>err
same 'a memo that may not grow is a warning' "$?" 0
(ulimit -f 64; "$kal" run 'in | resize width=900' in.ppm -o long.ppm -q) 2>err
same 'an output that may not is an error' "$?" 1
has 'which says so' "$(cat err)" 'long.ppm: writing: File too large'
same 'and nothing is left' "$(find . -name '*long.ppm*')" ''
# ---- texts that are written: whole, where they are meant, with the rights that they had
draw() { "$kal" graph --dot 'solid 3' -o "$1"; }
{ draw /dev/stdout; echo MORE; } >drawn
same 'what comes behind standard output stays' "$(tail -n 1 drawn)" MORE
sed '$d' drawn >want.dot
ln -s led.dot link.dot
draw link.dot
check 'a link to nothing leads to what is made' cmp led.dot want.dot
echo old >led.dot; chmod 640 led.dot; ln led.dot was.dot
draw link.dot
check 'and stays one' test -L link.dot
check 'what it leads to is another file' cmp led.dot want.dot
same 'with its rights' "$(ls -l led.dot | cut -c1-10)" '-rw-r-----'
same 'and the old one is whole' "$(cat was.dot)" old
(ulimit -f 0; draw led.dot) 2>err
same 'where there is no room it fails' $? 1
check 'and the old one is whole' cmp led.dot want.dot
mkdir closed; echo old >closed/x.dot; chmod 555 closed
draw closed/x.dot
check 'where no file can be made, into it' cmp closed/x.dot want.dot
chmod 755 closed
mkfifo pipe.dot; cat pipe.dot >piped & draw pipe.dot; wait
check 'a pipe gets it' cmp piped want.dot
same 'and nothing is left beside' "$(ls -a | grep -c '\.part$')" 0

finish
