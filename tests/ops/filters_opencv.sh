#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Filters against OpenCV, where it is there: filters_opencv.sh KAL
python=/usr/bin/python3
[ -x $python ] || python=python3
if ! $python -c 'import cv2, numpy' 2>/dev/null; then
    echo "skipped: Python has no cv2 (python3-opencv) here"
    exit 77
fi
exec $python "$(dirname "$0")/filters_opencv.py" "$1"
