# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# What the tests beside other libraries share; read by `.`.

# peers MODULES TEST KAL: a python that passes the test, as $python, or the end of this script, skipped, naming the modules; the command's
# path as $kal, the shared pictures as $shared (or nothing), and a folder of its own to be in. In Python `peers` is peers.py.
peers()
{
    for python in python3 /usr/bin/python3 none; do
        "$python" -c "$2" 2> /dev/null && break
    done
    if [ "$python" = none ]; then
        echo "skipped: python3 with $1 is not here"
        exit 77
    fi
    PYTHONPATH=$(cd "$(dirname "$0")/../support" && pwd)
    PYTHONDONTWRITEBYTECODE=1
    export PYTHONPATH PYTHONDONTWRITEBYTECODE
    kal=$(cd "$(dirname "$3")" && pwd)/$(basename "$3")
    shared=$(cd "${KAL_SHARED:-none}/data/images" 2> /dev/null && pwd)
    dir=$(mktemp -d) || exit 1
    trap 'rm -rf "$dir"' EXIT
    cd "$dir" || exit 1
}
