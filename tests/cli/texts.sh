#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Texts that grew up: params, defs and includes from outside. Usage: texts.sh PATH-TO-KAL
here=$(dirname "$0")
. "$here/checks.sh"
unset KAL_PLUGINS
"$kal" run in in.ppm -o in.png

# ---- params
cat >soft.kal <<'END'
param sigma = 2 in 0..50 "blur strength"
param kernel = lanczos3 in lanczos3|bicubic
param tint = orange
in | gaussian sigma | resize 50x50 kernel
END
key() { "$kal" key "$@"; }
written=$(key 'in | gaussian 6 | resize 50x50 lanczos3' in.png)
same 'a param is a literal' "$(key -f soft.kal in.png --set sigma=6)" "$written"
refused 'outside its range' 2 'kal: --set sigma=60 is outside 0..50; declared at soft.kal: line 1, column 7' "$kal" key -f soft.kal in.png --set sigma=60
has 'and the place is shown' "$(cat err)" '        ^'
refused 'no such choice' 2 'did you mean "bicubic"?' "$kal" key -f soft.kal in.png --set kernel=cubic
refused 'no such param' 2 'the text has no param "sgima"; did you mean "sigma"?; its params are sigma, kernel, tint' "$kal" key -f soft.kal in.png --set sgima=6
code 'help for a text in a file' 0 "$kal" run -f soft.kal --help
has 'its params first' "$(head -n 3 out)" 'sigma   number'
has 'has the usage' "$(cat out)" '--set NAME=VALUE'
has 'a row for a number' "$(cat out)" 'sigma   number          0..50  2         blur strength'
has 'one for a choice' "$(cat out)" 'kernel  choice                 lanczos3  lanczos3|bicubic'
has 'and the pictures' "$(cat out)" 'pictures that follow the text'
same 'no line ends in blanks' "$(grep -c ' $' out)" 0
code 'help for a text' 0 "$kal" run 'param s = 1 "strength"; in | gaussian s | insert in2' --help
has 'has its params' "$(cat out)" 'strength'
has 'and its pictures' "$(cat out)" '  in in2'
code 'help for a text that declares nothing' 0 "$kal" key 'load in.png' --help
refused 'help for a text that is none' 2 'line 1, column 13: the string is not closed' "$kal" run 'load in.png "' --help
refused 'a text without its picture' 2 'kal: the text wants a picture as in, and there is none: kal run -f soft.kal PICTURE' "$kal" run -f soft.kal -o x.png
refused 'or its two' 2 'wants pictures as in and in2, and there is none: kal key TEXT PICTURE PICTURE2' "$kal" key 'in | insert in2'

# ---- defs
def='def soft(img, s=2) = img | gaussian s | resize 50x50 lanczos3'
same 'a def is its body' "$(key "$def
in | soft 6" in.png)" "$written"
refused 'an error in a body' 2 'line 2, column 6: in soft: line 1, column 28: gaussian: sigma=-1 is outside 0..1000' "$kal" key "$def
in | soft -1" in.png
same 'both places are shown' "$(grep -c '^ *^$' err)" 2
refused 'one that hangs on a value' 2 'line 2, column 15: in a def, line 1, column 20: crop: box takes 4 numbers' \
    "$kal" run 'def f(img) = img | crop box=(boxes [1 1 9 9 2 2 5 5])
load in.png | f | save x.png'

# ---- includes
mkdir lib lib/more
cat >lib/common.kal <<'END'
include more/resized.kal
param strength = 6 in 0..50
edge = copy
def soft(img, s=2) = img | gaussian s edge | resized
END
echo 'def resized(img) = img | resize 50x50 lanczos3' >lib/more/resized.kal
cat >use.kal <<'END'
include "lib/common.kal"
include "lib/../lib/more/resized.kal"
edge = wrap
in | soft strength
END
same 'files beside those that name them' "$(key -f use.kal in.png)" "$written"
same 'from another folder too' "$(cd lib && key -f ../use.kal ../in.png)" "$written"
same 'and from a text' "$(key 'include "lib/common.kal"; in | soft strength' in.png)" "$written"
same 'a param of a file is set' "$(key -f use.kal in.png --set strength=7)" "$(key 'in | gaussian 7 | resize 50x50 lanczos3' in.png)"
code 'help knows it' 0 "$kal" run -f use.kal --help
has 'with its range' "$(cat out)" 'strength  number  0..50  6'
printf 'param amount = 2 in 0..50\ndef split(img) = img |\n  threshold value=(img | mean)\n' >lib/other.kal
printf 'include lib/other.kal\n\n\nin | gaussian amount' >use3.kal
refused 'a bad value of a param of a file' 2 'kal: --set amount=60 is outside 0..50; declared at lib/other.kal: line 1, column 7' \
    "$kal" key -f use3.kal in.png --set amount=60
same 'is no place in the text' "$(grep -c '\^' err)" 0
refused 'nor in a text without a file' 2 'kal: --set amount=x is not a number; declared at lib/other.kal: line 1, column 7' \
    "$kal" key 'include lib/other.kal; in | gaussian amount' in.png --set amount=x
same 'where none is shown either' "$(grep -c '\^' err)" 0
printf 'include lib/other.kal\nin |\n  split' >use4.kal
refused 'a def of a file that hangs on a value' 2 'use4.kal: line 3, column 3: in a def, lib/other.kal: line 3, column 3: threshold: value takes 1' \
    "$kal" run -f use4.kal in.png -o x.png
same 'the call is shown' "$(grep -c '\^' err)" 1
refused 'from a text' 2 'kal: line 1, column 29: in a def, lib/other.kal: line 3, column 3: threshold: value takes 1' \
    "$kal" run 'include lib/other.kal; in | split' in.png -o x.png
refused 'a file sees nothing of those that include it' 2 'use2.kal: line 2, column 9: see.kal: line 1, column 20: there is no op "mine"' \
    sh -c 'echo "def f(img) = img | mine" >see.kal; printf "def mine(img) = img\ninclude see.kal\nin | f\n" >use2.kal; "$1" key -f use2.kal in.png' - "$kal"
refused 'no such file' 3 'line 1, column 9: none.kal: No such file' "$kal" key 'include none.kal; in' in.png
echo 'in | invert' >lib/bad.kal
refused 'a file that makes an image' 2 'line 1, column 9: lib/bad.kal: line 1, column 1: an included text holds params, defs' "$kal" key 'include lib/bad.kal; in' in.png
echo 'x = in | invert' >lib/bad.kal
refused 'or names one' 2 'lib/bad.kal: line 1, column 1: an included text holds' "$kal" key 'include lib/bad.kal; in' in.png
echo 'load in.png | save y.png' >lib/bad.kal
refused 'or saves one' 2 'lib/bad.kal: line 1, column 1: an included text holds' "$kal" key 'include lib/bad.kal; in' in.png
echo 'include "bad.kal"' >lib/bad.kal
refused 'a file that includes itself' 2 'lib/bad.kal would include itself' "$kal" key 'include lib/bad.kal; in' in.png
echo 'include "main.kal"' >back.kal && echo 'include "back.kal"' >main.kal
refused 'by way of another' 2 'main.kal: line 1, column 9: back.kal: line 1, column 9: main.kal would include itself' "$kal" key -f main.kal in.png
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do echo "include deep$((i + 1)).kal" >deep$i.kal; done
echo 'a = 1' >deep17.kal
refused 'too deep' 4 'includes nested more than 16 deep' "$kal" key 'include deep1.kal; in' in.png
code 'as deep as it may be' 0 "$kal" key 'include deep2.kal; in' in.png
for i in $(seq 64); do echo 'a = 1' >many$i.kal; echo "include many$i.kal"; done >many.kal
refused 'too many' 4 'more than 63 files are included' "$kal" key -f many.kal
refused 'a text of a stranger' 4 'lib/common.kal: a text includes no files here; --limits include=true' "$kal" key -f use.kal in.png --untrusted
code 'which may be lifted' 0 "$kal" key -f use.kal in.png --untrusted --limits include=true
refused 'a folder' 3 'lib: Is a directory' "$kal" key 'include lib; in' in.png
refused 'a text without an end' 4 'more than 16 MiB' "$kal" key 'include /dev/zero; in' in.png
code 'with a byte order mark' 0 sh -c 'printf "\357\273\277a = 3\n" >bom.kal; "$1" key "include bom.kal; in | gaussian a" in.png' - "$kal"

# ---- from pipes
mkfifo pipe
code 'a text that nobody writes' 4 "$kal" run -f pipe --deadline 0.3
has 'is named' "$(cat err)" 'pipe: the deadline of 0.3 s passed while it was read'
code 'a list that nobody writes' 4 "$kal" run 'in | flip' -o '{stem}.png' --files-from pipe --deadline 0.3
has 'is named too' "$(cat err)" 'pipe: the deadline of 0.3 s passed while it was read'
(echo 'load in.ppm | crop 0 0 9 9' >pipe) &
code 'a text that is written later' 0 "$kal" run -f pipe -o piped.png --deadline 20
check 'is run' test -s piped.png
(echo in.ppm >pipe) &
code 'a list that is written later' 0 "$kal" run 'in | crop 0 0 9 9' -o '{stem}.small.png' --files-from pipe
check 'is gone through' test -s in.small.png

# ---- what is no text, and what is not said by it
refused 'a picture for a text' 2 'in.png is no text: byte 1 is 0x89, which is no UTF-8' "$kal" run -f in.png in.png -o x.png
printf 'in | gaussian 2 \033[31m' >escape.kal
refused 'a text with an escape' 2 'is no text: byte 17 is 0x1b' "$kal" run -f escape.kal in.png -o x.png
refused 'a name with an escape' 3 'a\x1b[31mb.png: No such file' "$kal" info "$(printf 'a\033[31mb.png')"
refused 'one of no UTF-8' 3 'a\xffb.png' "$kal" info "$(printf 'a\377b.png')"
refused 'a letter is one' 3 'kal: é.png' "$kal" info é.png
refused 'in a text of the command line' 2 'there is no op "\x1b"' "$kal" run "$(printf 'in | \033[31m')" in.png -o x.png
same 'nor in the line that is shown' "$(tr -d '\n[:print:]' <err | wc -c | tr -d ' ')" 0
refused '--encode without -o' 2 '--encode is about -o, and there is none' "$kal" run 'in | mean' in.png --encode quality=3
refused '--format without -o' 2 '--format is about -o, and there is none' "$kal" run 'in | save x.qoi' in.png --format png
refused 'of an op' 2 '--format is about -o' "$kal" mean in.png --format png
refused 'to explain' 2 '--encode is about -o' "$kal" explain 'in | invert' in.png --encode quality=3
refused 'a template of a save' 2 "save {stem}.jpg: what stands in braces is filled in by -o alone: -o '{stem}.jpg'" "$kal" run 'in | save {stem}.jpg' in.png
check 'is no name of a file' test ! -e '{stem}.jpg'
code 'other braces are' 0 "$kal" run 'in | save "{x}.png"' in.png
check 'one' test -s '{x}.png'
refused 'several pictures and a value' 2 'for a line for each picture: --table -' "$kal" run 'in | mean' in.png in.ppm
code 'which works' 0 "$kal" run 'in | mean' in.png in.ppm --table -
refused 'several and a picture' 2 'give a template' "$kal" run 'in | invert' in.png in.ppm
refused 'an op with a namesake' 2 'is one value too many; there is also median_filter' "$kal" run 'in | median 3' in.png
refused 'as a verb' 2 'there is also median_filter' "$kal" median in.png 3
refused 'by a name' 2 'has no parameter "size"; there is also median_filter' "$kal" run 'in | median size=3' in.png
code 'one without' 2 "$kal" run 'in | invert 3' in.png -o x.png
same 'has none' "$(grep -c 'there is also' err)" 0

# ---- where it goes
code 'a tree' 0 "$kal" run in in.png -o tree.iiif
code 'over an older one' 0 "$kal" run in in.png -o tree.iiif
check 'is there' test -s tree.iiif/info.json
code 'a tree by its format' 0 "$kal" run in in.png -o map --format dz --encode 'layout=google suffix=png'
code 'again' 0 "$kal" run in in.png -o map --format dz --encode 'layout=google suffix=png'
mkdir other.iiif && touch other.iiif/mine
refused 'over a folder of something else' 1 'no tree that could be replaced' "$kal" run in in.png -o other.iiif
check 'which stays' test -e other.iiif/mine
mkdir folder
refused 'a folder' 2 '-o: folder is a folder; name a file in it' "$kal" run in in.png -o folder
refused 'of a drawing' 2 'is a folder' "$kal" graph --svg in in.png -o folder
ln -s /nope/x.png dangling.png
refused 'a link to nowhere' 1 '/nope/x.png: cannot write there' "$kal" run in in.png -o dangling.png
refused 'nowhere' 1 '/nope/x.png: cannot write there' "$kal" run in in.png -o /nope/x.png
refused 'a program that is not there' 1 'there is no such program' "$kal" run 'in | exec "/nope/program {in} {out}"' in.png -o x.png
refused 'of a value' 1 'there is no such program' "$kal" run 'in | exec "/nope/program {in} {out}" | mean' in.png

finish
