#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# OpenEXR that OpenCV writes, in every compression, as it reads it itself. Usage: exr_peers.sh KAL
OPENCV_IO_ENABLE_OPENEXR=1
export OPENCV_IO_ENABLE_OPENEXR
. "$(dirname "$0")/../support/peers.sh"
peers 'numpy and cv2 that has OpenEXR' 'import numpy, cv2; assert cv2.haveImageWriter("a.exr")' "$1"
if ! "$kal" version --codecs | grep -q '^ *exr .*OpenEXR'; then
    echo 'skipped: this build has no OpenEXR'
    exit 77
fi
"$python" - "$kal" << 'END'
import subprocess
import sys

import cv2
import numpy as np
from peers import check, end, kal

random = np.random.default_rng(1)
names = ["none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab"]

for channels in [1, 3, 4]:
    for kind, half in [(cv2.IMWRITE_EXR_TYPE_HALF, True), (cv2.IMWRITE_EXR_TYPE_FLOAT, False)]:
        for compression, name in enumerate(names):
            a = (random.random((77, 133, channels)) * 3 - 0.5).astype(np.float32)
            a[:30] = np.round(a[:30] * 2) / 2
            if channels == 4:
                a[:, :, 3] = np.abs(a[:, :, 3])
                a[:5, :, 3] = 0
            cv2.imwrite("a.exr", a, [cv2.IMWRITE_EXR_TYPE, kind, cv2.IMWRITE_EXR_COMPRESSION, compression])
            want = cv2.imread("a.exr", cv2.IMREAD_UNCHANGED).reshape(a.shape)
            if channels >= 3:
                want = np.concatenate([want[:, :, 2::-1], want[:, :, 3:]], 2)
            if channels == 4:
                alpha = want[:, :, 3:]
                colours = np.where(alpha > 0, want[:, :, :3] / np.where(alpha > 0, alpha, np.float32(1)), want[:, :, :3])
                want = np.concatenate([colours, alpha], 2)
            done = subprocess.run([sys.argv[1], "run", "load a.exr | save ours.npy"], capture_output=True, text=True)
            what = f"{channels} channels, {'half' if half else 'float'}, {name}"
            if done.returncode and ("not yet implemented" in done.stderr or "decoded wrongly" in done.stderr):
                continue   # and says so
            check(what, not done.returncode and np.array_equal(np.load("ours.npy").reshape(want.shape), want), done.stderr.strip())
            # and what we write of it, as OpenCV reads it
            for form in ["type=half", "type=half compression=none", ""]:
                back = kal(f"load a.exr | save b.exr {form}")
                was, got = [cv2.imread(f, cv2.IMREAD_UNCHANGED) for f in ("a.exr", "b.exr")]
                same = np.array_equal(was, got) if channels < 4 else np.allclose(was, got, rtol=1e-3 if form else 1e-6, atol=0)
                near = not half and form and np.allclose(was, got, rtol=1e-3, atol=1e-4)
                check(f"written, {what} {form}", back and (same or near))

end()
END
