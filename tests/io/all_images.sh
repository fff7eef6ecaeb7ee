#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Every shared picture, every page of it: the pixels of another decoder (Pillow; OpenCV where Pillow drops bits; libvips or heif-convert for HEIF),
# or an error where that one has none; and cut at 1, 10, 50 and 99 %: an error that names file and place. Usage: all_images.sh KAL [PART-OF-NAMES]
. "$(dirname "$0")/../support/peers.sh"
peers 'numpy and PIL' 'import numpy, PIL' "$1"
if [ -z "$shared" ]; then
    echo 'skipped: KAL_SHARED has no pictures'
    exit 77
fi
"$python" - "$kal" "$shared" "$2" << 'END'
import io
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import warnings
import zlib

import numpy as np
from PIL import Image, ImageOps
from peers import check, end

try:
    import cv2
except ImportError:
    cv2 = None
    print("skipped: cv2 is not here, so the high bytes alone are compared of 16 bits in colour")

warnings.simplefilter("ignore")
skipped = set()
root = pathlib.Path(sys.argv[2])
# No tolerance, for lossy files either: both sides take what libjpeg-turbo, libwebp, libheif and libtiff make of a file, and what is ours around them
# (rows, parts, palettes, inks, alpha, turning, composing) is exact.


def kal(*words):
    """Exit code and the first line of what it says."""
    done = subprocess.run([sys.argv[1], *words], capture_output=True, text=True, errors="replace", timeout=120)
    return done.returncode, (done.stderr.strip().splitlines() or [""])[0]


def ours(path, page):
    code, said = kal("run", f'load "{path}" page={page} | save ours.npy')
    return (None, said) if code else (np.load("ours.npy"), said)


def is_an_error(what, code, said, path):
    """A file that is damaged, told with its name and the byte, or that nobody here can read."""
    place = re.search(r"\bbyte \d|not an image in a known format|cannot read pictures of kind|in a file of \d+ bytes", said)
    check(f"{what}: exit {code}: {said}", code == 3 and str(path) in said and place)


# ---- the other decoder

def samples(image):
    """Palettes, bits and inks spread out as ours are."""
    if image.mode == "1":
        image = image.convert("L")
    if image.mode in ("P", "CMYK", "YCbCr", "LA") or (image.mode in ("L", "RGB") and "transparency" in image.info):
        image = image.convert("RGBA" if image.mode == "LA" or "transparency" in image.info else "RGB")
    return np.array(image)


def chunks(data):
    at = 8
    while at < len(data):
        size, = struct.unpack(">I", data[at:at + 4])
        yield data[at + 4:at + 8], data[at + 8:at + 8 + size]
        at += size + 12


def of_apng(data):
    """Frames decoded by Pillow as pictures of their own and laid by the words of the specification, which Pillow does without tRNS."""
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    frames, before, head = [], b"", b""
    for name, body in chunks(data):
        if name == b"IHDR":
            head = body
        elif name == b"fcTL":
            frames.append([struct.unpack(">IIIIIHHBB", body), b""])
        elif name in (b"IDAT", b"fdAT"):
            frames[-1][1] += body if name == b"IDAT" else body[4:]
        elif not frames:
            before += chunk(name, body)
    width, height = struct.unpack(">II", head[:8])
    canvas, out = np.zeros((height, width, 4), np.uint8), []
    for (_, w, h, x, y, _, _, dispose, blend), packed in frames:
        png = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">II", w, h) + head[8:]) + before +
               chunk(b"IDAT", packed) + chunk(b"IEND", b""))
        a = np.array(Image.open(io.BytesIO(png)).convert("RGBA"))
        assert blend == 0 or set(np.unique(a[..., 3])) <= {0, 255}
        old, place = canvas.copy(), canvas[y:y + h, x:x + w]
        place[...] = np.where((a[..., 3:] == 0) & (blend == 1), place, a)
        out.append(canvas.copy())
        if dispose == 1:
            place[...] = 0
        elif dispose == 2:
            canvas = old
    return out


def of_pillow(path):
    image = Image.open(path)
    pages = getattr(image, "n_frames", 1)
    out = []
    for page in range(pages):
        image.seek(page)
        image.load()
        out.append(samples(ImageOps.exif_transpose(image) if pages == 1 else image))
    return out


def of_opencv(path):
    a = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return a[..., ::-1] if a.ndim == 3 else a


def of_libheif(path):
    """By whoever is here; None: nobody."""
    tools = [t for t in ["vips", "heif-convert"] if shutil.which(t)]
    if not tools:
        return None
    words = ["vips", "copy", str(path), "theirs.png[strip]"] if tools[0] == "vips" else ["heif-convert", str(path), "theirs.png"]
    pathlib.Path("theirs.png").unlink(missing_ok=True)
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise OSError(done.stderr)
    # heif-convert numbers the files of several pictures, and does not say which is the primary one; and where libpng refuses a profile it leaves nothing
    if not pathlib.Path("theirs.png").exists() or not pathlib.Path("theirs.png").stat().st_size:
        return None
    return [samples(Image.open("theirs.png"))]


def theirs(path, data):
    """Pixels of each page; None: nobody to ask. Raises where the other decoder refuses the file."""
    if data[4:8] == b"ftyp":
        return of_libheif(path)
    return of_apng(data) if data[:4] == b"\x89PNG" and b"acTL" in data else of_pillow(path)


# ---- beside each other

def flat(a, gray, alpha):
    """H × W × (colours and alpha), of 8 bits or 16."""
    a = a.reshape(a.shape[0], a.shape[1], -1)
    colours, rest = (a, None) if a.shape[2] in (1, 3) else (a[..., :-1], a[..., -1:])
    if not gray and colours.shape[2] == 1:
        colours = np.repeat(colours, 3, 2)
    if alpha and rest is None:
        rest = np.full_like(colours[..., :1], np.iinfo(a.dtype).max)
    return np.dstack([colours, rest]) if alpha else colours


def difference(a, b):
    """The largest difference of what is seen; None: they are of other sizes or kinds."""
    if a.dtype == np.int32 and a.max() < 65536:
        a = a.astype(np.uint16)
    if a.dtype == np.uint8 and b.dtype == np.uint16:   # Pillow's high bytes
        b = (b >> 8).astype(np.uint8)
    if a.dtype != b.dtype or a.shape[:2] != b.shape[:2]:
        return None
    channels = [x.shape[2] if x.ndim == 3 else 1 for x in (a, b)]
    gray, alpha = all(c < 3 for c in channels), any(c in (2, 4) for c in channels)
    a, b = flat(a, gray, alpha), flat(b, gray, alpha)
    d = np.abs(a.astype(int) - b.astype(int))
    if alpha:   # colours of what is not seen do not matter
        d[(a[..., -1] == 0) & (b[..., -1] == 0)] = 0
    return int(d.max())


def beside(path, data):
    name = path.relative_to(root)
    try:
        pages = theirs(path, data)
    except Exception as e:   # whatever it is, they have no pixels
        code, said = kal("run", f'load "{path}" | save ours.npy')
        return is_an_error(f"{name} ({type(e).__name__} there)", code, said, path)
    if pages is None:
        return skipped.add("neither vips nor heif-convert is here")
    check(f"{name}: {len(pages)} pages", ours(path, len(pages))[0] is None)
    for page, want in enumerate(pages):
        got, said = ours(path, page)
        if got is None:
            return check(f"{name} page {page}: {said}", False)
        if got.dtype == np.uint16 and want.dtype == np.uint8 and cv2:
            want = of_opencv(path)
        d = difference(want, got)
        check(f"{name} page {page}: {want.shape} {want.dtype}, ours {got.shape} {got.dtype}, differ by {d}",
              d == 0)


def cut(path, data):
    for percent in [1, 10, 50, 99]:
        name = "cut" + path.suffix
        pathlib.Path(name).write_bytes(data[:len(data) * percent // 100])
        what = f"{path.relative_to(root)} cut at {percent} %"
        got, said = ours(name, 0)
        if got is None:
            is_an_error(what, 3, said, name)
        else:   # nothing was lost of the first picture: a directory, or what it says, stands behind it
            whole, _ = ours(path, 0)
            check(f"{what}: a picture, and not the same", whole is not None and np.array_equal(got, whole))
            check(f"{what}: a picture", data[:2] in (b"II", b"MM") and percent == 99)
        code, _ = kal("info", name)
        check(f"{what}: info: exit {code}", code in (0, 3))


for path in sorted(root.rglob("*")):
    if path.is_dir() or path.suffix in [".md", ".tsv", ".icc", ".icm"] or sys.argv[3] not in str(path):
        continue
    data = path.read_bytes()
    beside(path, data)
    cut(path, data)
for why in sorted(skipped):
    print("skipped:", why)
end()
END
