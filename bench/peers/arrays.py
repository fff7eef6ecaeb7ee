# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What NumPy itself can do of the workloads: sums on whole arrays."""
import cv2
import numpy as np

from peer import main


def reals(image, to):
    """Single precision, and every step after the first in place."""
    for _ in range(5):
        np.multiply(image, np.float32(1.1), to)
        np.subtract(to, np.float32(0.03), to)
        np.clip(to, 0, 1, to)
        np.subtract(np.float32(1), to, to)
        np.multiply(to, np.float32(0.9), to)
        np.add(to, np.float32(0.04), to)
        image = to
    return to


def kernels(folder):
    photo = np.ascontiguousarray(cv2.imread(folder + "/p12.ppm")[:, :, ::-1])
    floats = photo.astype(np.float32) / np.float32(255)
    same, reals_too = np.ones_like(photo), np.ones_like(floats)
    return {
        "k-invert": lambda: np.invert(photo, same),
        "k-float20": lambda: reals(floats, reals_too),
    }, lambda array: array.tobytes()


main("numpy", "NumPy " + np.__version__, {}, kernels)
