# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""pyvips' names: the numbers of operations where two libraries easily differ. They are those of libvips 8.18."""

import array
import unittest

import kallitype.compat.pyvips as pyvips
from pyvips_case import Case


def image(rows, bands=1):
    """Of uchar; more bands than one are alike."""
    flat = bytes(v for row in rows for v in row for _ in range(bands))
    return pyvips.Image.new_from_memory(flat, len(rows[0]), len(rows), bands, "uchar")


def floats(*values):
    return pyvips.Image.new_from_memory(array.array("f", values).tobytes(), len(values), 1, 1, "float")


def single(value):
    return array.array("f", [value])[0]


class Samples(Case):
    def test_shift_is_between_whole_numbers(self):
        row = image([[0, 1, 10, 128, 255]])
        self.assertEqual(row.cast("float", shift=True).tolist(), [[0, 1, 10, 128, 255]])
        self.assertEqual(row.cast("uchar", shift=True).tolist(), [[0, 1, 10, 128, 255]])
        self.assertEqual(floats(0, 0.5, 1.7, 300).cast("uchar", shift=True).tolist(), [[0, 0, 1, 255]])
        self.assertEqual(floats(0, 0.5, 1.7, 300).cast("ushort", shift=True).tolist(), [[0, 0, 1, 300]])
        deep = row.cast("ushort", shift=True)
        self.assertEqual(deep.cast("float", shift=True).max(), 65535)
        self.assertEqual(deep.cast("uchar", shift=True).tolist(), row.tolist())

    def test_halves_to_even(self):
        values = (0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999997, 3.5, 4.4, -7.5, 8388607.5, 1e9)
        self.assertEqual(floats(*values).rint().tolist(), [[0, 2, 2, 0, -2, -2, 0, 4, 4, -8, 8388608, 1e9]])
        self.assertEqual(image([[0, 7, 255]]).rint().tolist(), [[0, 7, 255]])

    def test_linear_of_a_wrong_number(self):
        for scale, offset in (([1, 2], 0), (1, [1, 2, 3, 4]), ([1] * 5, [0] * 5), ([], 0)):
            with self.assertRaisesRegex(pyvips.Error, "linear takes"):
                image([[1]], 3).linear(scale, offset)

    def test_operands_that_are_none(self):
        one = image([[1]], 3)
        for call in (lambda: one.composite(None, "over"), lambda: one.composite([one], []), lambda: one.insert(None, 0, 0), lambda: one.join(None, "horizontal"),
                     lambda: pyvips.Image.arrayjoin([one, None]), lambda: one.write_to_buffer(None), lambda: one.resize(float("inf"))):
            with self.assertRaises(pyvips.Error):
                call()

    def test_linear_to_uchar(self):
        all_ = image([range(256)])
        for a, b in ((1.3, -20), (0.7, 3.3), (1.1, 0), (0.1, 0), (2, 0), (-1, 255)):
            with self.subTest(a=a, b=b):
                steps = [single(single(v * single(a)) + single(b)) for v in range(256)]
                wanted = [int(min(255, max(0, v))) for v in steps]
                self.assertEqual(all_.linear(a, b, uchar=True).tolist(), [wanted])
                self.assertEqual(image([range(256)], 3).linear([a] * 3, [b] * 3, uchar=True)[1].tolist(), [wanted])
        # of several numbers it is doubles, in which 1.3 * 90 is 117
        self.assertEqual(all_.linear(1.3, -20, uchar=True)(90, 0), [96])
        self.assertEqual(image([[90]], 3).linear([1.3, 1, 1], [-20, 0, 0], uchar=True)(0, 0), [97, 90, 90])

    def test_shrink_does_not_stretch(self):
        rows = [[10 * x + 50 * (y // 3) for x in (0, 0, 0, 1, 1, 1, 9, 9)] for y in range(7)]
        self.assertEqual(image(rows).shrink(3, 3).tolist(), [[0, 10, 90], [50, 60, 140]])   # the last column is made three, the last row left out
        self.assertEqual(image(rows).shrink(3, 3, ceil=True).tolist(), [[0, 10, 90], [50, 60, 140], [100, 110, 190]])
        self.assertEqual(image(rows).shrink(4, 1).width, 2)
        for by in ((20, 20), (0.5, 1)):
            with self.assertRaises(pyvips.Error):
                image(rows).shrink(*by)


class Places(Case):
    def test_gravity_rounds_towards_nothing(self):
        rows = image([[7 * y + x for x in range(7)] for y in range(5)])
        cases = {(2, 3): [[9, 10], [16, 17], [23, 24]], (4, 2): [[8, 9, 10, 11], [15, 16, 17, 18]], (6, 1): [[14, 15, 16, 17, 18, 19]]}
        for (width, height), wanted in cases.items():
            self.assertEqual(rows.gravity("centre", width, height).tolist(), wanted)
        self.assertEqual(rows.gravity("centre", 6, 7).tolist()[0:2], [[0] * 6, [0, 1, 2, 3, 4, 5]])
        self.assertEqual(rows.gravity("centre", 10, 5).tolist()[0], [0, 0, 1, 2, 3, 4, 5, 6, 0, 0])

    def cells(self, bands):
        return [image([[1, 1]], bands), image([[2], [2]], bands), image([[3]], bands)]

    def test_arrayjoin(self):
        cases = (
            ({}, [[1, 1, 2, 0, 3, 0], [0, 0, 2, 0, 0, 0]]),
            ({"across": 2}, [[1, 1, 2, 0], [0, 0, 2, 0], [3, 0, 0, 0], [0, 0, 0, 0]]),
            ({"across": 2, "shim": 1}, [[1, 1, 0, 2, 0], [0, 0, 0, 2, 0], [0] * 5, [3, 0, 0, 0, 0], [0] * 5]),
            ({"across": 4, "shim": 1}, [[1, 1, 0, 2, 0, 0, 3, 0, 0, 0, 0], [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]]),
            ({"across": 2, "background": 9}, [[1, 1, 2, 9], [9, 9, 2, 9], [3, 9, 9, 9], [9, 9, 9, 9]]),
        )
        for bands in (1, 3, 4):
            for options, wanted in cases:
                with self.subTest(bands=bands, **options):
                    joined = pyvips.Image.arrayjoin(self.cells(bands), **options)
                    for band in joined.bandsplit():
                        self.assertEqual(band.tolist(), wanted)
        joined = pyvips.Image.arrayjoin(self.cells(4), across=2, shim=1, background=[1, 2, 3, 4])
        self.assertEqual((joined(4, 4), joined(0, 0), joined(2, 0)), ([1, 2, 3, 4], [1] * 4, [1, 2, 3, 4]))
        self.assertEqual(pyvips.Image.arrayjoin([image([[5]]), image([[6]], 3)]).tolist(), [[(5, 5, 5), (6, 6, 6)]])
        for bands in (2, 4):   # one band beside alpha is all of them
            mixed = pyvips.Image.arrayjoin([image([[5]], bands), image([[6]])])
            self.assertEqual(mixed.tolist(), [[(5,) * bands, (6,) * bands]])
        with self.assertRaisesRegex(pyvips.Error, "one band or 4"):
            pyvips.Image.arrayjoin([image([[5]], 4), image([[6]], 3)])
        with self.assertRaisesRegex(pyvips.Error, "background"):
            pyvips.Image.arrayjoin(self.cells(3), background=[1, 2])

    def test_composite_has_alpha(self):
        base, half = image([[100, 100], [100, 100]], 3), image([[128]], 4)
        under, opaque, nothing = (100,) * 3 + (255,), (128,) * 3 + (255,), (0,) * 4
        cases = {"over": ((114,) * 3 + (255,), under), "in": ((128,) * 4, nothing), "out": (nothing, nothing), "dest-in": ((100,) * 3 + (128,), nothing),
                 "clear": (nothing, nothing), "source": ((128,) * 4, nothing), "dest": (under, under), "atop": ((114,) * 3 + (255,), under)}
        for mode, (there, elsewhere) in cases.items():
            with self.subTest(mode):
                out = base.composite(half, mode, x=1, y=0)
                self.assertEqual(out.tolist(), [[elsewhere, there], [elsewhere, elsewhere]])
        self.assertEqual(base.composite(image([[128]], 3), "in").tolist()[0], [opaque, nothing])
        gray = image([[100, 100]])
        self.assertEqual((gray.composite(image([[128]]), "over").tolist(), gray.composite(image([[128]]), "over").interpretation),
                         ([[(128, 255), (100, 255)]], "b-w"))
        for one, two in ((gray, half), (base, gray)):
            out = one.composite(two, "over")
            self.assertEqual((out.bands, out.interpretation), (4, "srgb"))
        out = base.composite([half, image([[9]], 3)], ["over", "in"], x=[0, 1], y=[1, 1])
        self.assertEqual(out.tolist(), [[nothing, nothing], [nothing, (9, 9, 9, 255)]])
        with self.assertRaisesRegex(pyvips.Error, "5 bands of multiband"):
            base.bandjoin([1, 2]).composite(half, "over")
        with self.assertRaisesRegex(pyvips.Unmapped, "cast"):
            (base + 1).composite(half, "over")


class Options(Case):
    def test_options_without_brackets(self):
        tall = image([[10], [20], [30]], 3).write_to_buffer(".gif", page_height=1)
        for text, height in (("n=-1", 3), ("[n=-1]", 3), (" [n=-1]", 3), ("n=2,page=1", 2), ("page=2", 1), ("access=sequential,n=3", 3), ("", 1), (".gif", 1)):
            with self.subTest(text):
                self.assertEqual(pyvips.Image.new_from_buffer(tall, text).height, height)
                self.assertEqual(pyvips.Image.new_from_source(pyvips.Source.new_from_memory(tall), text).height, height)
                self.assertEqual(pyvips.Image.thumbnail_buffer(tall, 1, option_string=text).height, height)
        self.assertEqual(pyvips.Image.new_from_buffer(tall, "page=2")(0, 0), [30, 30, 30])
        for text in ("foo=1", "[foo=1]", "foo"):
            with self.assertRaisesRegex(pyvips.Unmapped, "foo"):
                pyvips.Image.new_from_buffer(tall, text)


if __name__ == "__main__":
    unittest.main()
