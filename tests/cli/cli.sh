#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# The command from outside: cli.sh PATH-TO-KAL. Makes its own pictures in a folder of its own.
here=$(dirname "$0")
. "$here/checks.sh"
text='load in.jpg | crop 120 80 64 64 | gaussian 6 | uncrop feather=8'

# ---- saving
code 'a picture becomes another format' 0 "$kal" run in in.ppm -o in.jpg --encode quality=95
code 'the one-liner' 0 "$kal" run "$text | save out.jpg"
same 'says nothing' "$(cat out err)" ''
code 'the same with -o' 0 "$kal" run "$text" -o out2.jpg
check 'gives the same bytes' cmp out.jpg out2.jpg
code 'a picture after the text is in' 0 "$kal" run 'in | crop 120 80 64 64 | gaussian 6 | uncrop feather=8' in.jpg -o out3.jpg
check 'gives the same bytes again' cmp out.jpg out3.jpg
"$kal" run 'load - | gaussian 2' -o - --format png <in.jpg 2>err | "$kal" run in - -o pipe.ppm
code 'from pipe to pipe' 0 "$kal" diff pipe.ppm pipe.ppm
"$kal" run 'load - | gaussian 2 | save - format=png' <in.jpg >pipe.png 2>err
code 'save - in the text' 0 "$kal" diff pipe.ppm pipe.png
"$kal" run 'load in.jpg | gaussian 2' -o direct.png
code 'the pipe changed no pixel' 0 "$kal" diff direct.png pipe.ppm
"$kal" run 'a = load in.jpg; save a whole.rgb; save a whole.png'
size=$("$kal" info in.jpg | sed -n 's/.* \([0-9]*\)×\([0-9]*\).*/width=\1 height=\2/p' | head -1)
"$kal" run "load - format=rgb $size | save - format=hash" <whole.rgb >hash.txt 2>err
same 'samples alone through a pipe, and their hash' "$(cat hash.txt err)" "$("$kal" key --content 'load whole.png')"
refused 'samples that nobody describes' 2 'tell width=' "$kal" run "load $PWD/whole.rgb format=rgb | save x.png"
refused 'too few samples' 3 'bytes, and' "$kal" run "load $PWD/whole.rgb format=rgb $size skip=1 | save x.png"
head -c 5000 in.jpg >half.jpg
refused 'a picture that breaks off' 3 'the file ends at byte 5000' "$kal" run "load $PWD/half.jpg | save x.png"
"$kal" run 'load half.jpg lenient=true | save half.png' 2>err
has 'what there is of it, and a warning' "$(cat err)" 'kal: warning: half.jpg: jpeg: the file ends at byte 5000, before the picture does; rows '
"$kal" run 'load half.jpg lenient=true | save half.png' -q 2>err
same 'which is not said when nothing is' "$(cat err)" ''
rows=$("$kal" info --rows half.jpg --json | sed -n 's/.*"rows": *\([0-9]*\).*/\1/p')
check 'how many rows there are' test "$rows" -gt 0 -a "$rows" -lt 300
refused 'standard input twice' 2 'a = load -' sh -c '"$1" run "insert (load - | crop 0 0 9 9) (load -) | save x.png" <in.jpg' - "$kal"
refused 'standard input twice, as inputs' 2 'can be read once' sh -c '"$1" run "insert in1 in2" - - -o x.png <in.jpg' - "$kal"
code 'once, and used twice' 0 sh -c '"$1" run "a = load -; insert (a | crop 0 0 9 9) a | save x.png" <in.jpg && rm x.png' - "$kal"
cp in.jpg both.jpg
code 'in may be out' 0 "$kal" run 'load both.jpg | crop 0 0 50 40' -o both.jpg
has 'and is whole' "$("$kal" info both.jpg)" '50×40'
code '-- ends the options' 0 "$kal" run -o dash.ppm -- in in.jpg

# ---- many inputs
mkdir few more
cp in.jpg few/a.jpg; cp out.jpg few/b.jpg
code 'a template' 0 "$kal" run 'in | crop 0 0 30 20' few/a.jpg few/b.jpg -o 'more/{stem}-{n}.{ext}.png'
same 'makes one file each' "$(echo more/*)" 'more/a-1.jpg.png more/b-2.jpg.png'
echo broken >few/c.jpg
refused 'a bad one is told' 3 'few/c.jpg' "$kal" run 'in | crop 0 0 30 20' few/c.jpg few/a.jpg none.jpg -o '{dir}/{stem}.ppm'
check 'and the others go on' test -s few/a.ppm
key=$("$kal" key 'load in.jpg | invert')
code '{key} and braces' 0 "$kal" run 'load in.jpg | invert' -o '{{{key}}}.png'
check 'is the key' test -s "{$key}.png"
refused 'an unknown place' 2 'kal: -o: "{name}" is none of {stem} {ext} {dir} {n} {page} {key}' "$kal" run in in.jpg -o 'x/{name}.png'
refused 'a place without an end' 2 'kal: -o: "{stem.png" is none of' "$kal" run in in.jpg -o 'x/{stem.png'
refused 'the same output again' 2 'written twice' "$kal" run in few/a.jpg more/../few/a.jpg -o '{stem}.png'
refused 'the same output under two names' 2 'twice.png' "$kal" run 'a = load in.jpg
save a twice.png
save a ./twice.png'
refused 'and in a run of many' 2 'written twice' "$kal" run in few/a.jpg ./few/a.jpg -o '{dir}/{stem}.png'
code 'in1 and in2' 0 "$kal" run 'blend in1 in2' in.jpg out.jpg -o blend.jpg

# ---- errors
refused 'an unknown op' 2 'line 1, column 15: there is no op "gausian"; did you mean "gaussian"?' "$kal" run 'load in.jpg | gausian 6 | save x.jpg'
has 'and the place is shown' "$(cat err)" '                ^'
refused 'an unknown parameter' 2 'did you mean "sigma"' "$kal" run 'load in.jpg | gaussian sgma=6' -o x.jpg
refused 'a syntax error on line 3' 2 'line 3, column 1' "$kal" run 'a = load in.jpg
save a x.jpg
| b'
refused 'a crop outside' 2 'not inside' "$kal" run 'load in.jpg | crop 390 0 64 64' -o x.jpg
refused 'an error that hangs on a value' 2 'line 1, column 15: crop: box takes 4 numbers' "$kal" run 'load in.jpg | crop (boxes [1 1 9 9 2 2 5 5])' -o x.jpg
has 'and the place is shown' "$(cat err)" '                ^'
refused 'a picture that was not given' 2 'line 1, column 22: in2 is picture 2 after the text, and 1 is given' "$kal" run 'in | invert | insert in2' in.jpg -o x.jpg
refused 'named as an input' 2 'in2 is picture 2 after the text' "$kal" run 'insert in2 in 3 4' in.jpg -o x.jpg
refused 'in a run for each' 2 'few/b.jpg: line 1, column 8: in2 is picture 2 after the text, and to each run 1 is given' "$kal" run 'insert in2 in1' few/a.jpg few/b.jpg -o '{stem}.x.jpg'
code 'a name of the text may look like it' 0 "$kal" run 'in2 = in | crop 0 0 9 9; insert in2 in 3 4 # in3' in.jpg -o x.jpg
rm -f x.jpg
refused 'an unknown verb' 2 'did you mean "run"' "$kal" rnu
refused 'a verb that is a part of names' 2 'kal ops blur lists ops' "$kal" blur in.jpg -o x.jpg
refused 'help for it' 2 'kal ops blur lists ops' "$kal" help blur
code 'ops with a word' 0 "$kal" ops BLUR
has 'lists the op' "$(cat out)" '  gaussian '
check 'and no other' sh -c '! grep -q "^  invert " out'
code 'ops with a word, as JSON' 0 "$kal" ops blur --json
json 'ops with a word, as JSON' out
refused 'ops with a word in none' 2 'there is no op "gaussain"; did you mean "gaussian"?' "$kal" ops gaussain
code 'options before the verb' 0 "$kal" -q --threads 1 run in in.jpg -o x.jpg
code 'options before an op' 0 "$kal" --threads=1 -o x.jpg invert in.jpg
refused 'an option that the verb does not know' 2 'no option -q' "$kal" -q info in.jpg
refused 'options and no verb' 2 'no verb or op "-q"' "$kal" -q
refused 'a picture for what takes none' 2 'noise takes no picture' "$kal" noise in.jpg -o x.jpg
rm -f x.jpg
refused '-o twice' 2 '-o is given twice: a.png and b.png' "$kal" run in in.jpg -o a.png -o b.png
refused 'two pictures to standard output' 2 'two pictures would be written there' "$kal" run 'a = load in.jpg; save a - format=pnm; save a - format=png'
refused 'an unknown option' 2 'did you mean --threads' "$kal" run --thread 2 in in.jpg
refused 'a bad number' 2 '"x" is not a number' "$kal" run --threads x in in.jpg -o x.jpg
refused 'a bad variable' 2 'KAL_THREADS' env KAL_THREADS=many "$kal" run in in.jpg -o x.jpg
mkdir folder
refused 'an empty -o' 2 'the name is empty' "$kal" run in none.jpg -o ''
refused 'a folder as -o' 2 'folder/{stem}' "$kal" run in none.jpg -o folder/
refused 'a folder as -o without a slash' 2 'folder/{stem}' "$kal" invert none.jpg -o folder
refused 'an empty -f' 2 'the name is empty' "$kal" run -f ''
refused 'an empty name to load' 2 'which file' "$kal" load '' -o x.jpg
refused 'quotes of another kind' 2 'double quotes' "$kal" run "load '' | save x.jpg"
refused 'nothing to save' 2 'saves nothing' "$kal" run 'load in.jpg'
refused 'an unknown suffix' 2 'the formats are' "$kal" run in in.jpg -o x.xyz
refused 'standard output has no suffix' 2 'format' "$kal" run in in.jpg -o -
refused 'no such input' 3 'none.jpg: No such file' "$kal" run in none.jpg -o x.jpg
refused 'no such input in the text' 3 'none.jpg: No such file' "$kal" run 'load none.jpg | save x.jpg'
head -c 9000 in.jpg >cut.jpg
refused 'a cut file' 3 'cut.jpg: ' "$kal" run 'load cut.jpg | save x.jpg'
refused 'not an image' 3 'few/c.jpg' "$kal" run 'load few/c.jpg | save x.jpg'
refused 'no such folder' 1 'none/x.jpg' "$kal" run 'load in.jpg | save none/x.jpg'
refused 'the memory limit' 4 'allowed' "$kal" run 'load in.jpg | gaussian 20' -o x.jpg --max-memory 10k
refused 'the memory limit as a variable' 4 'allowed' env KAL_MAX_MEMORY=10k "$kal" run 'load in.jpg | gaussian 20' -o x.jpg
refused 'a result that must be held' 4 'are allowed (max_memory); the largest part is solid of 100000×100000, 10000000000 bytes, 100000 rows of 100000 bytes held for clahe' "$kal" run 'solid 100000x100000 | clahe | save x.png' --max-memory 1G
refused 'the deadline' 4 'deadline' "$kal" run 'load in.jpg | gaussian 500 | gaussian 501 | gaussian 500' -o x.jpg --deadline 0.001
check 'a failure leaves nothing behind' test ! -e x.jpg
same 'no temporary files' "$(find . -name '.*.kal-*')" ''

# ---- and what an op does not take
refused 'labels to compute with' 2 'cast type=f32 first' "$kal" run 'load in.jpg | cast u32 | gaussian 2 | save x.pfm'
refused 'labels to mix' 2 'kernel must be nearest' "$kal" run 'load in.jpg | cast u32 | resize 50% | save x.pfm'
refused 'floats for a table' 2 'cast type=u8 first' "$kal" run 'load in.jpg | cast f32 | lut [1 2] | save x.pfm'

# ---- what a format cannot hold is a mistake of the request, in the text and in -o
for pair in 'u16 jpg' 'f32 png' 'u32 pnm'; do
    type=${pair% *} suffix=${pair#* }
    refused "$type in .$suffix, in the text" 2 'cast' "$kal" run "load in.jpg | cast $type | save x.$suffix"
    refused "$type in .$suffix, with -o" 2 'cast' "$kal" run "load in.jpg | cast $type" -o "x.$suffix"
    refused "$type in .$suffix, as a verb" 2 'cast' "$kal" cast in.jpg "$type" -o "x.$suffix"
done
refused 'RGB in .pgm, in the text' 2 'use gray' "$kal" run 'load in.jpg | save x.pgm'
refused 'RGB in .pgm, with -o' 2 'use gray' "$kal" run 'load in.jpg' -o x.pgm
refused 'RGB as pgm' 2 'use gray' "$kal" run 'load in.jpg' -o - --format pgm
code 'a mask in .pbm' 0 "$kal" run 'load in.jpg | gray | threshold' -o x.pbm
same 'is bits' "$(head -c 2 x.pbm)" P4
if "$kal" version --codecs | grep -q '^ *heif.*[0-9]'; then
    mkdir lost && : >lost/libheif.so.1   # found first, and no library
    for saved in 'load in.jpg | save x.heic' 'in = load in.jpg
        save in x.heic'; do
        refused 'no libheif, in the text' 1 'libheif' env LD_LIBRARY_PATH=lost "$kal" run "$saved"
    done
    refused 'no libheif, with -o' 1 'libheif' env LD_LIBRARY_PATH=lost "$kal" run 'load in.jpg' -o x.heic
    printf '\000\000\000\030ftypheic\000\000\000\000mif1heic' >in.heic
    refused 'no libheif to read with' 3 'libheif' env LD_LIBRARY_PATH=lost "$kal" run 'load in.heic | save x.png'
else
    skip 'no libheif' 'there is none to lose'
fi

# ---- texts
cat >two.kal <<'END'
# one plan, two saves
sigma = 2
photo = load in.jpg
soft  = gaussian photo sigma=sigma   # a literal
save (resize soft width=100) small.jpg quality=80
save soft "soft one.png"
print soft
END
code 'a file with comments and two saves' 0 "$kal" run -f two.kal --stats json
check 'small.jpg' test -s small.jpg
check 'soft one.png' test -s 'soft one.png'
has 'print' "$(sed -n 1p out)" '400×300 rgb u8 key='
sed -n 2p out >stats.json
json '--stats' stats.json
has '--stats counts' "$(cat stats.json)" '"encodes": 2'
print=$(sed -n 1p out)
"$kal" run -f two.kal --set sigma=5 >out 2>err
[ "$print" != "$(cat out)" ] && ok '--set changes the key' || not_ok '--set changes the key'
"$kal" run -f - <two.kal >out 2>err
same 'a text from standard input' "$(cat out)" "$print"
refused '--set of an unknown name' 2 'no name "sgima"' "$kal" run -f two.kal --set sgima=1

# ---- keys
cp in.jpg elsewhere.jpg
one=$("$kal" key "$text")
same 'a key is the same in another process' "$one" "$("$kal" key "$text")"
same 'and for another path' "$one" "$("$kal" key 'load ./elsewhere.jpg | crop 120 80 64 64 | gaussian 6 | uncrop feather=8')"
same 'and however it is written' "$one" "$("$kal" key 'p = in; uncrop (p | crop 64x64+120+80 | gaussian sigma=6 edge=copy) p x=120 y=80 feather=8' in.jpg)"
"$kal" run in in.ppm -o in.png
same 'the content key from two formats' "$("$kal" key --content in in.png)" "$("$kal" key --content in in.ppm)"
[ "$("$kal" key in in.png)" != "$("$kal" key in in.ppm)" ] && ok 'their keys differ' || not_ok 'their keys differ'

# ---- info, diff
has 'info' "$("$kal" info in.jpg in.ppm)" 'in.jpg: jpeg 400×300 rgb u8'
refused 'info of several' 3 'none.jpg' "$kal" info --json in.jpg none.jpg in.png
json 'info --json' out
code 'diff of the same' 0 "$kal" diff in.png in.ppm
code 'diff of others' 1 "$kal" diff in.jpg in.png
code 'diff within' 0 "$kal" diff --max 200 in.jpg in.png
code 'diff with a share' 0 "$kal" diff --percent 100 in.jpg in.png
code 'diff of another size' 1 "$kal" diff in.jpg both.jpg
has 'says so' "$(cat out)" '50×40'
code 'diff with trouble' 3 "$kal" diff in.jpg none.jpg
code 'diff of one' 2 "$kal" diff in.jpg
"$kal" diff --json in.jpg in.png >out
json 'diff --json' out

# ---- explain, graph, ops, help
code 'explain' 0 "$kal" explain "$text | save x.jpg"
has 'explain tells the peak' "$(cat out)" 'peak'
check 'explain runs nothing' test ! -e x.jpg
code 'explain --json' 0 "$kal" explain --json "$text" -o x.jpg
json 'explain --json' out
odd=$(printf 'odd\377.ppm')
if cp in.ppm "$odd" 2>/dev/null; then
    code 'explain --json of a name that is no UTF-8' 0 "$kal" explain --json "load \"$odd\" | gaussian 2" -o x.jpg
    json 'that explanation' out
    code 'a drawing of it' 0 "$kal" graph --svg "load \"$odd\" | gaussian 2"
    if command -v python3 >/dev/null; then check 'is XML' python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' out; fi
fi
code 'graph --dot' 0 "$kal" graph --dot "$text"
has 'graph --dot' "$(cat out)" 'digraph'
code 'graph -o' 0 "$kal" graph "$text" -o drawn.svg
has 'draws into the file' "$(cat drawn.svg)" '</svg>'
same 'and says nothing' "$(cat out err)" ''
code 'graph --dot -o' 0 "$kal" graph --dot "$text | save never.jpg" -o drawn.gv
has 'graph --dot -o' "$(cat drawn.gv)" 'digraph'
check 'saves nothing' test ! -e never.jpg
refused 'graph -o in no folder' 1 'none/x.svg' "$kal" graph "$text" -o none/x.svg
refused 'graph -o of another suffix' 2 '--dot or --svg' "$kal" graph "$text" -o x.png
code 'graph --svg' 0 "$kal" graph --svg "$text"
has 'graph --svg' "$(cat out)" '</svg>'
code 'ops --json' 0 "$kal" ops --json
json 'ops --json' out
# every line of an example is a command: it runs as it stands, on small pictures of the names it gives
mkdir examples
bin=$dir/bin
mkdir "$bin" && ln -s "$kal" "$bin/kal"
for op in $("$kal" ops | sed -n 's/^  \([a-z_0-9.]*\) .*/\1/p'); do
    "$kal" help "$op" | sed -n '/^example$/,$p' | sed 1d >examples.txt
    # labels and maps, which no format holds; boxes that must be the pictures' own; somebody's program
    case $op in components | merge_tiles | remap | exec) continue ;; esac
    if [ -s examples.txt ]; then ok "$op has an example"; else not_ok "$op has an example"; fi
    while read -r line; do
        for name in $(printf '%s' "$line" | grep -o '[a-z0-9]*\.jpg' | sort -u); do
            [ "$name" = out.jpg ] || cp in.jpg "examples/$name"
        done
        code "example: $(printf %.60s "$line")" 0 sh -c "cd examples && PATH='$bin':\$PATH && $line"
        case $line in
        *'-o out'* | *'save out'*) check 'makes a file' sh -c 'test -s "$(echo examples/out.*)" && rm -f examples/*' - ;;
        *) json "the value of $op" out ;;
        esac
    done <examples.txt
done
for op in $("$kal" ops | sed -n 's/^  \([a-z_0-9.]*\) .*/\1/p'); do "$kal" help "$op"; done >helps
same 'no line of help is endless' "$(grep -c '.\{200\}' helps)" 0
for word in save print param def include; do
    code "help $word" 0 "$kal" help $word
    has "$word is explained" "$(cat out)" "$word - "
done
code 'help' 0 "$kal" help
has 'help fits a screen' "$([ "$(wc -l <out)" -le 24 ] && echo yes)" yes
code 'formats' 0 "$kal" formats
has 'tell what PNG can' "$(grep '^  png ' out)" 'reads writes'
has 'and who does it' "$(grep '^  png ' out)" 'libpng'
code 'formats --json' 0 "$kal" formats --json
json 'formats --json' out
code 'formats jpeg' 0 "$kal" formats jpeg
has 'tells how it is saved' "$(cat out)" 'quality'
code 'by a suffix too' 0 "$kal" formats jpg --json
json 'formats jpg --json' out
refused 'an unknown format' 2 'did you mean "jpeg"' "$kal" formats jepg
for shell in bash zsh fish; do has "formats in $shell" "$("$kal" --print-completion $shell | grep -w formats)" jpeg; done

# ---- limits
code 'help limits' 0 "$kal" help limits
has 'has those for strangers' "$(grep '^  pixels ' out)" '100M'
refused 'a limit' 4 'in.jpg: jpeg: 400×300 pixels are more than the limit of 1000; --limits pixels=N' "$kal" info in.jpg --limits pixels=1K
KAL_LIMITS=pixels=1K refused 'from the environment' 4 'pixels=N' "$kal" info in.jpg
KAL_LIMITS=pixels=1K code 'which a flag overrules' 0 "$kal" info in.jpg --limits pixels=1M
code 'two flags' 4 "$kal" run in in.jpg -o l.png --limits pixels=1M --limits side=100
refused 'an unknown limit' 2 'did you mean "pixels"' "$kal" info in.jpg --limits pixls=1
KAL_LIMITS=pixls=1 refused 'and in the environment' 2 'KAL_LIMITS: limits: "pixls=1"' "$kal" info in.jpg
"$kal" run in in.jpg -o l.npy
code 'an untrusted JPEG' 0 "$kal" info in.jpg --untrusted
refused 'an untrusted .npy' 4 'npy is not among the formats that are read here; --limits formats=…,npy' "$kal" info l.npy --untrusted
code 'which may be lifted' 0 "$kal" info l.npy --limits formats=npy --untrusted
KAL_LIMITS=formats=all code 'but not by the environment' 4 "$kal" info l.npy --untrusted
refused 'no network' 4 '--limits network=true' "$kal" info http://127.0.0.1:1/a.png --untrusted
code 'a program' 0 "$kal" run 'load in.jpg | resize 90 | exec "cp {in} {out}" | save program.png'
code 'as a verb' 0 "$kal" exec in.jpg command=cat pipe=true format=pnm -o piped.png
refused 'no programs of strangers' 4 '--limits exec=true' "$kal" run 'load in.jpg | exec cat pipe=true | save x.png' --untrusted
refused 'what a program says' 1 'sh: ended with 9; it said: no luck' "$kal" run "load in.jpg | exec \"sh -c 'echo no luck >&2; exit 9'\" pipe=true | save x.png"
code 'version' 0 "$kal" version --json --codecs
json 'version --json' out

# ---- ops as verbs
code 'an op as a verb' 0 "$kal" gaussian in.jpg sigma=6 edge=mirror -o op.png
"$kal" run 'load in.jpg | gaussian 6 edge=mirror' -o op2.png
check 'is the op' cmp op.png op2.png
code 'positional parameters' 0 "$kal" crop in.jpg 10 20 30 40 -o op3.png
has 'crop' "$("$kal" info op3.png)" '30×40'
code 'two inputs' 0 "$kal" blend in.jpg out.jpg alpha=0.3 -o op4.png
code 'a negative number' 0 "$kal" rotate in.jpg -90 -o op5.png
has 'rotate' "$("$kal" info op5.png)" '300×400'
code 'many with a template' 0 "$kal" resize few/a.jpg few/b.jpg width=40 -o 'op-{stem}.png'
check 'each' test -s op-a.png -a -s op-b.png
refused 'too few inputs' 2 'takes 2' "$kal" blend in.jpg -o x.jpg
refused 'an op without -o' 2 '-o OUT' "$kal" invert in.jpg
refused 'a wrong parameter of an op' 2 'did you mean "sigma"' "$kal" gaussian in.jpg sgma=3 -o x.jpg

# ---- terminals
code 'grid' 0 "$kal" grid in.ppm in.ppm in.ppm --columns 2 --cell 100x90 --gap 4 --labels '{stem} {n}' -o sheet.png
has 'grid: cells, gap and labels' "$("$kal" info sheet.png)" '204×224'
code 'grid with words of the op' 0 "$kal" grid in.ppm in.ppm --labels 'a|b' heads='one' background=white -o sheet.png
has 'grid: a head' "$("$kal" info sheet.png)" '828×320'
refused 'grid wants a place' 2 'where to? -o OUT' "$kal" grid in.ppm
refused 'grid: a cell is a size' 2 'is no size as 320x240' "$kal" grid in.ppm --cell 20 -o sheet.png
refused 'grid: as many labels' 2 'grid: 2 labels for 1 images' "$kal" grid in.ppm --labels 'a|b' -o sheet.png
refused 'grid: labels name what there is' 2 'kal: --labels: "{stems}" is none of {stem} {ext} {dir} {n} {page};' "$kal" grid in.ppm --labels '{stems}' -o sheet.png
refused 'grid: not the key, which is of what comes out' 2 '"{key}" is none of' "$kal" grid in.ppm --labels '{key}' -o sheet.png
refused 'grid: an error of the op' 2 'kal: grid: gap=abc is not' "$kal" grid in.ppm gap=abc -o sheet.png
code 'grid: how pictures fit is the op'"'"'s' 0 "$kal" grid in.ppm in.jpg --columns 1 --cell 30x50 fit=cover -o sheet.png
code 'grid: the same in a text' 0 "$kal" run 'sheet [in1 in2] 1 width=30 height=50 fit=cover' in.ppm in.jpg -o sheet2.png
check 'grid: is the same' cmp sheet.png sheet2.png
refused 'grid: a size once' 2 'grid: width is given twice, by width=30 and by width=8' "$kal" grid in.ppm --cell 30x50 width=8 -o sheet.png
refused 'grid without pictures' 2 '1 to 256 pictures, not 0' "$kal" grid -o sheet.png
refused 'show refuses a pipe' 2 'terminal' "$kal" show in.jpg
code 'show --force' 0 "$kal" show --force in.jpg
has 'half blocks' "$(cat out)" '▀'
code 'show --sixel' 0 "$kal" show --force --sixel in.jpg
code 'progress as JSON' 0 "$kal" run "$text" -o x.png --progress json
tail -n 1 err >last
json 'progress' last
has 'progress ends' "$(cat last)" '"phase": "done"'
if script -qec true /dev/null >/dev/null 2>&1; then
    TERM=xterm script -qec "'$kal' run '$text' -o t.png" /dev/null >out 2>&1
    has 'the summary line' "$(cat out)" 't.png 400×300'
    TERM=xterm script -qec "'$kal' run '$text' -q -o t.png" /dev/null >out 2>&1
    same '-q' "$(cat out)" ''
    TERM=xterm script -qec "'$kal' run '$text' -o - --format png" /dev/null >out 2>&1
    has 'no picture on a terminal' "$(cat out)" 'not written to a terminal'
else
    skip 'terminals' 'no script'
fi

# ---- interruption
"$kal" embed in.jpg width=6000 height=4500 edge=wrap -o big.jpg
mkdir stop
slow='load big.jpg | gaussian 200 | gaussian 201 | save stop/x.jpg'
fresh=                        # a shell in the background hands on SIGINT ignored
env --default-signal=INT true 2>/dev/null && fresh='env --default-signal=INT'
for signal in INT TERM; do
    if command -v timeout >/dev/null; then
        timeout --foreground --preserve-status -k 120 -s $signal 1 $fresh "$kal" run "$slow" >out 2>err
        same "SIG$signal" $? 130
        same "SIG$signal leaves nothing behind" "$(ls -A stop)" ''
    else
        skip "SIG$signal" 'no timeout'
    fi
done
case $(stat -f -c %T . 2>/dev/null) in
    ext2/ext3 | xfs | btrfs | tmpfs)   # they have files without a name
        timeout -s KILL 1 "$kal" run "$slow" >out 2>err
        same 'not even SIGKILL leaves anything behind' "$(ls -A stop)" ''
        ;;
    *) skip 'SIGKILL' 'what is written there has a name' ;;
esac

# ---- what is installed beside it
"$kal" --print-completion bash >kal.bash
"$kal" --print-completion zsh >_kal
"$kal" --print-completion fish >kal.fish
for shell in 'bash -n kal.bash' 'zsh -n _kal' 'fish --no-execute kal.fish'; do
    if command -v "${shell%% *}" >/dev/null; then check "completion: $shell" $shell; else skip "completion: $shell" 'not here'; fi
done
if command -v bash >/dev/null; then
    same 'bash completes an op' "$(bash -c '. ./kal.bash; COMP_WORDS=(kal gauss) COMP_CWORD=1; _kal; echo "${COMPREPLY[*]}"')" gaussian
    same 'bash completes a value' "$(bash -c '. ./kal.bash; COMP_WORDS=(kal gaussian edge = m) COMP_CWORD=4; _kal; echo "${COMPREPLY[*]}"')" mirror
fi
code 'the manual' 0 "$kal" --print-man
cp out kal.1
has 'the manual has options' "$(cat kal.1)" 'deadline'
if command -v groff >/dev/null; then
    same 'the manual has no warnings' "$(groff -K utf8 -man -ww -Tutf8 -z kal.1 2>&1)" ''
else
    skip 'the manual' 'no groff'
fi

finish
