#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# `kal info`, with --all and --page: info_cli.sh PATH-TO-KAL. The file with metadata is made here, byte by byte.
here=$(dirname "$0")
. "$here/../cli/checks.sh"

exif() { # big-endian; orientation 6, Make "ACME", Software "a" escape "b", and 230 letters of description behind the directory
    printf 'Exif\000\000MM\000*\000\000\000\010\000\004'
    printf '\001\016\000\002\000\000\000\347\000\000\000\076'
    printf '\001\017\000\002\000\000\000\005\000\000\001\045'
    printf '\001\022\000\003\000\000\000\001\000\006\000\000'
    printf '\001\061\000\002\000\000\000\004a\033b\000'
    printf '\000\000\000\000'
    printf 'D%.0s' $(seq 230)
    printf '\000ACME\000'
}
"$kal" crop in.ppm 0 0 48 32 -o plain.jpg -q
{
    head -c 2 plain.jpg
    printf '\377\341\001\062' # 2 + 6 + 298 bytes
    exif
    tail -c +3 plain.jpg
} >photo.jpg

# ---- the usual, and everything
code 'info' 0 "$kal" info photo.jpg
has 'the head' "$(sed -n 1p out)" 'photo.jpg: jpeg 32×48 rgb u8, orientation 6 (applied)'
has 'the maker is usual' "$(cat out)" 'ACME'
same 'the program is not' "$(grep -c Software out)" 0
has 'a long text is cut' "$(grep ImageDescription out)" 'DDDD…'
same 'at 200 letters' "$(grep ImageDescription out | tr -cd D | wc -c | tr -d ' ')" 201
code 'info --all' 0 "$kal" info --all photo.jpg
has 'tells the program, and moves no cursor' "$(grep exif.Software out)" 'a b'
same 'and the whole text' "$(grep ImageDescription out | tr -cd D | wc -c | tr -d ' ')" 231
has 'and the maker' "$(grep exif.Make out)" 'ACME'
has 'and what was applied' "$(grep exif.Orientation out)" '6'
code 'info --all of what says nothing' 0 "$kal" info --all in.ppm
same 'is a line' "$(wc -l <out | tr -d ' ')" 1
code 'several files' 0 "$kal" info --all photo.jpg plain.jpg
has 'one after another' "$(cat out)" 'plain.jpg: jpeg 48×32'
code 'info --json' 0 "$kal" info --json photo.jpg
json 'info --json' out
for words in '"exif.Software": "a\u001bb"' '"orientation": 6' '"orientation_applied": true' '"page": 0' '"pages": 1'; do
    has "has $words" "$(cat out)" "$words"
done
same 'all of it without --all' "$("$kal" info --json --all photo.jpg)" "$(cat out)"

# ---- pages
for i in 1 2 3; do "$kal" crop in.ppm 0 0 $((20 * i)) 30 -o "c$i.ppm" -q; done
refused 'a page of what has one' 2 'page 1' "$kal" info --page 1 plain.jpg
if "$kal" run --pages in c1.ppm c2.ppm c3.ppm -o pages.tif -q 2>err; then
    same 'the first of three' "$("$kal" info pages.tif)" 'pages.tif: tiff 20×30 rgb u8, 3 pages'
    same 'and asked for' "$("$kal" info --page 0 pages.tif)" 'pages.tif: tiff 20×30 rgb u8, 3 pages'
    same 'the second' "$("$kal" info --page 1 pages.tif)" 'pages.tif: tiff 40×30 rgb u8, page 1 of 3'
    same 'the last, from standard input' "$("$kal" info --page 2 - <pages.tif)" '-: tiff 60×30 rgb u8, page 2 of 3'
    code 'as JSON' 0 "$kal" info --json --page 2 pages.tif
    json 'a page' out
    has 'with its number' "$(cat out)" '"page": 2'
    has 'and its width' "$(cat out)" '"width": 60'
    refused 'a page that is not there' 2 'page 3: there are 3, from 0 to 2' "$kal" info --page 3 pages.tif
    refused 'among several files' 2 'page 1' "$kal" info --page 1 plain.jpg pages.tif
    has 'the others are told' "$(cat out)" 'pages.tif: tiff 40×30'
    refused 'a page before the first' 2 'page' "$kal" info --page -1 pages.tif
    refused 'no number' 2 'not a number' "$kal" info --page x pages.tif
else
    skip 'pages of a TIFF' "$(cat err)"
fi
"$kal" run --pages in c1.ppm c1.ppm -o a.gif -q --encode 'delay=0.5 loops=2'
same 'the second of an animation' "$("$kal" info --page 1 a.gif)" 'a.gif: gif 20×30 rgb u8, page 1 of 2, shown for 0.5 s, runs 2 times'

finish
