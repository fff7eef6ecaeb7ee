#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# --profile from outside: profile.sh PATH-TO-KAL. The JSON is read by python3 and the page by chromium, where they are there.
here=$(dirname "$0")
. "$here/checks.sh"

check() { label=$1; shift; code "$label" 0 "$@"; }   # what it says is looked at: out, err
count() { grep -o "$1" "$2" | wc -l; }

text='load in.ppm | crop 120 80 64 64 | gaussian 6 | invert | uncrop feather=8 | save out.png'

# ---- the trace
check 'a trace' "$kal" run "$text" --threads 4 --profile trace.json
check 'and the picture' test -s out.png
cp out.png plain.png
check 'the same without a profile' "$kal" run "$text"
check 'are the same bytes' cmp out.png plain.png
if command -v python3 >/dev/null; then
    cat >look.py <<'END'
import json, sys
t = json.load(open(sys.argv[1]))
events = [e for e in t["traceEvents"] if e["ph"] == "X"]
names = {e["tid"] for e in t["traceEvents"] if e["name"] == "thread_name"}
bands = {}
lanes = {}
for e in events:
    assert e["dur"] >= 0 and e["ts"] >= 0 and e["tid"] in names, e
    lanes.setdefault(e["tid"], []).append((e["ts"], e["ts"] + e["dur"]))
    a = e["args"]
    if a["band"] >= 0:
        bands.setdefault(a["stage"], []).append((a["band"], a["y0"], a["y1"]))
for lane in lanes.values():
    lane.sort()
    assert all(a[1] <= b[0] + 0.001 for a, b in zip(lane, lane[1:]))   # to the nanosecond
for list in bands.values():
    list.sort()
    assert [b[0] for b in list] == [*range(len(list))]
    assert all(a[2] == b[1] for a, b in zip(list, list[1:]))
for r in t["profile"]["requests"]:
    assert r["svg"].startswith("<svg") and not r["failed"] and r["total_ms"] > 0
    for n in r["nodes_told"]:
        assert n["key"] in r["svg"], n
print(len(t["profile"]["requests"]), len(events), *sorted({e["name"] for e in events}))
END
    mkdir side
    for n in 1 2 3 4 5 6; do cp in.ppm side/$n.ppm; done
    check 'several at once' "$kal" run 'in | gaussian 9' side/*.ppm -o 'side/{stem}.png' --threads 4 --profile side.json
    check 'and their trace holds together' python3 look.py side.json
    check 'the trace holds together' python3 look.py trace.json
    case "$(cat out)" in
        '1 '*' finish gaussian+invert load open plan png prepare uncrop') ok 'and names all' ;;
        *) not_ok "and names all (got: $(cat out))" ;;
    esac
else
    skip 'the trace holds together' 'no python3'
fi
check 'a trace begins with what others read' grep -q '^{"traceEvents": \[$' trace.json

# ---- the page
mkdir more '<'
cp in.ppm '</script><b>&.ppm'
check 'a page of several runs' "$kal" run 'in | gaussian 3 | invert' in.ppm out.png -o 'more/{stem}.jpg' --profile page.html
check 'an op as a verb' "$kal" gaussian in.ppm sigma=3 -o soft.png --profile op.htm
[ "$(count 'https\?:' page.html)" = "$(count 'http://www.w3.org/2000/svg' page.html)" ] &&
    ok 'nothing comes from elsewhere' || not_ok 'nothing comes from elsewhere'
check 'neither by another way' sh -c '! grep -nE "src=|@import|url\([^#]|<link" page.html'
check 'a name that looks like the end of a script' "$kal" invert '</script><b>&.ppm' -o '</script>.png' --profile odd.html
[ "$(count '</script>' odd.html)" = "$(count '</script>' page.html)" ] && ok 'ends none' || not_ok 'ends none'
browser=
for name in chromium chromium-browser google-chrome; do command -v $name >/dev/null && browser=$name && break; done
# look WHAT PAGE WORDS…: what the page says once its script has run
look()
{
    what=$1 page=$2
    shift 2
    timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --user-data-dir="$dir/profile" --enable-logging=stderr \
        --virtual-time-budget=2000 --dump-dom "file://$dir/$page" >dom 2>log
    sed -n '/<tbody>/,/<\/tbody>/p' dom >table
    for word in "$@"; do
        if grep -qF "$word" table; then ok "$what: $word"; else not_ok "$what: $word"; fi
    done
    if grep -q CONSOLE log; then not_ok "$what: the console is quiet: $(grep CONSOLE log)"; else ok "$what: the console is quiet"; fi
}
if [ -z "$browser" ]; then
    skip 'the page in a browser' 'no chromium'
elif ! command -v timeout >/dev/null; then
    skip 'the page in a browser' 'no timeout'
else
    look 'a page of several' page.html '</i>gaussian<' '</i>invert<' '</i>jpeg<' '</i>plan<'
    look 'a page of one' op.htm '</i>load<' '</i>gaussian<' '</i>png<'
    check 'with its graph' grep -qF 'color-mix' dom
    look 'a page with an odd name' odd.html '</i>invert<'
    check 'shows the name' grep -qF '<h1>&lt;/script&gt;.png</h1>' dom
fi

# ---- trouble
code 'another suffix' 2 "$kal" run "$text" --profile x.txt
if grep -q 'a page' err; then ok 'says what there is'; else not_ok 'says what there is'; fi
code 'the place of an output' 2 "$kal" run 'load in.ppm' -o both.json --format png --profile both.json
code 'no such folder' 1 "$kal" run "$text" --profile none/x.html
rm -f out.png
code 'a run that fails' 4 "$kal" run 'load in.ppm | gaussian 20 | save out.png' --max-memory 10k --profile bad.json
check 'has a profile' grep -q '"failed": true' bad.json
check 'and nothing else is left' sh -c '! ls | grep -e part -e out.png'

finish
