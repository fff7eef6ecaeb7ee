# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""pyvips' names: progress, regions, operations, options of formats."""

import os
import threading
import unittest

import kallitype as kal
import kallitype.compat.pyvips as pyvips
from pyvips_case import Case

try:
    import numpy as np
except ImportError:
    np = None


class Progress(Case):
    def watched(self, image):
        told = []
        image.set_progress(True)
        for name in ("preeval", "eval", "posteval"):
            image.signal_connect(name, lambda image, p, name=name: told.append((name, p.npels, p.tpels, p.percent)))
        return told

    def test_s12_progress(self):
        image = pyvips.Image.black(10, 1000)
        told = self.watched(image)
        image.copy_memory()
        self.assertEqual(told[0], ("preeval", 0, 10000, 0))
        self.assertEqual(told[-1], ("posteval", 10000, 10000, 100))
        self.assertTrue(all(name == "eval" for name, *_ in told[1:-1]))
        pixels = [npels for _, npels, _, _ in told]
        self.assertEqual(pixels, sorted(pixels))
        self.assertEqual(len([1 for *_, percent in told if percent == 100]), 1)

    def test_s12_not_all_of_what_failed(self):
        image = pyvips.Image.new_from_buffer(self.bytes["png"][:9000], "")
        told = self.watched(image)
        with self.assertRaises(pyvips.Error):
            image.write_to_file(self.path("out.png"))
        self.assertEqual(told[-1][0], "posteval")
        self.assertLess(told[-1][3], 100)

    def test_what_is_made_of_it_is_watched_too(self):
        image = pyvips.Image.new_from_buffer(self.bytes["png"], "")
        small = image.resize(0.5)
        told = self.watched(image)
        small.write_to_file(self.path("out.png"))
        self.assertEqual(told[-1], ("posteval", 120 * 90, 120 * 90, 100))
        image.set_progress(False)
        del told[:]
        small.avg()
        self.assertEqual(told, [])

    def test_what_a_handler_gets(self):
        image, seen = pyvips.Image.black(10, 10), []
        image.set_progress(True)
        image.signal_connect("eval", lambda i, p: seen.append((i is image, p.run, p.eta)))
        image.copy_memory()
        self.assertEqual(seen[0], (True, 0, 0))

    def test_s13_kill(self):
        image = pyvips.Image.black(1, 1000000)
        image.set_progress(True)
        image.signal_connect("eval", lambda i, p: i.set_kill(True))
        path = self.path("out.png")
        for request in (image.copy_memory, image.avg, lambda: image.write_to_file(path)):
            with self.assertRaisesRegex(pyvips.Error, "killed for image") as caught:
                request()
            self.assertEqual(caught.exception.status, "cancelled")
        self.assertEqual(os.listdir(self.folder), [])

    def test_s13_kill_from_another_thread(self):
        image = pyvips.Image(kal.sample("scene", width=4000, height=3000)).gaussblur(40).gaussblur(30).gaussblur(40).gaussblur(30)
        timer = threading.Timer(0.05, image.set_kill, (True,))
        timer.start()
        with self.assertRaisesRegex(pyvips.Error, "killed"):
            image.write_to_file(self.path("out.jpg"))
        timer.join()
        self.assertEqual(os.listdir(self.folder), [])
        self.assertEqual(image.crop(0, 0, 10, 10).write_to_memory(), image.crop(0, 0, 10, 10).write_to_memory())   # that was of one run

    def test_kill_before(self):
        image = pyvips.Image.black(5, 5)
        image.set_kill(True)
        with self.assertRaisesRegex(pyvips.Error, "killed"):
            image.avg()
        self.assertEqual(image.avg(), 0)
        image.set_kill(True)
        image.set_kill(False)
        self.assertEqual(image.avg(), 0)

    def test_what_a_handler_raises(self):
        problem = KeyError("mine")

        def raises(image, progress):
            raise problem

        for name in ("preeval", "eval", "posteval"):
            image = pyvips.Image.black(100, 100)
            image.set_progress(True)
            image.signal_connect(name, raises)
            with self.assertRaisesRegex(pyvips.Error, f"handler of {name}") as caught:
                image.avg()
            self.assertIs(caught.exception.__cause__, problem)
        with self.assertRaises(pyvips.Unmapped):
            image.signal_connect("close", raises)

    def test_within_options(self):
        seen = []
        image = pyvips.Image(kal.sample("scene", width=200, height=200))
        with kal.options(progress=lambda done, total: seen.append(done)):
            image.avg()
        self.assertTrue(seen)
        cancel = kal.Cancel()
        cancel.set()
        with kal.options(cancel=cancel), self.assertRaises(pyvips.Error) as caught:
            image.gaussblur(3).avg()
        self.assertEqual(caught.exception.status, "cancelled")


class Pixels(Case):
    def test_s16_regions(self):
        image = pyvips.Image.new_from_memory(bytes(range(60)), 5, 4, 3, "uchar")
        region = pyvips.Region.new(image)
        self.assertEqual((region.width(), region.height()), (0, 0))
        got = region.fetch(1, 2, 3, 2)
        self.assertEqual((region.width(), region.height(), len(got)), (3, 2, 18))
        self.assertEqual(bytes(got), bytes([*range(33, 42), *range(48, 57)]))
        got[0] = 99   # yours
        self.assertEqual(region.fetch(1, 2, 1, 1)[0], 33)
        for place in ((4, 0, 2, 1), (0, 3, 1, 2), (-1, 0, 1, 1), (0, 0, 0, 1), (0, 0, 1, -1)):
            with self.assertRaisesRegex(pyvips.Error, rf"left {place[0]}, top {place[1]}, width {place[2]}, height {place[3]} .* 5 x 4"):
                region.fetch(*place)

    @unittest.skipUnless(np, "NumPy is not installed")
    def test_s17_shapes(self):
        sizes = {(): (1, 1, 1), (7,): (7, 1, 1), (4, 5): (5, 4, 1), (4, 5, 3): (5, 4, 3), (4, 5, 1): (5, 4, 1), (4, 5, 4): (5, 4, 4)}
        sizes[4, 5, 7] = 5, 4, 7
        kinds = ((np.uint8, "uchar"), (np.uint16, "ushort"), (np.uint32, "uint"), (np.float32, "float"), (bool, "uchar"))
        for shape, size in sizes.items():
            for dtype, format in kinds:
                with self.subTest(shape=shape, dtype=dtype):
                    image = pyvips.Image.new_from_array(np.ones(shape, dtype))
                    self.assertEqual((image.width, image.height, image.bands, image.format), (*size, format))
                    self.assertEqual(image.max(), 255 if dtype is bool else 1)
        with self.assertRaises(pyvips.Error):
            pyvips.Image.new_from_array(np.ones((2, 2, 2, 2), np.uint8))
        for dtype in (np.int8, np.int64, np.float64, np.complex64):
            with self.assertRaisesRegex(pyvips.Unmapped, "astype"):
                pyvips.Image.new_from_array(np.ones((2, 2), dtype))

    @unittest.skipUnless(np, "NumPy is not installed")
    def test_s18_strides(self):
        pixels = np.arange(8 * 9 * 3, dtype=np.uint8).reshape(8, 9, 3)
        for part in (pixels[::-1], pixels[:, ::-1], pixels[::2, 1::3], pixels.transpose(1, 0, 2), pixels[..., ::-1], pixels[2:5, 3:4],
                     np.asfortranarray(pixels)):
            self.assertEqual(pyvips.Image.new_from_array(part).write_to_memory(), np.ascontiguousarray(part).tobytes())
        big = pixels.astype(">u2")
        self.assertTrue(np.array_equal(pyvips.Image.new_from_array(big).numpy(), pixels.astype(np.uint16)))

    @unittest.skipUnless(np, "NumPy is not installed")
    def test_arrays(self):
        image = pyvips.Image.new_from_buffer(self.bytes["png"], "")
        array = image.numpy()
        self.assertEqual((array.shape, array.dtype, array.flags.writeable), ((180, 240, 3), np.uint8, True))
        self.assertTrue(np.array_equal(np.asarray(image), array))
        self.same(pyvips.Image.new_from_array(array), image)
        self.assertEqual(image[0].numpy().shape, (180, 240))
        with self.assertRaises(ValueError):
            np.asarray(image).__class__ and image.__array__(copy=False)

    def test_lists(self):
        image = pyvips.Image.new_from_array([[1, 2.5, 3], [4, 5, 6]])
        self.assertEqual((image.width, image.height, image.bands, image.format), (3, 2, 1, "float"))
        self.assertEqual(image.tolist(), [[1, 2.5, 3], [4, 5, 6]])
        self.assertEqual(pyvips.Image.new_from_array([1, 2]).tolist(), [[1, 2]])
        rgb = pyvips.Image.new_from_memory(bytes(range(6)), 2, 1, 3, "uchar")
        self.assertEqual(rgb.tolist(), [[(0, 1, 2), (3, 4, 5)]])
        with self.assertRaises(pyvips.Error):
            pyvips.Image.new_from_array([[1, 2], [3]])
        with self.assertRaises(pyvips.Unmapped):
            pyvips.Image.new_from_array([[1]], scale=9)

    def test_memory(self):
        import array

        for format, code in (("uchar", "B"), ("ushort", "H"), ("float", "f")):
            data = array.array(code, range(24)).tobytes()
            image = pyvips.Image.new_from_memory(data, 4, 3, 2, format)
            self.assertEqual((image.format, image.write_to_memory()), (format, data))
        with self.assertRaisesRegex(pyvips.Error, "are 24 bytes, not 3"):
            pyvips.Image.new_from_memory(b"abc", 4, 3, 2, "uchar")
        with self.assertRaisesRegex(pyvips.Unmapped, "float"):
            pyvips.Image.new_from_memory(bytes(96), 4, 3, 2, "int")

    def test_s19_each_thread_its_own_error(self):
        wrong = []

        def work(name):
            for _ in range(30):
                try:
                    pyvips.Image.new_from_file(self.path(name))
                    wrong.append("no error")
                except pyvips.Error as error:
                    if name not in error.message:
                        wrong.append(error.message)

        threads = [threading.Thread(target=work, args=(f"none{k}.png",)) for k in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(wrong, [])


class Operations(Case):
    """Numbers are those of libvips 8.14, where both say the same."""

    def setUp(self):
        super().setUp()
        self.rgb = pyvips.Image.new_from_memory(bytes([10, 100, 250, 20, 110, 240]), 2, 1, 3, "uchar")

    def values(self, image):
        return [v for pixel in image.tolist()[0] for v in (pixel if isinstance(pixel, tuple) else (pixel,))]

    def test_arithmetic(self):
        rgb = self.rgb
        cases = (
            (rgb + 10, [20, 110, 260, 30, 120, 250]),
            (10 + rgb, [20, 110, 260, 30, 120, 250]),
            (rgb - [10, 20, 30], [0, 80, 220, 10, 90, 210]),
            (255 - rgb, [245, 155, 5, 235, 145, 15]),
            (rgb * 2, [20, 200, 500, 40, 220, 480]),
            (rgb / 4, [2.5, 25, 62.5, 5, 27.5, 60]),
            (rgb // 4, [2, 25, 62, 5, 27, 60]),
            (rgb % 7, [3, 2, 5, 6, 5, 2]),
            (rgb ** 2, [100, 10000, 62500, 400, 12100, 57600]),
            (-rgb, [-10, -100, -250, -20, -110, -240]),
            (abs(rgb - 100), [90, 0, 150, 80, 10, 140]),
            (rgb + rgb, [20, 200, 500, 40, 220, 480]),
            (100 / rgb, [10, 1, 0.4, 5, 100 / 110, 100 / 240]),
            (rgb / (rgb - rgb), [0] * 6),
            (rgb.linear([1, 2, 3], [1, 0, 0]), [11, 200, 750, 21, 220, 720]),
            (rgb.linear(2, 0, uchar=True), [20, 200, 255, 40, 220, 255]),
        )
        for image, wanted in cases:
            for got, number in zip(self.values(image), wanted):
                self.assertAlmostEqual(got, float(number), places=5)
        self.assertEqual((rgb + 1).format, "float")
        self.assertEqual(rgb.invert().format, "uchar")
        self.assertEqual(self.values(rgb[0] + [1, 2, 3]), [11, 12, 13, 21, 22, 23])
        self.assertEqual(self.values(rgb[0] + rgb), [20, 110, 260, 40, 130, 260])

    def test_alpha_is_a_band_like_others(self):
        rgba = self.rgb.addalpha()
        self.assertEqual((rgba.bands, rgba.hasalpha()), (4, True))
        self.assertEqual(self.values(rgba * 2), [20, 200, 500, 510, 40, 220, 480, 510])
        self.assertEqual((rgba * 2).max(), 510)
        self.assertEqual(rgba.avg(), (730 + 510) / 8)
        self.assertEqual(self.values((rgba * 2).cast("uchar")), [20, 200, 255, 255, 40, 220, 255, 255])
        self.assertTrue((rgba * 2).cast("uchar").hasalpha())

    def test_comparisons(self):
        rgb = self.rgb
        self.assertEqual(self.values(rgb > 100), [0, 0, 255, 0, 255, 255])
        self.assertEqual(self.values(rgb >= [10, 101, 0]), [255, 0, 255, 255, 255, 255])
        self.assertEqual(self.values(rgb == 110), [0, 0, 0, 0, 255, 0])
        self.assertEqual(self.values(rgb != rgb), [0] * 6)
        self.assertEqual(self.values((rgb > 50) & (rgb < 245)), [0, 255, 0, 0, 255, 255])
        self.assertEqual(self.values((rgb < 50) | (rgb > 245)), [255, 0, 255, 255, 0, 0])
        self.assertEqual(self.values((rgb > 50) ^ (rgb > 200)), [0, 255, 0, 0, 255, 0])
        self.assertEqual(self.values(~(rgb > 100)), [255, 255, 0, 255, 0, 0])
        self.assertEqual(self.values((rgb > 100).ifthenelse(rgb, rgb.invert())), [245, 155, 250, 235, 110, 240])
        self.assertFalse(rgb == None)   # noqa: E711
        self.assertTrue(rgb != None)   # noqa: E711
        with self.assertRaisesRegex(pyvips.Unmapped, "comparisons"):
            rgb & 7
        with self.assertRaises(TypeError):
            bool(rgb)
        with self.assertRaises(TypeError):
            rgb + "x"
        with self.assertRaisesRegex(pyvips.Error, "2 numbers for 3 bands"):
            rgb + [1, 2]

    def test_statistics(self):
        self.assertEqual((self.rgb.avg(), self.rgb.min(), self.rgb.max()), (730 / 6, 10, 250))
        self.assertAlmostEqual(self.rgb.deviate(), 103.8107, places=3)
        self.assertEqual(self.rgb(1, 0), [20, 110, 240])
        self.assertEqual(self.rgb[1](0, 0), [100])
        with self.assertRaises(pyvips.Error):
            self.rgb(2, 0)

    def test_types(self):
        self.assertEqual(self.values((self.rgb * 1.1 - 20).cast("uchar")), [0, 90, 255, 2, 101, 244])
        self.assertEqual(self.values(self.rgb.cast("ushort")), [10, 100, 250, 20, 110, 240])
        self.assertEqual(self.values(self.rgb.cast("ushort", shift=True)), [v * 257 for v in (10, 100, 250, 20, 110, 240)])
        with self.assertRaisesRegex(pyvips.Unmapped, "double"):
            self.rgb.cast("double")

    def test_bands(self):
        self.assertEqual(self.values(self.rgb[2]), [250, 240])
        self.assertEqual(self.values(self.rgb[-1]), [250, 240])
        self.assertEqual(self.values(self.rgb[1:]), [100, 250, 110, 240])
        self.assertEqual([b.bands for b in self.rgb], [1, 1, 1])
        self.assertEqual(self.values(self.rgb[2].bandjoin([self.rgb[1], self.rgb[0]])), [250, 100, 10, 240, 110, 20])
        self.assertEqual(self.values(self.rgb.bandjoin(7)), [10, 100, 250, 7, 20, 110, 240, 7])
        with self.assertRaises(IndexError):
            self.rgb[3]
        self.assertEqual(self.rgb.colourspace("b-w").interpretation, "b-w")
        self.assertEqual(self.rgb.new_from_image([1, 2, 3]).tolist(), [[(1, 2, 3), (1, 2, 3)]])

    def test_geometry(self):
        image = pyvips.Image.new_from_memory(bytes(range(6)), 3, 2, 1, "uchar")
        self.assertEqual(image.tolist(), [[0, 1, 2], [3, 4, 5]])
        self.assertEqual(image.rot90().tolist(), [[3, 0], [4, 1], [5, 2]])
        self.assertEqual(image.rotate(90).tolist(), [[3, 0], [4, 1], [5, 2]])
        self.assertEqual(image.rot270().tolist(), [[2, 5], [1, 4], [0, 3]])
        self.assertEqual(image.rot("d180").tolist(), [[5, 4, 3], [2, 1, 0]])
        self.assertEqual(image.fliphor().tolist(), [[2, 1, 0], [5, 4, 3]])
        self.assertEqual(image.flip("vertical").tolist(), [[3, 4, 5], [0, 1, 2]])
        self.assertEqual(image.crop(1, 0, 2, 1).tolist(), [[1, 2]])
        self.assertEqual(image.embed(1, 0, 5, 2).tolist(), [[0, 0, 1, 2, 0], [0, 3, 4, 5, 0]])
        self.assertEqual(image.embed(1, 0, 5, 2, extend="copy").tolist(), [[0, 0, 1, 2, 2], [3, 3, 4, 5, 5]])
        self.assertEqual(image.embed(1, 0, 5, 2, extend="white").tolist(), [[255, 0, 1, 2, 255], [255, 3, 4, 5, 255]])
        self.assertEqual(image.embed(1, 0, 5, 2, extend="background", background=9).tolist(), [[9, 0, 1, 2, 9], [9, 3, 4, 5, 9]])
        self.assertEqual(image.gravity("south-east", 4, 3).tolist(), [[0, 0, 0, 0], [0, 0, 1, 2], [0, 3, 4, 5]])
        self.assertEqual(image.zoom(2, 1).tolist(), [[0, 0, 1, 1, 2, 2], [3, 3, 4, 4, 5, 5]])
        self.assertEqual(image.join(image, "horizontal").tolist(), [[0, 1, 2] * 2, [3, 4, 5] * 2])
        self.assertEqual(image.insert(image.crop(2, 1, 1, 1), 0, 0).tolist(), [[5, 1, 2], [3, 4, 5]])
        with self.assertRaisesRegex(pyvips.Error, "bad extract area"):
            image.crop(2, 0, 2, 1)
        scene = pyvips.Image(kal.sample("scene", width=101, height=60))
        sizes = [(i.width, i.height) for i in (scene.resize(0.5), scene.resize(2, vscale=0.5), scene.thumbnail_image(50), scene.thumbnail_image(200),
                                               scene.thumbnail_image(200, size="down"), scene.thumbnail_image(20, height=20, crop="centre"),
                                               scene.thumbnail_image(30, height=10, size="force"), scene.shrink(2, 3), scene.rotate(45))]
        self.assertEqual(sizes[:8], [(51, 30), (202, 30), (50, 30), (200, 119), (101, 60), (20, 20), (30, 10), (51, 20)])
        self.assertGreater(min(sizes[8]), 110)

    def test_composite(self):
        red = pyvips.Image.new_from_memory(bytes([255, 0, 0, 255, 255, 0, 0, 0]), 2, 1, 4, "uchar")
        self.assertEqual(self.values(self.rgb.composite(red, "over")), [255, 0, 0, 255, 20, 110, 240, 255])
        self.assertEqual(self.values(red.flatten(background=[1, 2, 3])), [255, 0, 0, 1, 2, 3])

    def test_upright(self):
        source = kal.sample("scene", width=40, height=20).encode("jpeg")
        # an APP1 block with nothing but orientation 6
        exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
        data = source[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + source[2:]
        lying = pyvips.Image.new_from_buffer(data, "")
        self.assertEqual((lying.width, lying.height, lying.get("orientation")), (40, 20, 6))
        for upright in (lying.autorot(), pyvips.Image.new_from_buffer(data, "", autorotate=True), pyvips.Image.new_from_buffer(data, "[autorotate]")):
            self.assertEqual((upright.width, upright.height, upright.get("orientation")), (20, 40, 1))
            self.same(upright, upright.autorot())
        self.same(lying.autorot(), lying.rot90())
        self.assertEqual(pyvips.Image.thumbnail_buffer(data, 10).width, 5)
        self.assertEqual(pyvips.Image.thumbnail_buffer(data, 10, no_rotate=True).height, 5)
        kept = pyvips.Image.new_from_buffer(lying.write_to_buffer(".png"), "")
        self.assertEqual((kept.width, kept.get("orientation")), (40, 6))
        straight = pyvips.Image.new_from_buffer(lying.autorot().write_to_buffer(".png"), "")
        self.assertEqual((straight.width, straight.get("orientation")), (20, 1))
        with self.assertRaisesRegex(pyvips.Unmapped, "autorotate=True"):
            lying.crop(0, 0, 4, 4).autorot()

    def test_fields(self):
        image = pyvips.Image.new_from_buffer(self.bytes["jpg"], "")
        names = ("width", "bands", "interpretation", "vips-loader")
        self.assertEqual([image.get(name) for name in names], [240, 3, "srgb", "jpegload"])
        self.assertEqual((image.get_typeof("icc-profile-data") != 0, image.get_typeof("nothing")), (False, 0))
        with self.assertRaisesRegex(pyvips.Error, 'field "nothing" not found'):
            image.get("nothing")
        image.set("exif.Artist", "me")
        self.assertIn("exif.Artist", image.get_fields())
        again = pyvips.Image.new_from_buffer(image.write_to_buffer(".jpg"), "")
        self.assertEqual(again.get("exif.Artist"), "me")
        self.assertTrue(again.remove("exif.Artist"))
        self.assertFalse(again.remove("exif.Artist"))
        with self.assertRaisesRegex(pyvips.Unmapped, "exif.Artist"):
            image.get("exif-ifd0-Artist")
        self.assertEqual(pyvips.Image.new_from_buffer(image.write_to_buffer(".jpg[strip]"), "").get_typeof("exif.Artist"), 0)


class Options(Case):
    def setUp(self):
        super().setUp()
        self.image = pyvips.Image.new_from_buffer(self.bytes["png"], "")

    def test_of_formats(self):
        scene = self.image.kal
        cases = (
            (".jpg[Q=90,strip]", "jpg", {"quality": 90, "strip": True, "subsampling": "444"}),
            (".jpg", "jpg", {"quality": 75}),
            (".jpg[Q=80,interlace,optimize_coding=true]", "jpg", {"quality": 80, "progressive": True, "optimize": True}),
            (".jpg[Q=80,subsample_mode=off]", "jpg", {"quality": 80, "subsampling": "444"}),
            (".jpeg[keep=none]", "jpg", {"quality": 75, "strip": True}),
            (".png[compression=9]", "png", {"compression": 9}),
            (".png[palette]", "png", {"colours": 256}),
            (".webp[lossless]", "webp", {"lossless": True}),
            (".webp[Q=50,effort=2]", "webp", {"quality": 50, "effort": 2}),
            (".tif[compression=lzw,tile,tile_width=64]", "tif", {"compression": "lzw", "tile": 64}),
            (".tif[compression=jpeg]", "tif", {"compression": "jpeg", "quality": 75}),
        )
        for suffix, format, options in cases:
            with self.subTest(suffix):
                self.assertEqual(self.image.write_to_buffer(suffix), scene.encode(format, **options))
        self.assertEqual(self.image.write_to_buffer(".jpg", Q=33), self.image.write_to_buffer(".jpg[Q=33]"))
        path = self.path("a.jpg")
        self.image.write_to_file(path + "[Q=33]")
        with open(path, "rb") as file:
            self.assertEqual(file.read(), self.image.write_to_buffer(".jpg[Q=33]"))

    def test_what_is_not_here(self):
        cases = (
            (".jpg", {"q": 9}, 'did you mean "Q"'),
            (".jpg", {"trellis_quant": True}, "optimize"),
            (".png", {"interlace": True}, "rows in order"),
            (".png", {"Q": 9}, '"Q"'),
            (".jpgg", {}, 'did you mean "jpg"'),
            (".jpg[keep=exif]", {}, "all or none"),
            (".webp", {"near_lossless": True}, "lossless"),
        )
        for suffix, options, what in cases:
            with self.subTest(suffix=suffix, options=options), self.assertRaisesRegex(pyvips.Unmapped, what):
                self.image.write_to_buffer(suffix, **options)
        with self.assertRaisesRegex(pyvips.Error, "quality=900 is outside"):
            self.image.write_to_buffer(".jpg", Q=900)
        cases = (({"acces": "sequential"}, 'did you mean "access"'), ({"unlimited": True}, "limits"), ({"access": "fast"}, "sequential"),
                 ({"fail_on": "x"}, "truncated"))
        for options, what in cases:
            with self.assertRaisesRegex(pyvips.Unmapped, what):
                pyvips.Image.new_from_buffer(self.bytes["png"], "", **options)
        names = {"sharpen": "image.kal.sharpen", "hist_find": "histogram", "solarise": "image.kal", "smartcrop": "smart_crop",
                 "canny": "image.kal.canny"}
        for name, what in names.items():
            with self.assertRaisesRegex(AttributeError, what):
                getattr(self.image, name)
        for owner, name, what in ((pyvips.Image, "text", "text_image"), (pyvips, "cache_set_trace", "explain"), (pyvips, "nothing", "Image")):
            with self.assertRaisesRegex(AttributeError, what):
                getattr(owner, name)
        with self.assertRaisesRegex(pyvips.Unmapped, "bytes"):
            pyvips.cache_set_max(100)
        self.assertIsInstance(pyvips.Unmapped("x"), (ValueError, pyvips.Error))

    def test_samples_that_a_format_does_not_hold(self):
        bright = self.image * 2   # float of 0 to 510
        self.same(pyvips.Image.new_from_buffer(bright.write_to_buffer(".png"), ""), bright.cast("uchar"))
        self.assertEqual(pyvips.Image.new_from_buffer(bright.write_to_buffer(".tif"), "").max(), bright.max())
        deep = self.image.cast("ushort", shift=True)
        self.same(pyvips.Image.new_from_buffer(deep.write_to_buffer(".png"), ""), deep)
        self.assertEqual(deep.write_to_buffer(".webp[lossless]"), self.image.write_to_buffer(".webp[lossless]"))
        clear = self.image.bandjoin(128)
        self.assertEqual(pyvips.Image.new_from_buffer(clear.write_to_buffer(".jpg", background=255), "").bands, 3)
        self.assertEqual(pyvips.Image.new_from_buffer(clear.write_to_buffer(".png"), "").bands, 4)

    def test_words(self):
        self.assertEqual(pyvips.Kernel.LANCZOS3, "lanczos3")
        self.assertEqual(self.image.resize(0.5, kernel=pyvips.Kernel.NEAREST).width, 120)
        self.assertEqual((pyvips.BandFormat.UCHAR, pyvips.Interpretation.B_W, pyvips.Access.SEQUENTIAL), ("uchar", "b-w", "sequential"))
        self.assertTrue(pyvips.at_least_libvips(8, 13))

    def test_errors(self):
        error = pyvips.Error("what", "why")
        self.assertEqual((error.message, error.detail, str(error)), ("what", "why", "what\n  why"))
        self.assertIsInstance(error, kal.Error)
        with self.assertRaises(pyvips.Error) as caught:
            pyvips.Image.new_from_buffer(b"nothing at all", "")
        self.assertEqual(caught.exception.status, "unsupported")


if __name__ == "__main__":
    unittest.main()
