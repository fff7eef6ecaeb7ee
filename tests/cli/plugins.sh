#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Ops in libraries of their own. Usage: plugins.sh PATH-TO-KAL EXAMPLE.so FOLDER-OF-BAD-ONES
here=$(dirname "$0")
acme=$(cd "$(dirname "$2")" && pwd)/$(basename "$2") bad=$(cd "$3" && pwd)
. "$here/checks.sh"
unset KAL_PLUGINS

code 'an op of a library in a text' 0 "$kal" run --plugin "$acme" 'in | acme.fade 0.25' in.ppm -o a.ppm
code 'and as a verb' 0 "$kal" acme.fade in.ppm amount=0.25 --plugin="$acme" -o b.ppm
check 'the same' cmp a.ppm b.ppm
code 'the option before the verb' 0 "$kal" --plugin "$acme" acme.fade in.ppm 0.25 -o c.ppm
check 'the same again' cmp a.ppm c.ppm
same 'the pixels' "$("$kal" key --content in a.ppm)" "$("$kal" key --content --plugin "$acme" 'in | acme.fade 0.25' in.ppm)"
code 'not at all' 0 "$kal" run --plugin "$acme" 'in | acme.fade 0' in.ppm -o d.ppm
check 'is the picture' cmp in.ppm d.ppm
cp "$acme" here.so
code 'a name without a slash' 0 "$kal" key --plugin here.so 'in | acme.fade' in.ppm
code 'twice the same' 0 "$kal" key --plugin here.so --plugin ./here.so 'in | acme.fade' in.ppm
export KAL_PLUGINS="$acme"
code 'by the variable' 0 "$kal" acme.fade in.ppm 0.25 -o e.ppm
check 'the same picture' cmp a.ppm e.ppm
code 'its help' 0 "$kal" help acme.fade
has 'tells the parameter' "$(cat out)" '0 is the picture, 1 is its gray'
code 'the help as a verb' 0 "$kal" acme.fade --help
has 'is in the list' "$("$kal" ops acme)" 'Colours faded towards gray'
code 'explain' 0 "$kal" explain 'in | acme.fade | gaussian 2' in.ppm
for shell in bash zsh fish; do has "completion for $shell" "$("$kal" --print-completion $shell)" 'acme.fade'; done
has 'the manual' "$("$kal" --print-man)" 'acme.fade'
KAL_PLUGINS="$acme:$bad/nothing.so" refused 'one of two is bad' 2 'nothing.so: it has no function kal_plugin_ops' "$kal" ops
refused 'one whose name is taken' 2 'clash.so: there is an op acme.fade already' "$kal" ops --plugin "$bad/clash.so"
unset KAL_PLUGINS
refused 'and nothing of it was registered' 2 'there is no op "acme.fade"' "$kal" key 'in | acme.fade' in.ppm
refused 'the other way round' 2 'acme.so: there is an op acme.fade already' "$kal" ops --plugin "$bad/clash.so" --plugin "$acme"
refused 'an op that fails' 1 'acme.fails: it always does' "$kal" run --plugin "$bad/clash.so" 'in | acme.fails' in.ppm -o x.ppm
refused 'another version' 2 'older.so: it was built for version 5 of the records' "$kal" ops --plugin "$bad/older.so"
refused 'no ops' 2 'nothing.so: it has no function kal_plugin_ops; is it a library of ops?' "$kal" ops --plugin "$bad/nothing.so"
refused 'a name that is for ours' 2 "wrong.so: an op's name is lower case" "$kal" ops --plugin "$bad/wrong.so"
refused 'no such file' 2 'none.so: cannot open shared object file' "$kal" ops --plugin none.so
refused 'no library' 2 '--plugin: ./in.ppm: ' "$kal" ops --plugin in.ppm
refused 'an empty name' 2 'the name is empty' "$kal" ops --plugin=
refused 'no name' 2 '--plugin needs a value' "$kal" ops --plugin
code 'behind -- it is a word' 2 "$kal" run in in.ppm -o f.ppm -- --plugin none.so
finish
