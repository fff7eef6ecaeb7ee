#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# A folder of earlier results, from the outside: what a second run need not do, what `kal memo` says, what becomes of damage. memo.sh PATH-TO-KAL.
here=$(dirname "$0")
. "$here/checks.sh"

"$kal" embed in.ppm width=1500 height=1100 edge=wrap -o big.jpg
# a file is known by its times when they are older than two seconds
touch -d '1 hour ago' big.jpg 2>/dev/null
sleep 2.1
text='load big.jpg | crop 120 80 256 256 | gaussian 6 | uncrop feather=8 | save out.png'

code 'a first run' 0 "$kal" run "$text" --memo-dir memo --stats json
has 'does the work' "$(cat out)" '"decodes": 1'
cp out.png first.png
rm out.png
code 'a second run' 0 "$kal" run "$text" --memo-dir memo --stats json
has 'decodes nothing' "$(cat out)" '"decodes": 0'
has 'computes nothing' "$(cat out)" '"computed_tiles": 0'
has 'encodes nothing' "$(cat out)" '"encodes": 0'
has 'reads nothing of the picture but its header' "$(cat out)" '"bytes_read": 0'
check 'and writes the same' cmp out.png first.png
code 'by the environment' 0 env KAL_MEMO_DIR=memo "$kal" run "$text" --stats json
has 'the same' "$(cat out)" '"encodes": 0'
code 'without it' 0 env KAL_MEMO_DIR=memo "$kal" run "$text" --stats json --no-memo
has 'all of it' "$(cat out)" '"decodes": 1'
code 'another sigma' 0 "$kal" run "$(echo "$text" | sed 's/gaussian 6/gaussian 7/')" --memo-dir memo --stats json
has 'finds the picture decoded' "$(cat out)" '"decodes": 0'

# ---- files of a shape that is known, whose contents are learned first
for i in 1 2 3 4; do "$kal" embed in.ppm width=$((400 + i)) height=310 x=$i edge=wrap -o - --format ppm | "$kal" crop - 0 0 400 300 -o "shape$i.ppm"; done
touch -d '1 hour ago' shape?.ppm 2>/dev/null
sleep 2.1
code 'two of them' 0 "$kal" run 'in | blend in2 alpha=0.5 | save mixed.png' shape1.ppm shape2.ppm --memo-dir shapes --stats json
code 'two others' 0 "$kal" run 'in | blend in2 alpha=0.5 | save mixed.png' shape3.ppm shape4.ppm --memo-dir shapes --stats json
has 'are both told to be decoded' "$(cat out)" '"decodes": 2'

# ---- packed
plain='load big.jpg | bilateral 3 memo=always | save out.ppm'
code 'packed' 0 "$kal" run "$plain" --memo-dir thin --memo-pack zstd --stats json
if grep -q libzstd err; then
    skip 'packing: libzstd is not there'
else
    cp out.ppm first.ppm
    code 'plain' 0 "$kal" run "$plain" --memo-dir wide
    check 'takes less room' test "$(du -sk thin | cut -f1)" -lt "$(du -sk wide | cut -f1)"
    code 'found by who does not pack' 0 "$kal" run "${plain%.ppm}.png" --memo-dir thin --stats json
    has 'nothing computed' "$(cat out)" '"computed_tiles": 0'
    code 'from far' 0 "$kal" run "${plain%.ppm}.qoi" --memo-remote "file://$PWD/thin?read_only" --stats json
    has 'nothing computed either' "$(cat out)" '"computed_tiles": 0'
    "$kal" run 'in | save again.ppm' out.qoi
    check 'the same' cmp again.ppm first.ppm
    code 'verify' 0 "$kal" memo verify --memo-dir thin
    code 'by the environment' 0 env KAL_MEMO_DIR=thin2 KAL_MEMO_PACK=zstd "$kal" run "$plain"
    check 'as small' test "$(du -sk thin2 | cut -f1)" -lt "$(du -sk wide | cut -f1)"
fi
refused 'another packing' 2 'none|zstd' "$kal" run "$plain" --memo-dir thin --memo-pack lzma

# ---- audit
code 'audit' 0 "$kal" run "$text" --memo-dir memo --audit 100% --stats json
has 'computes again' "$(cat out)" '"encodes": 0'
check 'and finds it right' cmp out.png first.png
refused 'no share' 2 'audit' "$kal" run "$text" --audit 200%

# ---- why
code 'explain --why' 0 "$kal" explain --why "$text" --memo-dir memo
has 'a hit' "$(head -n 1 out)" 'hit  '
code 'of another sigma' 0 "$kal" explain --why "$(echo "$text" | sed 's/gaussian 6/gaussian 8/')" --memo-dir memo
has 'the parameter' "$(cat out)" 'gaussian: sigma=8, there sigma='
has 'the picture is there' "$(cat out)" 'hit  '
"$kal" embed in.ppm width=1500 height=1100 edge=mirror -o other.jpg
code 'of another file' 0 "$kal" explain --why "$(echo "$text" | sed 's/big/other/')" --memo-dir memo
has 'its bytes' "$(cat out)" 'load jpeg: other bytes'
code 'of another format' 0 "$kal" explain --why "$(echo "$text" | sed 's/out.png/out.qoi/')" --memo-dir memo
has 'what it stands on is there' "$(cat out)" 'hit  '
code 'memo why' 0 "$kal" memo why "$("$kal" memo list --memo-dir memo | grep ' save png' | head -n 1 | cut -c1-32)" --memo-dir memo
has 'what it was made from' "$(cat out)" 'gaussian 2 sigma='
refused 'memo why of nothing' 2 'is not there' "$kal" memo why 00000000000000000000000000000000 --memo-dir memo
refused 'memo why of no key' 2 '32 hex digits' "$kal" memo why abc --memo-dir memo
touch -d '1 hour ago' other.jpg 2>/dev/null
code 'what differs is told once' 0 "$kal" explain --why "$(echo "$text" | sed 's/big/other/')" --memo-dir memo
same 'by the names of files' "$(sed -n '3p' out | tr -s ' ')" ' load jpeg: other bytes: file="other.jpg", there file="big.jpg"'
cat >weights <<'END'
1
END
code 'a program' 0 "$kal" run 'in | crop 0 0 64 64 | exec "cp {in} {out}" files=[weights] | save exec.png' in.ppm --memo-dir memo
echo 2 >weights
code 'with another file' 0 "$kal" explain --why 'in | crop 0 0 64 64 | exec "cp {in} {out}" files=[weights] | save exec.png' in.ppm --memo-dir memo
has 'whose bytes are others' "$(cat out)" 'the bytes of a file it names'
refused 'no JSON of it' 2 'has no JSON' "$kal" explain --why --json "$text" --memo-dir memo
refused 'why without a folder' 2 'of which folder' "$kal" explain --why "$text"

# ---- far away
code 'to a far folder' 0 "$kal" run "$text" --memo-remote "file://$PWD/distant"
bad=$("$kal" memo list --memo-dir distant | grep ' save png' | cut -c1-32)
printf x | dd of="distant/v1/$(echo "$bad" | cut -c1-2)/$(echo "$bad" | cut -c3-)" bs=1 seek=4100 conv=notrunc 2>/dev/null
code 'one entry of which is damaged' 0 "$kal" run "$text" --memo-remote "file://$PWD/distant" --stats json
has 'the others are found' "$(cat out)" '"decodes": 0'
check 'and the picture is right' cmp out.png first.png
code 'it was sent anew' 0 "$kal" run "$text" --memo-remote "file://$PWD/distant" --stats json
has 'and is found' "$(cat out)" '"encodes": 0'
head -c 32 /dev/urandom >secret
code 'with a secret' 0 "$kal" run "$text" --memo-remote "file://$PWD/distant2?secret=secret"
code 'once more' 0 "$kal" run "$text" --memo-remote "file://$PWD/distant2?secret=secret" --stats json
has 'all was sent' "$(cat out)" '"encodes": 0'

# ---- kal memo
code 'stat' 0 "$kal" memo stat --memo-dir memo
has 'says how many' "$(cat out)" ' entries, '
code 'stat as JSON' 0 "$kal" memo stat --memo-dir memo --json
json 'stat' out
has 'nothing is damaged' "$(cat out)" '"damaged": 0'
code 'list' 0 "$kal" memo list --memo-dir memo
has 'says what was made' "$(cat out)" 'gaussian 2 sigma=6'
code 'list as JSON' 0 "$kal" memo list --memo-dir memo --json
json 'list' out
code 'verify' 0 "$kal" memo verify --memo-dir memo
has 'finds all whole' "$(cat out)" ' 0 damaged'
for f in memo/v1/??/*; do printf x | dd of="$f" bs=1 seek=4100 conv=notrunc 2>/dev/null; done
code 'verify after damage' 1 "$kal" memo verify --memo-dir memo
has 'removes it' "$(cat out)" ' damaged and removed'
code 'and then' 0 "$kal" memo verify --memo-dir memo --json
json 'verify' out
has 'none is' "$(cat out)" '"damaged": []}'
code 'a run makes it again' 0 "$kal" run "$text" --memo-dir memo --stats json
check 'right' cmp out.png first.png
for f in memo/v1/??/*; do printf x | dd of="$f" bs=1 seek=4100 conv=notrunc 2>/dev/null; done
code 'a run among damage' 0 "$kal" run "$text" --memo-dir memo --stats json
has 'decodes' "$(cat out)" '"decodes": 1'
check 'right as well' cmp out.png first.png
for f in memo/v1/??/*; do
    n=$(wc -c <"$f")
    head -c "$n" /dev/zero >"$f"
done
code 'a run among zeros' 0 "$kal" run "$text" --memo-dir memo --stats json
has 'decodes' "$(cat out)" '"decodes": 1'
code 'and what it made is there' 0 "$kal" run "$text" --memo-dir memo --stats json
has 'found' "$(cat out)" '"encodes": 0'
code 'to somewhere far' 0 "$kal" run "$text" --memo-remote "file://$PWD/far" --stats json
has 'does the work there was' "$(cat out)" '"encodes": 1'
code 'from there' 0 "$kal" run "$text" --memo-dir near --memo-remote "file://$PWD/far?read_only" --stats json
has 'encodes nothing' "$(cat out)" '"encodes": 0'
check 'and it is right' cmp out.png first.png
code 'a copy is here' 0 "$kal" run "$text" --memo-dir near --stats json
has 'encodes nothing' "$(cat out)" '"encodes": 0'
code 'nobody there' 0 env KAL_MEMO_REMOTE=http://127.0.0.1:1/x "$kal" run "$text" --stats json
check 'is right all the same' cmp out.png first.png
refused 'nowhere' 2 'is no place for a memo' "$kal" run "$text" --memo-remote ftp://host/
refused 'an option that is none' 2 'there is no "timeout"' "$kal" run "$text" --memo-remote file:///x?timeout=4
echo hello >memo/v1/letter
refused 'clear of one key' 2 'is of the whole folder' "$kal" memo clear 00000000000000000000000000000000 --memo-dir memo
code 'gc' 0 "$kal" memo gc --memo-dir memo --memo-size 1K
code 'gc as JSON' 0 "$kal" memo gc --memo-dir memo --memo-size 1K --json
json 'gc' out
has 'says what is left' "$(cat out)" '"on_disk": '
code 'clear' 0 "$kal" memo clear --memo-dir memo
has 'leaves nothing' "$(cat out)" '0 B'
same 'but what is none of ours' "$(cat memo/v1/letter)" hello
refused 'memo without a folder' 2 'of which folder' "$kal" memo stat
refused 'no memo' 2 'there is no memo there' "$kal" memo stat --memo-dir nowhere
check 'and none is made' test ! -e nowhere
refused 'memo what?' 2 'there is no "stats"' "$kal" memo stats --memo-dir memo
echo >file
refused 'a folder that is none' 3 "the memo's folder file cannot be opened" "$kal" run "$text" --memo-dir file

# ---- a file that changes in place is another one, however its times are set
"$kal" crop in.ppm 0 0 64 64 -o a.ppm
"$kal" invert a.ppm -o b.ppm
cp a.ppm now.ppm
touch -d '1 hour ago' now.ppm 2>/dev/null
sleep 2.1
"$kal" run 'load now.ppm | save one.ppm' --memo-dir memo
cp b.ppm now.ppm
touch -d '1 hour ago' now.ppm 2>/dev/null
"$kal" run 'load now.ppm | save two.ppm' --memo-dir memo
check 'no stale pixel' cmp two.ppm b.ppm

# ---- a program is audited as any op
cat >letters.sh <<'TEXT'
cat >/dev/null
printf 'P5 1 1 255\n'
cat letter
TEXT
printf A >letter
letters='in | crop 0 0 1 1 | gray | exec "sh letters.sh" pipe=true format=pnm | invert memo=always | mean'
for what in kept found; do
    code "a program, $what" 0 "$kal" run "$letters" in.ppm --memo-dir programs --audit 100%
done
"$kal" memo list --memo-dir programs | grep -v ' exec ' | cut -c1-32 >others
printf B >letter
for f in $(sed 's,^\(..\),programs/v1/\1/,' others); do rm -f "$f"; done
refused 'another letter' 1 'audit: exec, key ' "$kal" run "$letters" in.ppm --memo-dir programs --audit 100%

# ---- what is said of a node that hangs on a value
code 'always' 0 "$kal" run 'in | gray | threshold value=(in | gray | mean) memo=always | mean' in.ppm --memo-dir later
has 'is kept as what it proves to be' "$("$kal" memo list --memo-dir later)" ' threshold '
code 'not said' 0 "$kal" run 'in | gray | threshold value=(in | gray | mean) | mean' in.ppm --memo-dir later2
same 'it is too cheap' "$("$kal" memo list --memo-dir later2 | grep -c ' threshold ')" 0

# ---- explain tells what is there
"$kal" resize in.ppm 1600x1200 -o wide.ppm
printf 'x = 0\nbase = in | gaussian 3\ninsert (in | crop 0 0 100 100) base x=x y=0 | bilateral 4\n' >paste.kal
"$kal" run -f paste.kal wide.ppm --memo-dir parts -o parts.png >/dev/null 2>&1
code 'explain of an edited picture' 0 "$kal" explain -f paste.kal wide.ppm --memo-dir parts --set x=20
has 'tells its parts' "$(head -n 1 out)" 'bilateral: 34 of 35 parts of 256×256 are in the memo (entries: 1); the others lie in 256×256+0+0'
code 'as JSON' 0 "$kal" explain --json -f paste.kal wide.ppm --memo-dir parts --set x=20
has 'too' "$(cat out)" '"parts": 35, "known_parts": 34, "side": 256, "entries": 1, "missing": [0, 0, 256, 256]'
json 'which' out
code 'explain of what is there whole' 0 "$kal" explain -f paste.kal wide.ppm --memo-dir parts
has 'finds it' "$(cat out)" 'from the memo'
code 'of bytes that are' 0 sh -c '"$1" run "in | gaussian 3 | save soft.png" wide.ppm --memo-dir parts && "$1" explain "in | gaussian 3 | save soft.png" wide.ppm --memo-dir parts' - "$kal"
same 'plans nothing' "$(cat out)" 'save png: in the memo'
code 'without a folder' 0 "$kal" explain -f paste.kal wide.ppm --set x=20
same 'nothing is known' "$(grep -c 'in the memo' out)" 0

# ---- what a remote did, and that there is none
code 'a remote' 0 "$kal" run 'print in | gaussian 5 memo=always | mean' in.ppm --memo-remote "file://$dir/far" --stats json
check 'counts' grep -q '"remote": {"hits": 0, "misses": [1-9], "refused": 0, "stored": [1-9], "dropped": 0, "failed": 0}' out
tail -n 1 out >line
json 'all of it' line
same 'and is no warning' "$(cat err)" ''
code 'again' 0 "$kal" run 'print in | gaussian 5 memo=always | mean' in.ppm --memo-remote "file://$dir/far" --stats json
has 'gives' "$(tail -n 1 out)" '"remote": {"hits": 1,'
code 'one that is not there' 0 "$kal" run 'print in | gaussian 5 memo=always | mean' in.ppm --memo-remote file:///proc/nowhere/far
has 'is told' "$(cat err)" "kal: warning: the memo's remote file:///proc/nowhere/far: it cannot be opened: No such file or directory"
same 'once' "$(grep -c warning err)" 1
code 'of the environment' 0 env KAL_MEMO_REMOTE=file:///proc/nowhere/far "$kal" mean in.ppm
same 'too' "$(grep -c 'file:///proc/nowhere/far' err)" 1
code 'for many pictures' 0 "$kal" run 'in | mean' in.ppm in.ppm in.ppm --table many.csv --memo-remote file:///proc/nowhere/far
same 'once, too' "$(grep -c 'file:///proc/nowhere/far' err)" 1
code 'quietly' 0 "$kal" mean in.ppm --memo-remote file:///proc/nowhere/far -q
same 'not' "$(cat err)" ''

# ---- folders that may not be made or written, as told to who is not root
plain=env
[ "$(id -u)" = 0 ] && plain='setpriv --reuid=65534 --regid=65534 --clear-groups'
chmod 755 "$dir" in.ppm
if $plain "$kal" info in.ppm >/dev/null 2>&1; then
    mkdir -m 755 shut own
    "$kal" run 'print in | gaussian 4 memo=always | mean' in.ppm --memo-dir own/memo >/dev/null
    chmod -R a+rX,a-w own
    [ "$(id -u)" = 0 ] || chmod a-w shut
    refused 'a folder that cannot be made' 3 "the memo's folder shut/a/b cannot be made: shut/a: Permission denied" $plain "$kal" run 'print in | mean' in.ppm --memo-dir shut/a/b
    refused 'one that is a file' 3 "the memo's folder in.ppm cannot be opened: Not a directory" $plain "$kal" run 'print in | mean' in.ppm --memo-dir in.ppm
    code 'one that may only be read' 0 $plain "$kal" run 'print in | gaussian 4 memo=always | mean' in.ppm --memo-dir own/memo --stats json
    has 'is told' "$(cat err)" "kal: warning: the memo's folder own/memo: it may not be written to: Permission denied; what is in it is still found"
    has 'and found' "$(cat out)" '"nodes_reused": 1'
    refused 'and not collected' 1 "the memo's folder own/memo: nothing can be removed there: Permission denied" $plain "$kal" memo gc --memo-dir own/memo
    chmod u+w -R own shut
else
    skip 'folders that may not be written' 'only root is here, and setpriv is not'
fi

# ---- what an entry is, whole
"$kal" run 'load in.ppm memo=always | gaussian 30 memo=always | save long.png' --memo-dir told
code 'list' 0 "$kal" memo list --memo-dir told
has 'names the file first' "$(cat out)" ' load pnm kallitype 1 file="in.ppm" digest='
has 'and cuts nothing of a line into a pipe' "$(grep ' load pnm' out)" ' left_out=0'
loaded=$(grep ' load pnm' out | cut -c1-32)
code 'memo why of a picture that was loaded' 0 "$kal" memo why "$loaded" --memo-dir told
has 'names it' "$(head -n 1 out)" 'file="in.ppm" digest='
has 'whole' "$(head -n 1 out)" ' left_out=0'
has 'and says what it is made from' "$(sed -n 2p out)" '  read from "in.ppm", whatever its path, with these bytes: digest='
code 'explain --why' 0 "$kal" explain --why 'in | gaussian 31 memo=always' in.ppm --memo-dir told
has 'names it, too' "$(cat out)" 'hit  '"$loaded"' load pnm kallitype 1 file="in.ppm" digest='
if script -qec true /dev/null >/dev/null 2>&1; then
    script -qec "stty cols 60; '$kal' memo list --memo-dir told; '$kal' memo why $loaded --memo-dir told" /dev/null </dev/null >out 2>&1
    has 'on a terminal a line is cut, with a mark' "$(cat out)" '…'
    same 'at its end' "$(tr -d '\r' <out | sed 's/…/./g' | awk 'length > 60' | grep -v ' kB \| MB \|  [0-9]* B ' | wc -l | tr -d ' ')" 0
else
    skip 'lines on a terminal' 'no script'
fi

finish
