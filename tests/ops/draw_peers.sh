#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Drawing and text beside OpenCV and Pillow, where they are there: draw_peers.sh KAL
python=/usr/bin/python3
[ -x $python ] || python=python3
if ! $python -c 'import cv2, numpy, PIL' 2>/dev/null; then
    echo "skipped: Python has no cv2, numpy and PIL (python3-opencv, python3-pil) here"
    exit 77
fi
exec $python "$(dirname "$0")/draw_peers.py" "$1"
