#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Colours, spaces, light and modes against OpenCV, Pillow and NumPy, where they are there: colour_peers.sh KAL
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/peers.sh"
peers 'PIL, cv2 and numpy' 'import PIL, cv2, numpy' "$1"
"$python" "$here/colour_peers.py" "$kal"
