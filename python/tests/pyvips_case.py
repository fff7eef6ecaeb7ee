# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What the tests of pyvips' names share: encoded pictures, a folder of their own, and sources that a program gives."""

import io
import os
import tempfile
import unittest

import kallitype as kal
import kallitype.compat.pyvips as pyvips

FORMATS = ("jpg", "png", "tif", "webp")


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scene = kal.sample("scene", width=240, height=180)
        cls.bytes = {f: scene.encode(f) for f in FORMATS}

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def file(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def same(self, a, b):
        self.assertEqual((a.width, a.height, a.bands, a.format), (b.width, b.height, b.bands, b.format))
        self.assertEqual(a.write_to_memory(), b.write_to_memory())

    def custom(self, data, seek=True, most=None):
        file, source = io.BytesIO(data), pyvips.SourceCustom()
        source.on_read(lambda size: file.read(size if most is None else min(size, most)))
        if seek:
            source.on_seek(file.seek)
        return source
