#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# What `kal info --json` says of EXIF, GPS, IPTC, density and TIFF's tags beside Pillow, over the shared pictures and files that Pillow wrote; and
# Pillow's reading of what we write. Usage: fields_peers.sh KAL
. "$(dirname "$0")/../support/peers.sh"
peers 'PIL' 'import PIL' "$1"
"$python" - "$kal" "$shared" << 'END'
import json
import pathlib
import subprocess
import sys

from PIL import ExifTags, Image, IptcImagePlugin, TiffImagePlugin
from peers import check, end

kal, shared = sys.argv[1], sys.argv[2]
# EXIF 2.32's names where Pillow has others
names = {0xA000: "FlashpixVersion", 0x8827: "PhotographicSensitivity", 0xA002: "PixelXDimension", 0xA003: "PixelYDimension"}


def info(path, *more):
    run = subprocess.run([kal, "info", "--json", *more, str(path)], capture_output=True)
    return json.loads(run.stdout)[0] if run.returncode == 0 else None


def same(ours, theirs):
    if isinstance(theirs, bytes):
        return True     # text or bytes as it may be
    if isinstance(theirs, str):
        return isinstance(ours, str) and ours == theirs.split("\0")[0].rstrip(" ")
    theirs = list(theirs) if isinstance(theirs, tuple) else [theirs]
    ours = ours if isinstance(ours, list) else [ours]
    for a, b in zip(ours, theirs):
        if a is None:
            if getattr(b, "denominator", 1) != 0:
                return False
        elif abs(a - float(b)) > 1e-9 * max(1, abs(a)):
            return False
    return len(ours) == len(theirs)


def compare(path, exif, table, fields):
    for tag, value in exif.items():
        name = names.get(tag, table.get(tag))
        if name is None or tag in (0x8769, 0x8825, 0xA005) or (isinstance(value, tuple) and len(value) > 64):
            continue
        check(f"{path}: {name}: {fields.get('exif.' + name)!r} for {value!r}",
              "exif." + name in fields and same(fields["exif." + name], value))


def all_of(path, told):
    picture = Image.open(path)
    exif = picture.getexif()
    if picture.format == "TIFF":
        keep = {t: v for t, v in exif.items() if ExifTags.TAGS.get(t) in
                ("ImageDescription", "Make", "Model", "Software", "DateTime", "Artist", "Copyright", "HostComputer")}
        compare(path, keep, ExifTags.TAGS, told["fields"])
    else:
        compare(path, dict(exif), ExifTags.TAGS, told["fields"])
    compare(path, exif.get_ifd(0x8769), ExifTags.TAGS, told["fields"])
    compare(path, exif.get_ifd(0x8825), ExifTags.GPSTAGS, told["fields"])
    iptc = IptcImagePlugin.getiptcinfo(picture) if picture.format in ("JPEG", "TIFF") else None
    for key, name in (((2, 25), "Keywords"), ((2, 120), "Caption-Abstract"), ((2, 80), "By-line"), ((2, 90), "City")):
        if iptc and key in iptc:
            want = iptc[key] if isinstance(iptc[key], list) else [iptc[key]]
            got = told["fields"].get("iptc." + name)
            got = got if isinstance(got, list) else [got]
            check(f"{path}: iptc.{name}: {got}", got == [w.decode("utf8", "replace") for w in want])


n = 0
for path in sorted(pathlib.Path(shared).glob("*/*")) if shared else []:
    if path.suffix not in (".jpg", ".png", ".tif", ".tiff", ".webp"):
        continue
    told = info(path)
    try:
        Image.open(path).load()
    except Exception:
        continue
    if told:
        all_of(path, told)
        n += 1
if not n:
    print("skipped: no shared pictures")

# files of Pillow's: every format, every kind of value
exif = Image.Exif()
exif[271] = "Maker"
exif[272] = "Model 1 "
exif[270] = "A description"
exif[315] = "Me"
exif[282] = exif[283] = TiffImagePlugin.IFDRational(240, 1)
exif[296] = 2
exif[34665] = {33434: TiffImagePlugin.IFDRational(1, 125), 33437: TiffImagePlugin.IFDRational(28, 10), 34855: 400,
               36867: "2024:01:02 03:04:05", 37386: TiffImagePlugin.IFDRational(50, 1), 42036: "A lens"}
exif[34853] = {1: "N", 2: (48.0, 30.0, 36.0), 3: "W", 4: (2.0, 15.0, 0.0), 5: b"\0", 6: 12.5}
picture = Image.new("RGB", (40, 30), (10, 200, 90))
for suffix in ("jpg", "png", "webp", "tif"):
    path = f"pillow.{suffix}"
    try:
        picture.save(path, exif=exif.tobytes(), dpi=(300, 300))
    except Exception as why:
        print(f"skipped: Pillow does not write {suffix}: {why}")
        continue
    told = info(path)
    check(f"{path} is read", told)
    if not told:
        continue
    all_of(path, told)
    check(f"{path}: gps {told['fields'].get('gps.latitude')}", told["fields"].get("gps.latitude") == 48.51
          and told["fields"].get("gps.longitude") == -2.25)
    dpi = 240 if suffix == "webp" else 300
    check(f"{path}: {told['dpi']}", told["dpi"] and abs(told["dpi"][0] - dpi) < 0.01)
    for other in ("jpg", "png", "webp", "tif"):
        out = f"ours-{suffix}.{other}"
        if subprocess.run([kal, "resize", path, "width=20", "-o", out]).returncode:
            continue
        theirs = Image.open(out)
        back = theirs.getexif()
        check(f"{out}: {dict(back)}", back.get(271) == "Maker" and back.get(270) == "A description")
        check(f"{out}: camera", back.get_ifd(0x8769).get(36867) == "2024:01:02 03:04:05"
              and float(back.get_ifd(0x8769).get(33434, 0)) == 1 / 125)
        check(f"{out}: gps", [float(v) for v in back.get_ifd(0x8825).get(2, ())] == [48, 30, 36])
        if "dpi" in theirs.info and other != "webp":
            check(f"{out}: {theirs.info['dpi']}", abs(float(theirs.info["dpi"][0]) - dpi / 2) < 0.6)
        all_of(out, info(out))

# fields that we set, in pictures with EXIF of their own and without, as Pillow reads them
said = ["set_field exif.Artist Ada", "set_field exif.FNumber 2.8", "set_field exif.LensSpecification '24 70 2.8 4'", "set_field exif.ExposureBiasValue -1/3",
        "set_field gps.latitude -47.5", "set_field gps.longitude 8.25", "add_field iptc.Keywords sea", "add_field iptc.Keywords sky", "set_field density 200dpi"]
sources = [p for p in sorted(pathlib.Path(shared).glob("*/*")) if p.suffix in (".jpg", ".png", ".webp")] if shared else []
for path in sources + [pathlib.Path("pillow.jpg"), pathlib.Path("pillow.png")]:
    for suffix in ("jpg", "png", "webp", "tif"):
        out = f"set-{suffix}.{suffix}"
        text = f"load {str(path)!r} | " + " | ".join(said) + f" | save {out!r}"
        if subprocess.run([kal, "run", text.replace("'", '"')], capture_output=True).returncode:
            continue
        theirs = Image.open(out)
        back = theirs.getexif()
        camera, place = back.get_ifd(0x8769), back.get_ifd(0x8825)
        check(f"{path} to {suffix}: artist", back.get(315) == "Ada")
        check(f"{path} to {suffix}: camera {camera}", float(camera.get(33437, 0)) == 2.8 and [float(v) for v in camera.get(42034, ())] == [24, 70, 2.8, 4]
              and abs(float(camera.get(37380, 0)) + 1 / 3) < 1e-9)
        check(f"{path} to {suffix}: place {place}", [float(v) for v in place.get(2, ())] == [47, 30, 0] and place.get(1) == "S" and place.get(3) == "E")
        check(f"{path} to {suffix}: density", [float(back.get(k, 0)) for k in (282, 283)] == [200, 200])
        told = info(out)
        check(f"{path} to {suffix}: keywords", suffix not in ("jpg", "tif") or told["fields"].get("iptc.Keywords", [])[-2:] == ["sea", "sky"])
        all_of(out, told)
end()
END
