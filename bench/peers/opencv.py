# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""The workloads in OpenCV. It has no antialiased Lanczos: INTER_AREA, its advice for shrinking and cheaper, stands in; nor an alpha over."""
import os
from concurrent.futures import ThreadPoolExecutor

os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(1 << 31)
import cv2
import numpy as np

from peer import THREADS, main, places

cv2.setNumThreads(THREADS)
AREA = cv2.INTER_AREA
GAMMA = np.clip(255 * (np.arange(256) / 255) ** (1 / 1.8) + 0.5, 0, 255).astype(np.uint8)


def chain(image, to=None):
    """All steps after the first happen in place."""
    for _ in range(5):
        to = cv2.convertScaleAbs(image, to, alpha=1.1, beta=-8)
        cv2.LUT(to, GAMMA, to)
        cv2.bitwise_not(to, to)
        image = cv2.convertScaleAbs(to, to, alpha=0.9, beta=10)
    return image


def reals(image, to):
    """A scale and an offset in one pass; clamping takes two. Samples side by side, so that a number is one for all."""
    for _ in range(5):
        cv2.addWeighted(image, 1.1, image, 0, -0.03, to)
        cv2.max(cv2.min(to, 1.0, to), 0.0, to)
        cv2.addWeighted(to, -1, to, 0, 1, to)
        image = cv2.addWeighted(to, 0.9, to, 0, 0.04, to)
    return image


def jpeg(image, out, name="opencv"):
    cv2.imwrite(f"{out}/{name}.jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])


def fit(image, side):
    height, width = image.shape[:2]
    scale = side / max(height, width)
    return cv2.resize(image, (round(width * scale), round(height * scale)), interpolation=AREA)


def rotate(image, to=None):
    height, width = image.shape[:2]
    m = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), 33, 1)
    to_width = int(np.ceil(height * abs(m[0, 1]) + width * m[0, 0]))
    to_height = int(np.ceil(height * m[0, 0] + width * abs(m[0, 1])))
    m[:, 2] += (to_width - width) / 2, (to_height - height) / 2
    return cv2.warpAffine(image, m, (to_width, to_height), to, flags=cv2.INTER_LINEAR)


def w3(folder, out):
    image = cv2.imread(folder + "/p100.jpg")
    part = image[2900:5600, 4100:7900]
    part[:] = cv2.GaussianBlur(part, (19, 19), 3, borderType=cv2.BORDER_REPLICATE)
    jpeg(image, out)


def w4(level):
    def run(folder, out):
        image = cv2.resize(cv2.imread(folder + "/p100.png"), (3000, 2125), interpolation=AREA)
        cv2.imwrite(out + "/opencv.png", image, [cv2.IMWRITE_PNG_COMPRESSION, level])

    return run


def w8(folder, out):
    def one(i):
        image = cv2.imread(f"{folder}/small/{i:03d}.jpg", cv2.IMREAD_REDUCED_COLOR_2)
        jpeg(fit(image, 512), out, f"opencv-{i:03d}")

    cv2.setNumThreads(1)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(200)))


WORKS = {
    "w1": lambda folder, out: jpeg(fit(cv2.imread(folder + "/p12.jpg", cv2.IMREAD_REDUCED_COLOR_8), 256), out),
    "w2": lambda folder, out: jpeg(cv2.resize(cv2.imread(folder + "/p12.jpg"), (2000, 1500), interpolation=AREA), out),
    "w3": w3,
    "w4-6": w4(6),
    "w4-1": w4(1),
    "w5": lambda folder, out: cv2.imwrite(out + "/opencv.ppm", chain(cv2.imread(folder + "/p100.ppm"))),
    "w6": lambda folder, out: jpeg(rotate(cv2.imread(folder + "/p12.jpg")), out),
    "w8": w8,
}


def layers50(photo, to):
    """Half of each layer is seen through; without alpha of their own, weights are two arrays. The last in our list lies lowest."""
    over, at = cv2.flip(photo, 1), list(places(4000 - 512, 3000 - 384, 100))
    parts = [over[y : y + 384, x : x + 512].copy() for x, y in at[::2]]
    mine = np.full((384, 512), 128 / 255, np.float32)
    under = 1 - mine

    def all_of_them():
        np.copyto(to, photo)
        for part, (x, y) in zip(reversed(parts), reversed(at[1::2])):
            room = to[y : y + 384, x : x + 512]
            room[:] = cv2.blendLinear(part, room, mine, under)
        return to

    return all_of_them


def kernels(folder):
    """Each fills an array that is there already."""
    photo = cv2.imread(folder + "/p12.ppm")
    gray = cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)
    half, quarter = np.ones((1500, 2000, 3), np.uint8), np.ones((750, 1000, 3), np.uint8)
    floats = photo[:, :, ::-1].reshape(3000, -1).astype(np.float32) / np.float32(255)
    room = np.ones_like(floats)
    same, one, canvas = np.ones_like(photo), np.ones_like(gray), rotate(photo)
    mask = cv2.threshold(cv2.GaussianBlur(gray, (19, 19), 3, borderType=cv2.BORDER_REPLICATE), 127, 255, cv2.THRESH_BINARY)[1]
    labels = np.zeros(gray.shape, np.int32)
    y, x = np.mgrid[0:3000, 0:4000]
    waves = np.dstack([x + 20 * np.sin(y / 90), y + 20 * np.sin(x / 70)]).astype(np.float32)
    corners = np.array([[300, 200], [3700, 100], [3900, 2900], [100, 2800]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners - 0.5, np.array([[0, 0], [4000, 0], [4000, 3000], [0, 3000]], np.float32) - 0.5)
    square, ellipse = (cv2.getStructuringElement(shape, (15, 15)) for shape in (cv2.MORPH_RECT, cv2.MORPH_ELLIPSE))
    clahe = cv2.createCLAHE(2, (8, 8))
    return {
        "k-perspective": lambda: cv2.warpPerspective(photo, matrix, (4000, 3000), same),
        "k-remap": lambda: cv2.remap(photo, waves, None, cv2.INTER_LINEAR, same),
        "k-erode": lambda: cv2.erode(gray, square, one),
        "k-ellipse": lambda: cv2.erode(gray, ellipse, one),
        "k-equalize": lambda: cv2.equalizeHist(gray, one),
        "k-clahe": lambda: clahe.apply(gray, one),
        "k-components": lambda: cv2.connectedComponents(mask, labels)[1],
        "k-boxes": lambda: cv2.connectedComponentsWithStats(mask, labels)[2],
        "k-polygons": lambda: cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)[1],
        "k-distance": lambda: cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE),
        "k-median5": lambda: cv2.medianBlur(photo, 5, same),
        "k-canny": lambda: cv2.Canny(gray, 50, 150, one),
        "k-lab": lambda: cv2.cvtColor(photo, cv2.COLOR_BGR2LAB, same)[:, :, ::-1],
        "k-layers50": layers50(photo, same),
        "k-resize": lambda: cv2.resize(photo, (2000, 1500), half, interpolation=AREA),
        "k-resize25": lambda: cv2.resize(photo, (1000, 750), quarter, interpolation=AREA),
        "k-gauss": lambda: cv2.GaussianBlur(photo, (19, 19), 3, same, borderType=cv2.BORDER_REPLICATE),
        "k-rotate": lambda: rotate(photo, canvas),
        "k-gray": lambda: cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY, one),
        "k-thresh": lambda: cv2.threshold(gray, 127, 255, cv2.THRESH_BINARY, one)[1],
        "k-invert": lambda: cv2.bitwise_not(photo, same),
        "k-chain20": lambda: chain(photo, same),
        "k-float20": lambda: reals(floats, room),
    }, lambda image: (image[:, :, ::-1] if image.ndim == 3 else image).tobytes()


def patches(folder):
    photo = cv2.imread(folder + "/p100.ppm")

    def all_of_them():
        for x, y in places(photo.shape[1] - 64, photo.shape[0] - 64):
            photo[y : y + 64, x : x + 64].copy()

    return all_of_them


def inserts(n):
    """On a copy, for in ours the photo stays as it is. The first lies on top, so it comes last."""

    def prepared(folder):
        photo = cv2.imread(folder + "/p100.ppm")
        at = list(places(photo.shape[1] - 32, photo.shape[0] - 32, 2 * n))

        def all_of_them():
            to = photo.copy()
            for (fx, fy), (x, y) in zip(reversed(at[::2]), reversed(at[1::2])):
                to[y : y + 32, x : x + 32] = photo[fy : fy + 32, fx : fx + 32]

        return all_of_them

    return prepared


MEMORY = {"patches": patches}
for thousands in (1, 2, 4, 8):
    MEMORY[f"inserts-{thousands}k"] = MEMORY[f"layers-{thousands}k"] = inserts(1000 * thousands)
main("opencv", "OpenCV " + cv2.__version__, WORKS, kernels, MEMORY)
