#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Colour spaces against OpenCV, where it is there: space_opencv.sh KAL
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/peers.sh"
peers 'cv2 and numpy' 'import cv2, numpy' "$1"
"$python" "$here/space_opencv.py" "$kal"
