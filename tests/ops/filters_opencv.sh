#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Filters against OpenCV, where it is there: filters_opencv.sh KAL
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/peers.sh"
peers 'cv2 and numpy' 'import cv2, numpy' "$1"
"$python" "$here/filters_opencv.py" "$kal"
