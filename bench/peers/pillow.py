# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""The workloads in Pillow. Its GaussianBlur is three box blurs, and resize by 25 % may halve first (reducing_gap), as its documentation advises."""
from concurrent.futures import ThreadPoolExecutor

import PIL
from PIL import Image, ImageChops, ImageFilter

from peer import THREADS, main, places

Image.MAX_IMAGE_PIXELS = None
LANCZOS, BILINEAR = Image.LANCZOS, Image.BILINEAR


def table(f):
    return [max(0, min(255, int(f(i) + 0.5))) for i in range(256)] * 3


CHAIN = [
    table(lambda v: 1.1 * v - 8),
    table(lambda v: 255 * (v / 255) ** (1 / 1.8)),
    table(lambda v: 255 - v),
    table(lambda v: 0.9 * v + 10),
] * 5


def chain(image):
    for t in CHAIN:
        image = image.point(t)
    return image


def jpeg(image, out, name="pillow"):
    image.save(f"{out}/{name}.jpg", quality=85)


def w1(folder, out):
    image = Image.open(folder + "/p12.jpg")
    image.thumbnail((256, 256), LANCZOS)
    jpeg(image, out)


def w2(folder, out):
    jpeg(Image.open(folder + "/p12.jpg").resize((2000, 1500), LANCZOS), out)


def w3(folder, out):
    image = Image.open(folder + "/p100.jpg")
    image.load()
    box = (4100, 2900, 7900, 5600)
    image.paste(image.crop(box).filter(ImageFilter.GaussianBlur(3)), box)
    jpeg(image, out)


def w4(level):
    return lambda folder, out: (
        Image.open(folder + "/p100.png")
        .resize((3000, 2125), LANCZOS, reducing_gap=2.0)
        .save(out + "/pillow.png", compress_level=level)
    )


def w5(folder, out):
    chain(Image.open(folder + "/p100.ppm")).save(out + "/pillow.ppm")


def w6(folder, out):
    jpeg(Image.open(folder + "/p12.jpg").rotate(33, BILINEAR, expand=True), out)


def w8(folder, out):
    def one(i):
        image = Image.open(f"{folder}/small/{i:03d}.jpg")
        image.thumbnail((512, 512), LANCZOS)
        jpeg(image, out, f"pillow-{i:03d}")

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(200)))


def w11(folder, out):
    image = Image.open(folder + "/a4.png").convert("RGBa").resize((1024, 1024), LANCZOS).convert("RGBA")
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    jpeg(Image.alpha_composite(white, image).convert("RGB"), out)


def kernels(folder):
    photo = Image.open(folder + "/p12.ppm")
    photo.load()
    gray = photo.convert("L")
    base = photo.convert("RGBA")
    over = photo.transpose(Image.FLIP_LEFT_RIGHT).convert("RGBA")
    over.putalpha(128)
    mask = [255 * (v >= 128) for v in range(256)]
    return {
        "k-resize": lambda: photo.resize((2000, 1500), LANCZOS),
        "k-resize25": lambda: photo.resize((1000, 750), LANCZOS),
        "k-gauss": lambda: photo.filter(ImageFilter.GaussianBlur(3)),
        "k-rotate": lambda: photo.rotate(33, BILINEAR, expand=True),
        "k-gray": lambda: photo.convert("L"),
        "k-thresh": lambda: gray.point(mask),
        "k-over": lambda: Image.alpha_composite(base, over),
        "k-invert": lambda: ImageChops.invert(photo),
        "k-chain20": lambda: chain(photo),
    }, lambda image: image.tobytes()


def patches(folder):
    photo = Image.open(folder + "/p100.ppm")
    photo.load()

    def all_of_them():
        for x, y in places(photo.width - 64, photo.height - 64):
            photo.crop((x, y, x + 64, y + 64)).tobytes()

    return all_of_them


main(
    "pillow",
    "Pillow " + PIL.__version__,
    {"w1": w1, "w2": w2, "w3": w3, "w4-6": w4(6), "w4-1": w4(1), "w5": w5, "w6": w6, "w8": w8, "w11": w11},
    kernels,
    {"patches": patches},
)
