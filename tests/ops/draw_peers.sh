#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Drawing and text beside OpenCV and Pillow, where they are there: draw_peers.sh KAL
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/peers.sh"
peers 'cv2, numpy and PIL' 'import cv2, numpy, PIL' "$1"
"$python" "$here/draw_peers.py" "$kal"
