#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# `--pages` and `--page`: pages_cli.sh PATH-TO-KAL.
here=$(dirname "$0")
. "$here/../cli/checks.sh"

for i in 1 2 3; do
    "$kal" crop in.ppm 0 0 $((20 * i)) 30 -o "c$i.ppm" -q
done
"$kal" run 'load c1.ppm | save one.tif' 2> err || {
    echo "skipped: $(cat err)"
    exit 77
}
code 'three pictures are one file' 0 "$kal" run --pages in c1.ppm c2.ppm c3.ppm -o pages.tif -q
same 'of three pages' "$("$kal" info pages.tif)" 'pages.tif: tiff 20×30 rgb u8, 3 pages'
code 'the same op on each' 0 "$kal" invert pages.tif --pages -o i.tif -q
for p in 0 1 2; do
    code "page $p alone" 0 "$kal" invert --page $p i.tif -o back.ppm -q
    check "page $p is what it was" cmp back.ppm c$((p + 1)).ppm
done
code 'a file for each' 0 "$kal" invert pages.tif --pages -o 'p{page}.ppm' -q
same 'with its number' "$(echo p*.ppm)" 'p0.ppm p1.ppm p2.ppm'
cp pages.tif s.tif && cp c2.ppm s0.ppm
refused 'a file for each, over another picture' 2 'would be written twice, from s.tif and from s0.ppm' "$kal" run --pages in s.tif s0.ppm -o 's{page}.ppm'
refused 'a file for each, over another by its stem' 2 's0.ppm is one of the pictures' "$kal" run --pages in s.tif s0.ppm -o '{stem}{page}.ppm'
check 'which stays as it was' cmp s0.ppm c2.ppm
cp c2.ppm s2.ppm
refused 'a later page over another' 2 's2.ppm is one of the pictures and would be written over by page 2 of s.tif' "$kal" run --pages in s.tif s2.ppm -o '{stem}{page}.ppm' -q
check 'which stays as it was' cmp s2.ppm c2.ppm
rm -f s.tif s?.ppm
refused 'a key of what is not written yet' 2 'a file of all pages has no {key}' "$kal" run --pages in pages.tif -o '{key}.tif'
code 'a key of each page' 0 "$kal" run --pages in pages.tif -o 'k-{key}-{page}.ppm' -q
same 'three keys' "$(ls k-*.ppm | wc -l | tr -d ' ')" 3
for f in png jpg; do
    "$kal" run in c2.ppm -o "still.$f" -q
    "$kal" run --pages in - -o "from_pipe.tif" -q <"still.$f"
    code "one $f of a pipe is one page" 0 "$kal" run --pages in "still.$f" -o from_file.tif -q
    check "the same as of its file" cmp from_pipe.tif from_file.tif
done
refused 'every page and one' 2 'give one of them' "$kal" invert pages.tif --pages --page 1 -o x.tif
refused 'where to' 2 'where to' "$kal" invert one.tif --pages
refused 'a page that is not there' 2 'page 3: there are 3, from 0 to 2' "$kal" invert pages.tif --page 3 -o x.png
refused 'a text that saves' 2 'leave that to -o' "$kal" run 'save in x.png' one.tif --pages -o x.tif
code 'a format of one picture, with one' 0 "$kal" invert one.tif --pages -o x.jpg -q
refused 'a format of one picture, with three' 2 'holds one picture' "$kal" invert pages.tif --pages -o y.jpg -q
check 'nothing is left of it' test ! -e y.jpg

# more than is kept on its way to a pipe
"$kal" run 'load in.ppm | resize width=6000 height=4000 kernel=nearest | save big.tif compression=none' -q 2>err || cat err
refused 'a large TIFF to standard output' 4 '--spill DIR' "$kal" run in "$PWD/big.tif" -o - --format tiff --encode compression=none
refused 'into no folder' 3 'nowhere: no file can be made there' "$kal" run in "$PWD/big.tif" -o - --format tiff --encode compression=none --spill nowhere
mkdir spilt
"$kal" run in big.tif -o - --format tiff --encode compression=none --spill spilt -q >piped.tif 2>err
"$kal" run in big.tif -o direct.tif --encode compression=none -q
check 'through a folder it is the same file' cmp piped.tif direct.tif
same 'of which nothing stays' "$(ls -A spilt)" ''
rm -f big.tif piped.tif direct.tif

# a stream: its pages are there while it goes on
awk 'BEGIN { printf "YUV4MPEG2 W16 H16 F25:1 Cmono\n"
    for (f = 0; f < 40; f++) { printf "FRAME\n"; for (i = 0; i < 256; i++) printf "%c", 40 + f } }' >film.y4m
half=$(($(wc -c <film.y4m) / 2))
{
    head -c "$half" film.y4m
    for i in 1 2 3 4 5 6 7 8 9 10; do test -e s3.pgm || sleep 0.5; done
    ls s3.pgm >early.txt 2>&1
    tail -c +$((half + 1)) film.y4m
} | "$kal" invert --pages - -o 's{page}.pgm' -q
same 'pages are made before the stream ends' "$(cat early.txt)" 's3.pgm'
same 'and all of them' "$(ls s*.pgm | wc -l | tr -d ' ')" 40
"$kal" invert --page 37 film.y4m -o from_file.pgm -q
check 'as from the file' cmp s37.pgm from_file.pgm
"$kal" invert --pages - -o - --format pixels <film.y4m -q >all.bin
same 'from stream to stream' "$(wc -c <all.bin | tr -d ' ')" 10240
"$kal" invert --pages - -o all.gif <film.y4m -q
has 'into one file' "$("$kal" info all.gif)" '40 pages'
head -c 3000 film.y4m >cut.y4m
refused 'a stream that breaks off' 3 'the file ends at byte 3000' sh -c '"$1" invert --pages - -o "t{page}.pgm" -q <"$2"' - "$kal" "$PWD/cut.y4m"

awk 'BEGIN { printf "YUV4MPEG2 W160 H100 F25:1 C420\n"
    for (f = 0; f < 2; f++) { printf "FRAME\n"; for (i = 0; i < 24000; i++) printf "%c", 40 + f } }' | head -c 30000 >cut.y4m
refused 'a stream that breaks off between what a row needs' 3 'y4m: the file ends at byte 30000,' sh -c '"$1" invert --pages - -o "t{page}.ppm" -q <"$2"' - "$kal" "$PWD/cut.y4m"
head -c 493 one.tif >cut.tif
refused 'a TIFF without its directory' 3 'tiff: the file ends at byte 493,' "$kal" invert cut.tif -o x.png
printf 'what is this' >words.bin
refused 'no picture' 3 'not an image in a known format' "$kal" invert words.bin -o x.png
check 'the formats that are read' sh -c 'grep "tiff" err && ! grep -w "hash\|dz" err'
refused 'an unknown suffix' 2 'tells no format' "$kal" run 'load in.ppm | save x.xyz'
check 'the formats that are written' sh -c 'grep -w hash err && ! grep -w "svg\|psd\|y4m" err'

# timing comes along, and what was written is written again
for i in 1 2 3; do
    "$kal" crop in.ppm $((9 * i)) 0 50 40 -o "f$i.png" -q
done
code 'an animation' 0 "$kal" run --pages in f1.png f2.png f3.png -o anim.png --encode 'delay=0.25 loops=3' -q
has 'with its timing' "$("$kal" info anim.png)" '3 pages, shown for 0.25 s, runs 3 times'
code 'and once more' 0 "$kal" run --pages in anim.png -o again.png -q
check 'is the same file' cmp anim.png again.png
code 'one picture of it' 0 "$kal" run in anim.png --page 1 -o one.ppm -q
"$kal" run in f2.png -o f2.ppm -q
check 'is what it was' cmp one.ppm f2.ppm
for kind in gif webp; do
    "$kal" run --pages in f1.png f2.png f3.png -o "anim.$kind" --encode 'delay=0.25 loops=3' -q 2> err || {
        skip "an animated $kind" "$(cat err)"
        continue
    }
    [ "$kind" = gif ] || webp=$kind
    has "timing of a $kind" "$("$kal" info "anim.$kind")" '3 pages, shown for 0.25 s, runs 3 times'
    code "a $kind and once more" 0 "$kal" run --pages in "anim.$kind" -o "again.$kind" -q
    has "has its timing" "$("$kal" info "again.$kind")" '3 pages, shown for 0.25 s, runs 3 times'
    code "a $kind from PNG" 0 "$kal" run --pages in anim.png -o "from.$kind" -q
    check "is that $kind" cmp "anim.$kind" "from.$kind"
done
for kind in png gif $webp; do
    code "a $kind without waiting" 0 "$kal" run --pages in f1.png f2.png -o "zero.$kind" --encode delay=0 -q
    has 'says so' "$("$kal" info "zero.$kind")" '2 pages, shown for 0 s, runs'
    has 'in JSON, too' "$("$kal" info --json "zero.$kind" | tr -d ' ')" '"delay":0,'
    code "a $kind of it" 0 "$kal" run --pages in "zero.$kind" -o "zeros.$kind" -q
    has 'has it still' "$("$kal" info "zeros.$kind")" '2 pages, shown for 0 s, runs'
done
"$kal" invert f1.png -o still.gif -q
check 'a picture alone is not shown for a time' sh -c '! "$1" info still.gif | grep "shown for"' - "$kal"
for file in anim again; do
    "$kal" run in "$file.gif" --page 2 -o "$file.ppm" -q
done
check 'a GIF of a GIF has the same pixels' cmp anim.ppm again.ppm
refused 'pictures of two sizes' 2 'picture 1 of an animation is of another size' "$kal" run --pages in f1.png c1.ppm -o x.png
if python3 -c 'import PIL' 2>/dev/null; then python=python3; else python=/usr/bin/python3; fi
if $python -c 'import PIL' 2>/dev/null; then
    same 'as Pillow reads it' "$($python -c 'from PIL import Image
im = Image.open("anim.png")
print(im.n_frames, im.info["loop"], end="")
for i in range(3):
    im.seek(i)
    same = im.convert("RGB").tobytes() == Image.open("f%d.png" % (i + 1)).convert("RGB").tobytes()
    print("", im.info["duration"], same, end="")')" '3 3 250.0 True 250.0 True 250.0 True'
else
    skip 'as Pillow reads it' 'no Pillow'
fi

finish
