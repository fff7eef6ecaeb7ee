# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""pyvips' names: images that are made of pages, which lie below one another. What is kept by which op is that of libvips 8.18."""

import io
import unittest

import kallitype as kal
import kallitype.compat.pyvips as pyvips
from pyvips_case import Case

DELAYS = [100, 500, 900, 200]


class Pages(Case):
    def setUp(self):
        super().setUp()
        place = io.BytesIO()
        with kal.album(place, "gif") as album:
            for k, delay in enumerate(DELAYS):
                album.add(kal.solid(color=[60 * k, 0, 0], width=30, height=20), delay=delay / 1000, loops=3)
        self.gif = place.getvalue()
        self.image = pyvips.Image.new_from_buffer(self.gif, "", n=-1)

    def written(self, image, suffix=".gif", **options):
        """Pages as wide and high as how much, how long each is shown, and how often all are."""
        pages = list(kal.open(image.write_to_buffer(suffix, **options)).pages())
        return [(p.width, p.height) for p in pages], [round(1000 * p.info.get("delay", 0)) for p in pages], pages[0].info.get("loops")

    def test_each_its_own_delay(self):
        self.assertEqual((self.image.get_page_height(), self.image.get("page-height"), self.image.get_n_pages()), (20, 20, 4))
        self.assertEqual(self.image.get("delay"), DELAYS)
        for suffix in (".gif", ".webp"):
            self.assertEqual(self.written(self.image, suffix), ([(30, 20)] * 4, DELAYS, 3), suffix)
        self.assertEqual(len(self.written(self.image, ".tif")[0]), 4)

    def test_through_ops(self):
        i = self.image
        black = pyvips.Image.black(30, 80, 3)
        cases = {
            "linear": i.linear(1, 0).cast("uchar"), "+": (i + i).cast("uchar"), "band": i[0], "invert": i.invert(), "copy": i.copy(),
            "copy_memory": i.copy_memory(), "flatten": i.addalpha().flatten(), "bandjoin": i.bandjoin(255), "crop": i.crop(3, 0, 20, 80),
            "embed": i.embed(1, 0, 33, 80), "gravity": i.gravity("centre", 40, 80), "fliphor": i.fliphor(), "rot180": i.rot180(),
            "insert": i.insert(i.crop(0, 0, 4, 4), 0, 0), "join": i.join(i, "horizontal"), "composite": i.composite(i, "over"),
            "gaussblur": i.gaussblur(1), "median": i.median(3), "colourspace": i.colourspace("b-w"), "ifthenelse": (i > 3).ifthenelse(i, i.invert()),
            "comparison": i > 3, "autorot": i.autorot(), "of the second": (black + i).cast("uchar"), "on black": black.insert(i, 0, 0),
            "beside black": black.join(i, "horizontal"), "over black": black.composite(i, "over"), "arrayjoin": pyvips.Image.arrayjoin([i, i]),
            "shrinkh": i.shrink(3, 1), "resize": i.resize(0.5, vscale=1),
        }
        for name, image in cases.items():
            with self.subTest(name):
                self.assertEqual((image.get_page_height(), image.get("page-height"), image.get("delay")), (20, 20, DELAYS))
                self.assertEqual(self.written(image), ([(image.width, 20)] * 4, DELAYS, 3))

    def test_other_heights(self):
        i = self.image
        cases = (
            (i.crop(0, 0, 30, 40), 20, DELAYS[:2]),
            (i.zoom(1, 2), 20, DELAYS + [0] * 4),
            (i.join(i, "vertical"), 20, DELAYS + [0] * 4),
            (i.crop(0, 0, 30, 50), 50, None),
            (i.resize(0.4), 32, None),
            (i.rot90(), 30, None),
            (i.pagesplit()[1], 20, None),
        )
        for image, tall, delays in cases:
            with self.subTest(height=image.height):
                self.assertEqual((image.get_page_height(), image.get("page-height")), (tall, 20))
                sizes, written, _ = self.written(image)
                self.assertEqual(sizes, [(image.width, tall)] * (image.height // tall))
                if delays:
                    self.assertEqual(written, delays)
        plain = i.new_from_image(9)
        self.assertEqual((plain.get_page_height(), plain.get_typeof("page-height")), (80, 0))

    def test_thumbnails_of_each(self):
        path = self.file("a.gif", self.gif)
        for small in (pyvips.Image.thumbnail(path + "[n=-1]", 15), self.image.thumbnail_image(15),
                      pyvips.Image.thumbnail_buffer(self.gif, 15, option_string="[n=-1]")):
            self.assertEqual((small.width, small.height, small.get_page_height()), (15, 40, 10))
            self.assertEqual(self.written(small), ([(15, 10)] * 4, DELAYS, 3))
            self.assertEqual([round(page.avg()) for page in small.pagesplit()], [0, 20, 40, 60])
        self.assertEqual(self.written(self.image.thumbnail_image(15, height=5, crop="centre"))[0], [(15, 5)] * 4)

    def test_some(self):
        two = pyvips.Image.new_from_buffer(self.gif, "", page=1, n=2)
        self.assertEqual((two.get("n-pages"), two.get_page_height(), two.height, two.get("delay")), (4, 20, 40, DELAYS[1:3]))
        self.assertEqual(self.written(two)[1], DELAYS[1:3])
        one = pyvips.Image.new_from_buffer(self.gif, "", page=2)
        self.assertEqual((one.get("n-pages"), one.get_typeof("page-height"), one.get("delay")), (4, 0, DELAYS[2:3]))

    def test_set(self):
        rows = pyvips.Image.arrayjoin(self.image.pagesplit(), across=1).copy()
        rows.set("page-height", 40)
        rows.set("delay", [30, 70])
        self.assertEqual(self.written(rows)[:2], ([(30, 40)] * 2, [30, 70]))
        self.assertEqual(self.image.get("delay"), DELAYS)
        fresh = pyvips.Image.black(4, 6, 3)
        fresh.set("page-height", 2)
        self.assertEqual(self.written(fresh)[0], [(4, 2)] * 3)

    def test_formats(self):
        self.assertEqual(self.written(self.image, ".png")[0], [(30, 80)])   # as in pyvips, which has no moving PNG
        self.assertEqual(self.written(self.image, ".png", page_height=20)[:2], ([(30, 20)] * 4, DELAYS))
        with self.assertRaisesRegex(pyvips.Unmapped, "pagesplit"):
            self.image.write_to_buffer(".jxl")
        self.assertEqual(self.written(self.image, page_height=40)[0], [(30, 40)] * 2)
        self.assertEqual(self.written(self.image, page_height=80)[0], [(30, 80)])
        with self.assertRaisesRegex(pyvips.Error, "pages of 33"):
            self.image.write_to_buffer(".gif", page_height=33)


if __name__ == "__main__":
    unittest.main()
