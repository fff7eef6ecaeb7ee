#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# thumbhash and dominant against NumPy and OpenCV, where they are there: digests_peers.sh KAL
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/peers.sh"
peers 'cv2 and numpy' 'import cv2, numpy' "$1"
"$python" "$here/digests_peers.py" "$kal"
