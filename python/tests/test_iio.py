# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""imageio's six functions, with one rule for all formats."""

import io
import os
import pathlib
import struct
import tempfile
import threading
import unittest
import warnings
import zipfile
import zlib

import kallitype as kal
from kallitype import imiter, immeta, imopen, improps, imread, imwrite

try:
    import numpy as np
except ImportError:
    np = None

ALBUMS = (".gif", ".png", ".tif", ".webp")


class Counting(io.BytesIO):
    """How many bytes were read of it."""

    def __init__(self, data):
        super().__init__(data)
        self.count = 0

    def read(self, n=-1):
        got = super().read(n)
        self.count += len(got)
        return got


class Stream:
    """Bytes that come once."""

    def __init__(self, data):
        self._file = io.BytesIO(data)

    def read(self, n=-1):
        return self._file.read(n)


def png_with_exif(pixels, orientation):
    """The PNG of an array, with an EXIF block that says nothing but an orientation."""
    plain = imwrite("<bytes>", pixels, extension=".png")
    exif = struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, 0x112, 3, 1, orientation, 0, 0)
    chunk = b"eXIf" + exif
    return plain[:33] + struct.pack(">I", len(exif)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + plain[33:]


@unittest.skipUnless(np, "NumPy is not installed")
class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.random = np.random.default_rng(20)
        # few colours, so that a GIF loses none
        self.frames = self.random.choice(np.array([0, 80, 255], np.uint8), (3, 4, 5, 3))

    def path(self, name):
        return os.path.join(self.folder, name)

    def same(self, a, b):
        self.assertEqual(a.dtype, b.dtype)
        self.assertEqual(a.shape, b.shape)
        self.assertTrue(np.array_equal(a, b))

    def noise(self, *shape):
        return self.random.integers(0, 256, shape, dtype=np.uint8)


class Shapes(Case):
    def test_v1_one_rule_for_all_formats(self):
        for suffix in ALBUMS:
            with self.subTest(suffix):
                path = self.path("a" + suffix)
                more = {"lossless": True} if suffix == ".webp" else {}
                imwrite(path, self.frames, **more)
                self.same(imread(path), self.frames[0])
                self.same(imread(path, index=None), self.frames[0])
                self.same(imread(path, index=1), self.frames[1])
                self.same(imread(path, index=np.int64(2)), self.frames[2])
                self.same(imread(path, index=...), self.frames)

    def test_v2_one_image_all(self):
        for suffix in (".png", ".tif", ".bmp", ".qoi"):
            with self.subTest(suffix):
                path = self.path("one" + suffix)
                imwrite(path, self.frames[0])
                self.same(imread(path, index=...), self.frames[:1])
                all_ = improps(path, index=...)
                self.assertEqual((all_.shape, all_.n_images, all_.is_batch), ((1, 4, 5, 3), 1, True))
                one = improps(path)
                self.assertEqual((one.shape, one.n_images, one.is_batch), ((4, 5, 3), 1, False))

    def test_v3_out_of_range(self):
        for suffix in (*ALBUMS, ".jpg"):
            path = self.path("a" + suffix)
            imwrite(path, self.frames if suffix in ALBUMS else self.frames[0])
            count = 3 if suffix in ALBUMS else 1
            for index in (7, count, -1):
                for function in (imread, improps, immeta):
                    with self.subTest(suffix=suffix, index=index, function=function.__name__):
                        with self.assertRaisesRegex(ValueError, rf"image {index}: there are {count}, from 0 to {count - 1}"):
                            function(path, index=index)
        for index in (1.5, True, "1"):
            with self.assertRaises(TypeError):
                imread(self.path("a.png"), index=index)

    def test_v13_a_last_axis_of_one_is_gray(self):
        gray = self.noise(6, 7, 1)
        for suffix in (".png", ".tif", ".jpg", ".npy"):
            imwrite(self.path("g" + suffix), gray)
            self.assertEqual(imread(self.path("g" + suffix)).shape, (6, 7))
        self.same(imread(self.path("g.png")), gray[:, :, 0])

    def test_what_is_a_batch(self):
        cases = [((6, 7), None, 1), ((6, 7, 1), None, 1), ((6, 7, 2), None, 1), ((6, 7, 4), None, 1), ((3, 6, 7), None, 3), ((3, 6, 7, 3), None, 3),
                 ((3, 6, 4), True, 3), ((3, 6, 2), False, 1), ((2, 6, 7, 1), None, 2)]
        for shape, is_batch, count in cases:
            with self.subTest(shape=shape, is_batch=is_batch):
                pixels = self.noise(*shape)
                data = imwrite("<bytes>", pixels, extension=".tif", is_batch=is_batch)
                self.assertEqual(improps(data).n_images, count)
                back = imread(data, index=...) if count > 1 else imread(data)
                self.same(back, pixels[..., 0] if shape[-1] == 1 else pixels)
        with self.assertRaises(ValueError):
            imwrite("<bytes>", self.noise(6, 7), extension=".tif", is_batch=True)
        with self.assertRaises(ValueError):
            imwrite("<bytes>", self.noise(2, 6, 7, 3), extension=".tif", is_batch=False)
        with self.assertRaises(ValueError):
            imwrite("<bytes>", [self.noise(6, 7)], extension=".tif", is_batch=False)

    def test_uneven_images_do_not_stack_and_say_which(self):
        path = self.path("u.tif")
        imwrite(path, [self.noise(4, 5), self.noise(4, 5), self.noise(4, 3)])
        for function in (imread, improps):
            with self.assertRaisesRegex(ValueError, r"image 2 is \(4, 3\) of uint8 and the first \(4, 5\) of uint8"):
                function(path, index=...)
        self.assertEqual([a.shape for a in imiter(path)], [(4, 5), (4, 5), (4, 3)])
        self.assertEqual(improps(path, index=2).shape, (4, 3))

    def test_arrays_are_your_own(self):
        path = self.path("a.png")
        imwrite(path, self.frames)
        with imopen(path, "r") as file:
            for array in (file.read(), file.read(index=...), next(file.iter())):
                self.assertTrue(array.flags.writeable and array.flags.c_contiguous)
                array[...] = 7
            self.same(file.read(index=...), self.frames)

    def test_what_is_written_is_as_it_was_then(self):
        pixels = self.noise(4, 5)
        with imopen(self.path("a.png"), "w") as file:
            file.write(pixels)
            before = pixels.copy()
            pixels[:] = 0
        self.same(imread(self.path("a.png")), before)

    def test_samples(self):
        for dtype in (np.uint8, np.uint16, np.uint32, np.float32):
            pixels = (self.noise(5, 6, 3).astype(np.float64) * 3).astype(dtype)
            data = imwrite("<bytes>", pixels, extension=".tif")
            self.assertEqual(improps(data).dtype, np.dtype(dtype))
            self.same(imread(data), pixels)
        big = self.noise(5, 6).astype(">u2") * 257
        self.same(imread(imwrite("<bytes>", big, extension=".png")), big.astype(np.uint16))
        turned = self.noise(5, 6, 3)[::-1, ::-2]
        self.same(imread(imwrite("<bytes>", turned, extension=".png")), np.ascontiguousarray(turned))
        mask = self.noise(5, 6) > 99
        self.same(imread(imwrite("<bytes>", mask, extension=".png")), mask.astype(np.uint8) * 255)
        for dtype in (np.float64, np.int64, np.complex64):
            with self.assertRaisesRegex(TypeError, "samples are uint8"):
                imwrite("<bytes>", np.zeros((2, 2), dtype), extension=".tif")


class Properties(Case):
    def test_v4_header_only(self):
        data = imwrite("<bytes>", self.noise(1200, 1000, 3), extension=".png")
        self.assertGreater(len(data), 3_000_000)
        for function in (improps, immeta):
            source = Counting(data)
            function(source)
            self.assertLess(source.count, 64 << 10)
        source = Counting(data)
        self.assertEqual(improps(source, mode="LA").shape, (1200, 1000, 2))
        self.assertLess(source.count, 64 << 10)

    def test_v4_the_pixels_are_not_there_at_all(self):
        header = struct.pack(">IIBBBBB", 10000, 10000, 8, 2, 0, 0, 0)
        chunk = b"IHDR" + header
        data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
        data += struct.pack(">I", 1 << 20) + b"IDAT" + bytes(8)
        self.assertEqual(improps(data).shape, (10000, 10000, 3))
        with self.assertRaises(kal.CorruptError):
            imread(data)

    def test_v4_of_all_images(self):
        data = imwrite("<bytes>", [self.noise(300, 200) for _ in range(40)], extension=".tif")
        source = Counting(data)
        self.assertEqual(improps(source, index=...).shape, (40, 300, 200))
        self.assertLess(source.count, len(data) // 2)

    def test_v5_in_step_with_reading(self):
        pixels = self.noise(2, 4, 3)
        for orientation in range(10):
            data = png_with_exif(pixels, orientation)
            for options in ({}, {"rotate": True}, {"rotate": False}, {"upright": False}, {"mode": "L"}, {"rotate": False, "mode": "RGBA"}):
                for index in (None, 0, ...):
                    with self.subTest(orientation=orientation, options=options, index=index):
                        props, array = improps(data, index=index, **options), imread(data, index=index, **options)
                        self.assertEqual((props.shape, props.dtype), (array.shape, array.dtype))
        six = png_with_exif(pixels, 6)
        self.assertEqual(improps(six).shape, (4, 2, 3))
        self.same(imread(six), np.ascontiguousarray(np.rot90(pixels, -1)))
        self.assertEqual(improps(six, rotate=False).shape, (2, 4, 3))
        self.same(imread(six, rotate=False), pixels)
        self.assertEqual(next(imiter(six, rotate=False)).shape, (2, 4, 3))

    def test_v6_orientation_is_told(self):
        six = png_with_exif(self.noise(2, 4, 3), 6)

        def told(**options):
            meta = immeta(six, **options)
            return meta["orientation"], meta["orientation_applied"], meta["orientation_valid"], meta.get("exif.Orientation"), meta["width"]

        self.assertEqual(told(), (6, True, True, None, 2))
        self.assertEqual(told(exclude_applied=False), (6, True, True, 6.0, 2))
        self.assertEqual(told(rotate=False), (6, False, True, 6.0, 4))
        self.assertEqual(told(rotate=False, exclude_applied=False), (6, False, True, 6.0, 4))
        again = imwrite("<bytes>", imread(six), extension=".png")
        self.assertEqual((immeta(again)["orientation"], improps(again).shape), (1, (4, 2, 3)))
        kept = imwrite("<bytes>", kal.open(six), extension=".png")   # an Image takes its metadata along
        self.assertEqual((immeta(kept)["orientation_applied"], improps(kept).shape), (False, (4, 2, 3)))

    def test_v7_what_is_no_orientation(self):
        pixels = self.noise(2, 4, 3)
        for orientation in (0, 9, 77):
            data = png_with_exif(pixels, orientation)
            self.same(imread(data), pixels)
            meta = immeta(data)
            self.assertEqual((meta["orientation"], meta["orientation_applied"], meta["orientation_valid"]), (1, False, False))
            self.assertEqual(meta["exif.Orientation"], orientation)
        for orientation in range(1, 9):
            self.assertTrue(immeta(png_with_exif(pixels, orientation))["orientation_valid"])

    def test_meta(self):
        imwrite(self.path("a.gif"), self.frames, delay=0.5, loops=3)
        meta = immeta(self.path("a.gif"))
        self.assertEqual((meta["format"], meta["pages"], meta["delay"], meta["loops"]), ("gif", 3, 0.5, 3))
        with imopen(self.path("b.tif"), "w") as file:
            file.write(self.noise(4, 5))
            file.write(self.noise(4, 6))
        both = immeta(self.path("b.tif"), index=...)
        self.assertEqual((both["height"], both["format"], "width" in both), (4, "tiff", False))

    def test_spacing(self):
        plain = imwrite("<bytes>", self.noise(4, 5), extension=".png")
        self.assertIsNone(improps(plain).spacing)
        chunk = b"pHYs" + struct.pack(">IIB", 10000, 5000, 1)
        data = plain[:33] + struct.pack(">I", 9) + chunk + struct.pack(">I", zlib.crc32(chunk)) + plain[33:]
        self.assertEqual(improps(data).spacing, (0.2, 0.1))


class Sources(Case):
    def test_v8_bytes_and_back(self):
        for suffix, more in ((".png", {}), (".tif", {}), (".webp", {"lossless": True}), (".qoi", {}), (".bmp", {}), (".npy", {})):
            with self.subTest(suffix):
                pixels = self.noise(13, 17, 3)
                data = imwrite("<bytes>", pixels, extension=suffix, **more)
                self.assertIs(type(data), bytes)
                self.same(imread(data), pixels)
        again = imwrite("<bytes>", pixels, extension=".jpg", quality=90)
        self.assertEqual(imread(again).shape, pixels.shape)

    def test_v9_all_kinds_of_sources(self):
        pixels = self.noise(9, 8, 3)
        path = self.path("a.png")
        imwrite(path, pixels)
        with open(path, "rb") as file:
            data = file.read()
        with open(path, "rb") as file:
            for source in (path, pathlib.Path(path), "file://" + path, data, bytearray(data), memoryview(data), memoryview(bytearray(data)),
                           io.BytesIO(data), file, Stream(data), kal.Source(io.BytesIO(data).read)):
                with self.subTest(type(source).__name__):
                    self.same(imread(source), pixels)
            self.assertFalse(file.closed)
        for source in (7, None, [1]):
            with self.assertRaises(TypeError):
                imread(source)

    def test_a_stream_of_several(self):
        for suffix in ALBUMS:
            data = imwrite("<bytes>", self.frames, extension=suffix, **({"lossless": True} if suffix == ".webp" else {}))
            self.same(imread(Stream(data), index=...), self.frames)
            self.assertEqual(improps(Stream(data), index=...).shape, self.frames.shape)

    def test_home_and_archives(self):
        pixels = self.noise(3, 4)
        old = os.environ.get("HOME")
        os.environ["HOME"] = self.folder
        try:
            imwrite("~/a.png", pixels)
            self.same(imread(pathlib.Path("~/a.png")), pixels)
        finally:
            os.environ["HOME"] = old or "/"
        with zipfile.ZipFile(self.path("x.zip"), "w") as archive:
            archive.write(self.path("a.png"), "in/ner.png")
        self.same(imread(self.path("x.zip/in/ner.png")), pixels)
        with self.assertRaises(FileNotFoundError):
            imread(self.path("x.zip/no.png"))

    def test_v10_content_tells(self):
        pixels = self.noise(5, 6, 3)
        imwrite(self.path("x.jpg"), pixels, extension=".png")
        self.same(imread(self.path("x.jpg")), pixels)
        self.same(imread(self.path("x.jpg"), extension=".gif"), pixels)
        self.assertEqual(immeta(self.path("x.jpg"))["format"], "png")
        with self.assertRaises(ValueError):
            imread(self.path("x.jpg"), format="jpeg")
        with self.assertRaisesRegex(ValueError, "begin with a dot"):
            imread(self.path("x.jpg"), extension="png")
        with self.assertRaisesRegex(ValueError, 'did you mean "png"'):
            imread(self.path("x.jpg"), extension=".pngg")

    def test_samples_alone(self):
        pixels = self.noise(5, 6, 3)
        self.same(imread(pixels.tobytes(), extension=".rgb", width=6, height=5, channels=3), pixels)

    def test_missing(self):
        for function in (imread, improps, immeta, imiter):
            with self.assertRaises(FileNotFoundError):
                function(self.path("none.png"))
        with self.assertRaises(FileNotFoundError):
            imwrite(self.path("no/where.png"), self.noise(2, 2))

    def test_elsewhere(self):
        for uri in ("imageio:chelsea.png", "<screen>", "<video0>", "ftp://a/b.png"):
            with self.assertRaises(kal.UnsupportedError):
                imread(uri)
        with self.assertRaises(ValueError):
            imread("<bytes>")
        with self.assertRaises(kal.UnsupportedError):
            imwrite("https://example.org/a.png", self.noise(2, 2))


class Iterating(Case):
    def test_frames_in_order(self):
        for suffix in ALBUMS:
            data = imwrite("<bytes>", self.frames, extension=suffix, **({"lossless": True} if suffix == ".webp" else {}))
            self.same(np.stack(list(imiter(data))), self.frames)
            self.assertEqual([a.shape for a in imiter(data, mode="L")], [(4, 5)] * 3)

    def test_v11_only_what_is_taken(self):
        data = imwrite("<bytes>", (self.noise(100, 100) for _ in range(100)), extension=".tif")
        self.assertGreater(len(data), 1_000_000)
        source = Counting(data)
        with imiter(source) as frames:
            next(frames)
            next(frames)
        self.assertLess(source.count, 60_000)
        with self.assertRaises(StopIteration):
            next(frames)
        self.assertFalse(source.closed)

    def test_v11_lets_go_of_the_file(self):
        path = self.path("many.gif")
        imwrite(path, [self.frames[0]] * 20)

        def held():
            links = (os.path.join("/proc/self/fd", n) for n in os.listdir("/proc/self/fd"))
            return sum(os.path.realpath(link) == os.path.realpath(path) for link in links)

        if not os.path.isdir("/proc/self/fd"):
            self.skipTest("no /proc here")
        frames = imiter(path)
        next(frames)
        next(frames)
        frames.close()
        self.assertEqual(held(), 0)
        list(imiter(path))
        self.assertEqual(held(), 0)

    def test_closing_a_reader_ends_its_frames(self):
        data = imwrite("<bytes>", self.frames, extension=".gif")
        with imopen(data, "r") as file:
            frames = file.iter()
            next(frames)
        with self.assertRaises(StopIteration):
            next(frames)
        with self.assertRaisesRegex(ValueError, "closed"):
            file.read()


class Writing(Case):
    def whole_or_nothing(self, path, write):
        with open(path, "wb") as file:
            file.write(b"what was there")
        with self.assertRaises(Exception):
            write(path)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), b"what was there")
        self.assertEqual(os.listdir(os.path.dirname(path)), [os.path.basename(path)])

    def test_v12_a_failure_leaves_what_was_there(self):
        def broken():
            yield self.noise(40, 50)
            yield self.noise(40, 50)
            raise RuntimeError("half-way")

        for suffix in ALBUMS:
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "a" + suffix)
                self.whole_or_nothing(path, lambda p: imwrite(p, broken()))
                self.whole_or_nothing(path, lambda p: imwrite(p, [self.noise(4, 5), np.zeros((2, 2), np.complex64)]))

                def in_block(p):
                    with imopen(p, "w") as file:
                        file.write(self.noise(4, 5))
                        file.write(self.noise(4, 5))
                        raise KeyError("mine")

                self.whole_or_nothing(path, in_block)
                torn = imwrite("<bytes>", self.noise(300, 300), extension=".png")[:20000]
                self.whole_or_nothing(path, lambda p: imwrite(p, kal.open(torn)))
        file = io.BytesIO()
        with self.assertRaisesRegex(RuntimeError, "half-way"):
            imwrite(file, broken(), extension=".tif")
        self.assertEqual(file.getvalue(), b"")

    def test_pages_are_taken_one_at_a_time(self):
        alive = []

        class Page(np.ndarray):
            pass

        def pages():
            import gc
            import weakref

            for _ in range(12):
                page = self.noise(50, 60).view(Page)
                alive.append(weakref.ref(page))
                yield page
                del page
                gc.collect()
                self.assertLessEqual(sum(r() is not None for r in alive), 2)

        self.assertEqual(improps(imwrite("<bytes>", pages(), extension=".tif")).n_images, 12)

    def test_file_objects(self):
        pixels = self.noise(9, 8, 3)
        with open(self.path("a.png"), "wb") as file:
            imwrite(file, pixels)   # its name says the format
            self.assertFalse(file.closed)
        self.same(imread(self.path("a.png")), pixels)
        memory = io.BytesIO()
        imwrite(memory, self.frames, extension=".tiff")
        self.same(imread(memory, index=...), self.frames)

        class Short:
            """Takes three bytes at most."""

            def __init__(self):
                self.data = bytearray()

            def write(self, data):
                self.data += bytes(data[:3])
                return min(3, len(data))

        short = Short()
        imwrite(short, pixels, extension=".png")
        self.same(imread(bytes(short.data)), pixels)

        class Full(Short):
            def write(self, data):
                raise OSError("no room")

        with self.assertRaisesRegex(OSError, "no room"):
            imwrite(Full(), pixels, extension=".png")

    def test_several_writes_are_pages(self):
        for suffix in ALBUMS:
            path = self.path("w" + suffix)
            with imopen(path, "w", **({"lossless": True} if suffix == ".webp" else {})) as file:
                for frame in self.frames:
                    self.assertIsNone(file.write(frame))
                self.assertFalse(os.path.exists(path))
            self.same(imread(path, index=...), self.frames)
        with imopen("<bytes>", "w", extension=".png") as file:
            one, two = file.write(self.frames[0]), file.write(self.frames[1])
        self.same(imread(one), self.frames[0])
        self.same(imread(two), self.frames[1])

    def test_formats_of_one_picture(self):
        with self.assertRaisesRegex(ValueError, "one picture"):
            imwrite(self.path("a.jpg"), self.frames)
        self.assertFalse(os.path.exists(self.path("a.jpg")))
        imwrite(self.path("a.jpg"), self.frames[:1], is_batch=True)
        self.assertEqual(imread(self.path("a.jpg")).shape, (4, 5, 3))
        for nothing in ([], iter([]), self.frames[:0]):
            with self.assertRaisesRegex(ValueError, "no image"):
                imwrite(self.path("none.tif"), nothing)
        self.assertFalse(os.path.exists(self.path("none.tif")))

    def test_unknown_options_name_the_nearest(self):
        path = self.path("a.png")
        for options, what in (({"compresion": 3}, 'did you mean "compression"'), ({"duration": 100}, "delay="), ({"fps": 10}, "delay="),
                              ({"loop": 0}, "loops="), ({"compression": 99}, "0..9"), ({"exif": b""}, "metadata")):
            with self.assertRaisesRegex(ValueError, what):
                imwrite(path, self.frames, **options)
            self.assertFalse(os.path.exists(path))
        imwrite(path, self.frames)
        for options, what in (({"rotat": True}, 'did you mean "rotate"'), ({"upwright": 1}, 'did you mean "upright"'), ({"mode": "RGBX"}, "RGB"),
                              ({"page": 1}, "index="),
                              ({"plugin": "pillow"}, "no plugins"), ({"apply_gamma": True}, "gamma")):
            for function in (imread, improps, immeta, imiter):
                with self.subTest(function=function.__name__, options=options), self.assertRaisesRegex(ValueError, what):
                    function(path, **options)
        for extension in (None, ".nope"):
            with self.assertRaises(ValueError):
                imwrite("<bytes>", self.frames, extension=extension)
        with self.assertRaisesRegex(ValueError, "io_mode"):
            imopen(path, "a")

    def test_format_hint_is_the_old_name(self):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            data = imwrite("<bytes>", self.frames[0], format_hint=".png")
        self.same(imread(data), self.frames[0])
        self.assertEqual([w.category for w in told], [DeprecationWarning])

    def test_wrong_way_round(self):
        data = imwrite("<bytes>", self.frames[0], extension=".png")
        with imopen(data, "r") as file, self.assertRaisesRegex(ValueError, "reading"):
            file.write(self.frames[0])
        with imopen(self.path("x.png"), "w") as file, self.assertRaisesRegex(ValueError, "writing"):
            file.read()
        self.assertFalse(os.path.exists(self.path("x.png")))


class Modes(Case):
    def test_all_to_all(self):
        shapes = {"L": (4, 5), "LA": (4, 5, 2), "RGB": (4, 5, 3), "RGBA": (4, 5, 4)}
        for was, shape in shapes.items():
            pixels = self.noise(*shape)
            data = imwrite("<bytes>", pixels, extension=".png")
            for mode, wanted in shapes.items():
                with self.subTest(was=was, mode=mode):
                    array = imread(data, mode=mode)
                    self.assertEqual(array.shape, wanted)
                    if mode == was:
                        self.same(array, pixels)
                    if wanted[-1] in (2, 4):
                        self.assertTrue((array[..., -1] == (pixels[..., -1] if shape[-1] in (2, 4) else 255)).all())
        sixteen = imwrite("<bytes>", self.noise(4, 5, 3).astype(np.uint16) * 257, extension=".png")
        self.assertEqual(imread(sixteen, mode="RGBA")[0, 0, 3], 65535)


class Threads(Case):
    def test_each_its_own(self):
        data = imwrite("<bytes>", self.frames, extension=".tif")
        wrong = []

        def work(k):
            for _ in range(20):
                if not np.array_equal(imread(data, index=k % 3), self.frames[k % 3]):
                    wrong.append(k)

        threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
