#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Tile trees beside libvips, which writes them too: the same names, tiles of the same size and nearly the same pixels. Archives open with zipfile and
# hold the very files of the tree. Usage: dz_peers.sh KAL
. "$(dirname "$0")/../support/peers.sh"
peers 'PIL and numpy' 'import PIL, numpy' "$1"
"$python" - "$kal" << 'END'
import pathlib
import shutil
import subprocess
import sys
import zipfile
import xml.etree.ElementTree as xml
import json

import numpy as np
from PIL import Image
from peers import check, end

random = np.random.default_rng(4)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr.strip())
    return done.returncode == 0


def files(top):
    return {str(p.relative_to(top)): p for p in pathlib.Path(top).rglob("*") if p.is_file()}


def picture(width, height):
    small = random.integers(0, 256, (height // 9 + 2, width // 9 + 2, 3), np.uint8)
    Image.fromarray(small).resize((width, height), Image.BICUBIC).save("in.png")


vips = shutil.which("vips")
if not vips:
    print("skipped: vips is not here")
trees = [  # ours, theirs, the folder
    ("save k.dzi suffix=png", ["--suffix", ".png"], "_files"),
    ("save k.dzi suffix=png tile=100 overlap=5", ["--suffix", ".png", "--tile-size", "100", "--overlap", "5"], "_files"),
    ("save k.dzi suffix=png tile=64 overlap=0", ["--suffix", ".png", "--tile-size", "64", "--overlap", "0"], "_files"),
    ("save k format=iiif suffix=png tile=64", ["--suffix", ".png", "--tile-size", "64", "--layout", "iiif3"], ""),
    ("save k format=dz layout=iiif2 suffix=png tile=128", ["--suffix", ".png", "--tile-size", "128", "--layout", "iiif"], ""),
    ("save k format=dz layout=google suffix=png tile=64", ["--suffix", ".png", "--tile-size", "64", "--layout", "google"], ""),
]
alone = ("vips-properties.xml", "blank.png", "info.json", "tiles.json")
for width, height in [(700, 515), (256, 255), (129, 300), (1, 1), (64, 1)]:
    picture(width, height)
    for ours, theirs, folder in trees if vips else []:
        what = f"{ours}, {width}×{height}"
        for old in pathlib.Path(".").glob("[kv]*"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        check(what, run(sys.argv[1], "run", "load in.png | " + ours, "-q") and run(vips, "dzsave", "in.png", "v", *theirs))
        a, b = (({n: p for n, p in files(t + folder).items() if n not in alone and not n.startswith("full/")}) for t in "kv")
        both = a.keys() & b.keys()
        check(f"{what}: only ours {sorted(a.keys() - b.keys())[:4]}, only theirs {sorted(b.keys() - a.keys())[:4]}", a.keys() == b.keys())
        for n in both:
            x, y = (np.asarray(Image.open(t[n]).convert("RGB"), np.int32) for t in (a, b))
            check(f"{what}: {n} is {x.shape}, not {y.shape}", x.shape == y.shape)
            if x.shape == y.shape:
                check(f"{what}: {n} differs by {np.abs(x - y).max()}", np.abs(x - y).max() <= 2)

# the archive holds the tree
picture(700, 515)
for path, params in [("k.dzi", ""), ("k", "layout=iiif format=dz"), ("k", "layout=google format=dz")]:
    for old in pathlib.Path(".").glob("k*"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    kind = params.replace("format=dz", "")
    check(path, run(sys.argv[1], "run", f"load in.png | save {path} {params}", "-q"))
    tree = {n: p.read_bytes() for n, p in files(".").items() if n.startswith("k")}
    check(path, run(sys.argv[1], "run", f"load in.png | save k.szi {kind}", "-q"))
    with zipfile.ZipFile("k.szi") as z:
        check(f"{path} {params}: testzip", z.testzip() is None)
        held = {n if path == "k" else n[2:]: z.read(n) for n in z.namelist()}
        check(f"{path} {params}: stored", all(i.compress_type == zipfile.ZIP_STORED for i in z.infolist()))
    check(f"{path} {params}: {sorted(held.keys() ^ tree.keys())[:4]}", held == tree)
    if path == "k.dzi":
        image = xml.fromstring(tree["k.dzi"])
        size = image[0].attrib
        check("dzi", image.attrib == {"Format": "jpg", "Overlap": "1", "TileSize": "254"})
        check("dzi", size == {"Width": "700", "Height": "515"})
    elif "iiif" in params:
        info = json.loads(tree["k/info.json"])
        check("info", (info["width"], info["height"], info["profile"]) == (700, 515, "level0"))
        check("info", info["tiles"] == [{"width": 256, "height": 256, "scaleFactors": [1, 2, 4]}])
        for s in info["sizes"]:
            check("sizes", f"k/full/{s['width']},{s['height']}/0/default.jpg" in tree)

end()
END
