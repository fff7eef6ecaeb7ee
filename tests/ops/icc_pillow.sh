#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Colour profiles beside Pillow's, which is Little CMS too: the same bytes for the same profiles and intents.
# Usage: icc_pillow.sh KAL
. "$(dirname "$0")/../support/peers.sh"
peers 'numpy and PIL' 'import numpy; from PIL import ImageCms' "$1"
"$python" - "$kal" << 'END'
import io
import subprocess
import sys

import numpy as np
from PIL import Image, ImageCms
from peers import check, end

names = ["srgb", "srgb_linear", "display_p3", "adobe_rgb", "prophoto", "rec2020"]


def kal(text):
    return subprocess.run([sys.argv[1], "run", text], capture_output=True, text=True)


Image.fromarray(np.random.default_rng(1).integers(0, 256, (40, 50, 3), dtype=np.uint8)).save("in.png")
if "Little CMS" in kal("load in.png | icc_transform | save out.png").stderr:
    print("skipped: Little CMS is not here")
    sys.exit(77)
profiles = {}
for name in names:
    kal(f"load in.png | icc_assign {name} | save p.png")
    profiles[name] = Image.open("p.png").info["icc_profile"]
    title = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profiles[name])))
    print(name, title.strip())
intents = {"perceptual": 0, "relative": 1, "absolute": 3}
for source in names:
    for target in names:
        for intent, number in intents.items():
            kal(f"load in.png | icc_transform {target} from={source} intent={intent} | save out.png")
            want = ImageCms.profileToProfile(
                Image.open("in.png"), io.BytesIO(profiles[source]), io.BytesIO(profiles[target]),
                renderingIntent=number, flags=ImageCms.FLAGS["BLACKPOINTCOMPENSATION"])
            check(f"{source} to {target}, {intent}", np.array_equal(np.array(Image.open("out.png")), np.array(want)))
end()
END
