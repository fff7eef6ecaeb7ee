#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# composite's modes against Pillow's and OpenCV's, where they are there: modes_peers.sh KAL
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/peers.sh"
peers 'PIL, cv2 and numpy' 'import PIL, cv2, numpy' "$1"
"$python" "$here/modes_peers.py" "$kal"
