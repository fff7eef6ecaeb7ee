# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""pyvips' names: what files say goes through ops: profiles, EXIF, XMP, and which side is up."""

import os
import unittest

import kallitype as kal
import kallitype.compat.pyvips as pyvips
from pyvips_case import Case


def exif(orientation):
    """An APP1 block with nothing but an orientation."""
    block = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" + bytes([orientation]) + b"\0\0\0\0\0\0\0"
    return b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block


class Fields(Case):
    def setUp(self):
        super().setUp()
        scene = kal.sample("scene", width=40, height=20).icc_assign(to="display_p3").set_field("exif.Artist", "me").set_field("xmp.dc:title", "it")
        clear = kal.band_join(scene, kal.solid(color=[200], width=40, height=20, channels=1), alpha=True)
        self.profile = scene.meta("icc")
        self.rgb, self.rgba = (pyvips.Image.new_from_buffer(i.encode("png"), "") for i in (scene, clear))
        self.black = pyvips.Image.black(40, 20, 3)

    def test_profiles_through_ops(self):
        w, v, black = self.rgb, self.rgba, self.black
        cases = {
            "linear": v.linear(1, 0), "+": v + 1, "cast": v.cast("uchar"), "shift": v.cast("ushort", shift=True), "invert": v.invert(),
            "ifthenelse": (v > 3).ifthenelse(v, v.invert()), "comparison": v > 3, "copy": v.copy(interpretation="srgb"), "power": v ** 2,
            "rint": v.rint(), "resize": v.resize(0.5), "bands": v[0:3], "flatten": v.flatten(), "addalpha": w.addalpha(), "bandjoin": w.bandjoin(255),
            "put together": w[0].bandjoin([w[1], w[2]]), "with alpha": v[0].bandjoin(v.bandsplit()[1:]), "swapped": w[2].bandjoin([w[1], w[0]]),
            "one by one": w[0].invert().bandjoin([w[1], w[2]]), "as wide": w[0] + [1, 2, 3], "first gray": w[0] + w,
            "of the second": black + w, "on black": black.insert(w, 0, 0), "beside black": black.join(w, "vertical"),
            "sheet": pyvips.Image.arrayjoin([black, w]), "colourspace": w.colourspace("rgb16"),
        }
        for name, image in cases.items():
            with self.subTest(name):
                self.assertEqual(image.get("icc-profile-data"), self.profile)
                again = pyvips.Image.new_from_buffer(image.write_to_buffer(".tif"), "")
                self.assertEqual(again.get("icc-profile-data"), self.profile)
        self.assertEqual(black.get_typeof("icc-profile-data"), 0)

    def test_the_pixels_stay(self):
        self.same(self.rgb[0].bandjoin([self.rgb[1], self.rgb[2]]), self.rgb)
        self.same(self.rgba[0].bandjoin(self.rgba.bandsplit()[1:]), self.rgba)
        self.same(self.rgb.addalpha()[0:3], self.rgb)
        self.same(self.rgba.linear(1, 0).cast("uchar"), self.rgba)

    def test_copy_memory(self):
        for image in (self.rgb, self.rgba, self.rgb.linear(1, 0.5), self.rgb.cast("ushort", shift=True), self.rgb[1], self.rgba.bandjoin(1), self.rgb > 9,
                      self.rgb[0] > 9):
            with self.subTest(image=repr(image)):
                kept = image.copy_memory()
                self.same(kept, image)
                self.assertEqual((kept.interpretation, kept.hasalpha(), kept.kal.model), (image.interpretation, image.hasalpha(), image.kal.model))
                self.assertEqual(kept.get_fields(), image.get_fields())
                for name in image.get_fields():
                    self.assertEqual(kept.get(name), image.get(name), name)
        kept = pyvips.Image.new_from_buffer(self.rgb.copy_memory().write_to_buffer(".png"), "")
        self.assertEqual((kept.get("exif.Artist"), kept.get("xmp.dc:title"), kept.get("icc-profile-data")), ("me", "it", self.profile))

    def test_copy_memory_needs_no_file(self):
        path = self.file("a.png", self.rgba.write_to_buffer(".png"))
        image = pyvips.Image.new_from_file(path)
        kept = image.gaussblur(1).copy_memory()
        os.unlink(path)
        kal.memo_clear()
        pyvips.Image.new_from_buffer(kept.write_to_buffer(".png"), "").avg()

    def test_which_side_is_up(self):
        source = kal.sample("scene", width=40, height=20).encode("jpeg")
        for orientation in range(1, 9):
            with self.subTest(orientation=orientation):
                lying = pyvips.Image.new_from_buffer(source[:2] + exif(orientation) + source[2:], "")
                kept = lying.copy_memory()
                self.assertEqual(kept.get("orientation"), orientation)
                saved = pyvips.Image.new_from_buffer(kept.write_to_buffer(".jpg"), "")
                self.assertEqual((saved.width, saved.get("orientation")), (40, orientation))
                for image in (kept, lying.copy()):
                    self.same(image.autorot(), lying.autorot())
                    self.assertEqual(image.autorot().get("orientation"), 1)
                    straight = pyvips.Image.new_from_buffer(image.autorot().write_to_buffer(".png"), "")
                    self.assertEqual((straight.width, straight.get("orientation")), (lying.autorot().width, 1))
                self.assertEqual(kept.thumbnail_image(10).height, lying.thumbnail_image(10).height)


if __name__ == "__main__":
    unittest.main()
