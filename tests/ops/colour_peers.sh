#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Colours, spaces, light and modes against OpenCV, Pillow and NumPy, where they are there: colour_peers.sh KAL
python=/usr/bin/python3
[ -x $python ] || python=python3
if ! $python -c 'import PIL, cv2, numpy' 2>/dev/null; then
    echo "skipped: Python has no PIL and cv2 (python3-pil, python3-opencv) here"
    exit 77
fi
exec $python "$(dirname "$0")/colour_peers.py" "$1"
