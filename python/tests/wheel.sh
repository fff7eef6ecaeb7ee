#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# wheel.sh: builds the wheel, as pip does, installs it for every CPython from 3.11 on that is found, and runs the tests there; then the one with its codec libraries
# inside, and looks whether it loads no other. Takes minutes: ./dev check.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INDEX=1
builder=${PYTHON:-/usr/bin/python3}
"$builder" -m pip wheel -q --no-deps --no-build-isolation -w "$work/plain" "$here/.."
"$builder" -m pip wheel -q --no-deps --no-build-isolation -w "$work/whole" --config-settings bundle=yes "$here/.."

pythons()
{
    ls /usr/bin/python3.1[1-9] /usr/local/bin/python3.1[1-9] "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[1-9]*/bin/python 2>/dev/null || true
}

run=0
for python in $(pythons); do
    "$python" -c 'import sys, ctypes; sys.exit(sys.implementation.name != "cpython" or sys.version_info < (3, 11))' 2>/dev/null || continue
    env=$work/env-$run
    "$python" -m venv "$env"
    "$env/bin/pip" install -q "$work"/plain/*.whl
    for test in images pixels requests userops; do   # without NumPy, Pillow or torch
        "$env/bin/python" -W ignore "$here/test_$test.py" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    done
    echo "$("$env/bin/python" -V): passed"
    run=$((run + 1))
done
[ $run -gt 0 ] || { echo "no CPython from 3.11 on was found"; exit 1; }

env=$work/whole-env
"$builder" -m venv "$env"
"$env/bin/pip" install -q "$work"/whole/*.whl
"$env/bin/python" - <<'EOF'
import kallitype as kal
img = kal.zone_plate(width=64, height=48)
for codec in kal.formats():
    if codec["writes"] and codec["reads"]:
        try:
            kal.open(img.cast(type="u8").encode(codec["name"])).raw()
        except kal.Error:
            pass   # not every format takes this picture
libraries = {line.split()[-1] for line in open("/proc/self/maps") if ".so" in line}
import re
outside = sorted(p for p in libraries if re.search(r"/lib(jpeg|png|heif|webp|tiff|jxl|openjp2|isal|aom|x265|de265)[^/]*\.so", p) and "kallitype.libs" not in p)
assert not outside, outside   # zlib is the interpreter's own
print("self-contained:", len([p for p in libraries if "kallitype.libs" in p]), "libraries of its own")
EOF
