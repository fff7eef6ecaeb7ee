#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# ssim and ms_ssim against scikit-image, where it is there: ssim_peers.sh KAL
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/peers.sh"
peers 'skimage, scipy and numpy' 'import skimage.metrics, scipy.ndimage, numpy' "$1"
"$python" "$here/ssim_peers.py" "$kal"
