# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""pyvips' names: what goes wrong in an operation is an Error, and an option that is not here says what to use."""

import inspect
import unittest

import kallitype as kal
import kallitype.compat.pyvips as pyvips
from pyvips_case import Case


class Calls(Case):
    def setUp(self):
        super().setUp()
        self.rgb, self.rgba, self.small = pyvips.Image.black(8, 8, 3), pyvips.Image.black(4, 4, 4), pyvips.Image.black(4, 4, 2)

    def test_what_goes_wrong(self):
        rgb, rgba, small = self.rgb, self.rgba, self.small
        cases = {
            "blur": lambda: rgb.gaussblur(-1), "sizes": lambda: rgb + small, "sizes of a difference": lambda: rgb - small, "comparison": lambda: rgb > small,
            "bands": lambda: rgb.insert(rgba, 0, 0), "none": lambda: rgb.zoom(0, 1), "background": lambda: rgba.flatten(background=[1, 2]),
            "nothing": lambda: pyvips.Image.black(0, 5), "no number": lambda: rgb.gaussblur("x"), "too few": lambda: rgb.gaussblur(),
            "too many": lambda: rgb.gaussblur(1, 2, 3), "types": lambda: rgb.bandjoin(rgb.cast("float")),
            "sheet": lambda: pyvips.Image.arrayjoin([rgb, rgb.cast("float")]), "logic": lambda: (rgb > 1) & (small > 1),
        }
        for name, call in cases.items():
            with self.subTest(name):
                with self.assertRaises(pyvips.Error) as caught:
                    call()
                self.assertIsInstance(caught.exception, kal.Error)
                self.assertTrue(caught.exception.message)

    def test_options_that_are_not_here(self):
        rgb, path = self.rgb, self.file("a.png", self.bytes["png"])
        cases = (
            (lambda: rgb.gaussblur(1, min_ampl=0.1), 'gaussblur takes no "min_ampl" here: the filter'),
            (lambda: rgb.resize(0.5, kernal="linear"), 'resize takes no "kernal" here; did you mean "kernel"'),
            (lambda: pyvips.Image.thumbnail(path, 9, export_profile="srgb"), '"export_profile" here: image.kal.icc_transform'),
            (lambda: pyvips.Image.thumbnail(path, 9, intent="relative"), '"intent" here: image.kal.icc_transform'),
            (lambda: pyvips.Image.arrayjoin([rgb, rgb], halign="centre"), '"halign" here: embed'),
            (lambda: rgb.extract_area(0, 0, 1, 1, nothing=1), 'extract_area takes no "nothing"'),
        )
        for call, what in cases:
            with self.subTest(what), self.assertRaisesRegex(pyvips.Unmapped, what) as caught:
                call()
            self.assertIsInstance(caught.exception, ValueError)

    def test_thumbnails_of_broken_files(self):
        torn = self.bytes["png"][:9000]
        with self.assertRaises(pyvips.Error):
            pyvips.Image.thumbnail_buffer(torn, 20, fail_on="error").avg()
        with self.assertWarnsRegex(UserWarning, "rows 42 to 179"):
            self.assertGreater(pyvips.Image.thumbnail_buffer(torn, 20, fail_on="none").avg(), 0)

    def test_help(self):
        self.assertEqual(list(inspect.signature(self.rgb.resize).parameters), ["scale", "vscale", "kernel", "gap"])
        self.assertIn("upright", inspect.getdoc(self.rgb.thumbnail_image))
        self.assertRaises(TypeError, bool, self.rgb)
        self.assertRaises(IndexError, lambda: self.rgb[7])


if __name__ == "__main__":
    unittest.main()
