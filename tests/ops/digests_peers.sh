#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# thumbhash and dominant against NumPy and OpenCV, where they are there: digests_peers.sh KAL
python=/usr/bin/python3
[ -x $python ] || python=python3
if ! $python -c 'import cv2, numpy' 2>/dev/null; then
    echo "skipped: Python has no cv2 (python3-opencv) here"
    exit 77
fi
exec $python "$(dirname "$0")/digests_peers.py" "$1"
