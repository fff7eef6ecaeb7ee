# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What the tests share: pictures of a seed, a folder of their own, and what is installed."""

from __future__ import annotations

import importlib.util
import os
import tempfile
import unittest

import kallitype as kal


def there(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


needs_numpy = unittest.skipUnless(there("numpy"), "NumPy is not installed")
needs_pillow = unittest.skipUnless(there("PIL"), "Pillow is not installed")
needs_torch = unittest.skipUnless(there("torch"), "torch is not installed")


def samples(height: int, width: int, channels: int = 3, seed: int = 1) -> memoryview:
    """Samples that look like no other seed's, as a buffer."""
    n, state, out = height * width * channels, seed * 2654435761 % 2**32, bytearray()
    while len(out) < n:
        state = (state * 1103515245 + 12345) % 2**31
        out += (state >> 8).to_bytes(3, "little")
    shape = (height, width, channels) if channels > 1 else (height, width)
    return memoryview(bytes(out[:n])).cast("B", shape)


def picture(height: int = 40, width: int = 60, channels: int = 3, seed: int = 1) -> kal.Image:
    return kal.open(samples(height, width, channels, seed))


def pixels(image: kal.Image) -> bytes:
    return bytes(image.raw())


def read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)


class Case(unittest.TestCase):
    """A test with a folder."""

    def setUp(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="kallitype-test-")
        self.addCleanup(self._folder.cleanup)

    def path(self, name: str) -> str:
        return os.path.join(self._folder.name, name)

    def left(self) -> list[str]:
        return sorted(os.listdir(self._folder.name))
