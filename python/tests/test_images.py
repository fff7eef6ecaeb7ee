# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Images, values and encoded pictures: what they are, what they take, what they refuse."""

from __future__ import annotations

import copy
import io
import os
import pickle
import stat
import subprocess
import sys
import threading
import unittest

import kallitype as kal
from support import Case, needs_numpy, picture, pixels, read, samples, write


class Opening(Case):
    def test_one_picture_from_everywhere(self) -> None:
        img = picture()
        path = self.path("a.png")
        img.save(path)
        data = read(path)
        for source in (path, data, bytearray(data), memoryview(data), io.BytesIO(data), open(path, "rb")):
            with self.subTest(type(source).__name__):
                other = kal.open(source)
                self.assertEqual(other, kal.open(path))
                self.assertEqual(other.content_key(), img.content_key())
                self.assertEqual({img.content(): 1}[other.content()], 1)
                if hasattr(source, "close"):
                    source.close()
        with open(path, "rb") as file:
            self.assertEqual(kal.open(file.fileno()), kal.open(path))
            self.assertEqual(file.read(), data)   # it stays where it was

    def test_header_alone(self) -> None:
        data, asked = picture(400, 600).encode("png"), []

        class File(io.BytesIO):
            def read(self, n: int | None = -1) -> bytes:
                got = super().read(n)
                asked.append(len(got))
                return got

        img = kal.open(File(data), keyed=False)
        self.assertEqual((img.width, img.height, img.channels, img.dtype, img.model, img.alpha, img.shape),
                         (600, 400, 3, "uint8", "rgb", False, (400, 600, 3)))
        self.assertEqual(img.info["format"], "png")
        self.assertGreater(len(data), 700_000)
        self.assertLessEqual(sum(asked), 1 << 16)

    def test_missing_and_wrong(self) -> None:
        with self.assertRaises(FileNotFoundError) as e:
            kal.open(self.path("nope.png"))
        self.assertIn("nope.png", str(e.exception))
        self.assertEqual((e.exception.status, e.exception.errno), ("io", 2))
        with self.assertRaises(ValueError):
            kal.open(b"no picture at all")
        with self.assertRaisesRegex(TypeError, "cannot be made of a float"):
            kal.open(3.5)
        with self.assertRaisesRegex(TypeError, "open already"):
            kal.open(picture(), page=1)
        with self.assertRaises(ValueError):
            kal.open(self.path("nope.png"), pagee=1)

    def test_a_changed_file_is_another(self) -> None:
        path = self.path("a.ppm")
        write(path, b"P6 2 1 255\n\1\2\3\4\5\6")
        first = kal.open(path)
        self.assertEqual(pixels(first), b"\1\2\3\4\5\6")
        write(path, b"P6 2 1 255\n\6\5\4\3\2\1")
        second = kal.open(path)
        self.assertNotEqual(first, second)
        self.assertEqual(pixels(second), b"\6\5\4\3\2\1")

    def test_samples(self) -> None:
        for shape, kind, model, alpha in (((4, 5), "B", "gray", False), ((4, 5, 2), "B", "gray", True), ((4, 5, 3), "H", "rgb", False),
                                          ((4, 5, 4), "f", "rgb", True), ((4, 5, 7), "B", "data", False), ((4, 5, 1), "B", "gray", False)):
            n = shape[0] * shape[1] * (shape[2] if len(shape) > 2 else 1)
            data = memoryview(bytes(n * memoryview(b"\0" * 8).cast(kind).itemsize)).cast("B").cast(kind, shape)
            img = kal.open(data)
            self.assertEqual((img.model, img.alpha, img.height, img.width), (model, alpha, 4, 5), shape)
        with self.assertRaisesRegex(ValueError, "1 dimensions"):
            kal.array(memoryview(b"\0" * 8).cast("H"))
        with self.assertRaisesRegex(TypeError, "convert"):
            kal.array(memoryview(bytes(64)).cast("d", (2, 4)))
        mask = kal.open(memoryview(b"\1\0\0\1").cast("?", (2, 2)))
        self.assertEqual((mask.model, pixels(mask)), ("mask", b"\xff\0\0\xff"))

    def test_a_snapshot_stays(self) -> None:
        data = bytearray(range(12))
        img = kal.array(memoryview(data).cast("B", (2, 2, 3)))
        data[0] = 200
        self.assertEqual(pixels(img), bytes(range(12)))

    def test_gaps_and_turned_rows(self) -> None:
        data = memoryview(bytes(range(24))).cast("B", (4, 6))
        self.assertEqual(pixels(kal.array(data[::2])), bytes(range(6)) + bytes(range(12, 18)))
        self.assertEqual(pixels(kal.array(data[::-1])), b"".join(bytes(range(y * 6, y * 6 + 6)) for y in (3, 2, 1, 0)))


class Keys(Case):
    def test_equal_by_key(self) -> None:
        a, b = picture().gaussian(2), picture().gaussian(sigma=2.0)
        self.assertEqual(a, b)
        self.assertEqual(hash(a), hash(b))
        self.assertEqual(len({a, b, picture().gaussian(3)}), 2)
        self.assertNotEqual(a, "something")
        self.assertFalse(a == None)   # noqa: E711
        self.assertIs(copy.deepcopy(a), a)
        self.assertEqual(a.__dask_tokenize__(), a.key)

    def test_text_comes_back(self) -> None:
        path = self.path("a b \"q\".png")
        picture().save(path)
        img = kal.open(path).resize(30, 20)[2:10, 3:9].gaussian(2) + 5
        self.assertEqual(kal.parse(img.text), img)
        self.assertEqual(repr(img), img.text)
        self.assertEqual(pickle.loads(pickle.dumps(img)), img)
        self.assertLess(len(pickle.dumps(img)), 1000)
        encoded = img.encoded("jpeg", quality=70)
        self.assertEqual(pickle.loads(pickle.dumps(encoded)), encoded)
        self.assertEqual(pickle.loads(pickle.dumps(img.mean())), img.mean())

    def test_a_pickle_of_bytes_needs_no_file(self) -> None:
        data = picture(31, 17).encode(".png")
        path = self.path("same.png")
        with open(path, "wb") as file:
            file.write(data)
        for first in (path, bytes(bytearray(data))):
            kept = kal.open(first)
            other = kal.open(bytes(bytearray(data)) if first is path else path)   # one picture, and which came last is nobody's matter
            pickles = [pickle.dumps(image) for image in (kept, other, kept.resize(width=9), kal.blend(other, other.invert(), alpha=0.5))]
            keys = [pickle.loads(p).key for p in pickles]
            os.rename(path, path + ".away")
            try:
                self.assertEqual([pickle.loads(p).key for p in pickles], keys)
            finally:
                os.rename(path + ".away", path)
            del kept, other
        self.assertLess(len(pickle.dumps(kal.open(path))), len(data))   # of a file alone its name

    def test_pickles_of_bytes_and_pixels(self) -> None:
        data = picture(seed=9).encode("png")
        img = kal.open(data).invert()
        code = ("import pickle, sys, kallitype; i = pickle.loads(sys.stdin.buffer.read()); "
                "print(i.key, i.content_key())")
        done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(img), capture_output=True, check=True)
        self.assertEqual(done.stdout.decode().split(), [img.key, img.content_key()])
        with self.assertRaisesRegex(pickle.PicklingError, "pixels in memory"):
            pickle.dumps(picture(seed=10).invert())

    def test_pickles_of_bytes_as_they_were_opened(self) -> None:
        jpeg = picture(40, 50).encode("jpeg")
        block = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"   # orientation 6
        turned = jpeg[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + jpeg[2:]
        pages = io.BytesIO()
        with kal.album(pages, format="gif") as album:
            album.add(picture(8, 9))
            album.add(picture(8, 9).invert())
        images = [kal.open(turned), kal.open(turned, upright=False), kal.open(turned, shrink=2), kal.open(turned, lenient=True).flip(),
                  kal.open(pages.getvalue(), page=1), kal.open(bytes(48), format="pixels", width=4, height=4, channels=3)]
        code = "import pickle, sys; print(*(i.key for i in pickle.loads(sys.stdin.buffer.read())))"
        done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(images), capture_output=True, check=True)
        self.assertEqual(done.stdout.decode().split(), [i.key for i in images])

    def test_bindings(self) -> None:
        import numpy

        img = picture()
        self.assertEqual(kal.parse("param s = 1.0\nin | gaussian s", in_=img, s=numpy.float32(2.5)), img.gaussian(2.5))
        self.assertEqual(kal.parse("param n = 1\nin | gaussian n", in_=img, n=numpy.int64(3)), img.gaussian(3))
        self.assertEqual(kal.parse("input path\npath | invert", path_=img), img.invert())
        self.assertEqual(kal.parse("param e = true\nin | rotate 10 expand=e", in_=img, e=numpy.bool_(False)), img.rotate(10, expand=False))
        self.assertEqual(kal.parse("param a_ = 5.0\nin | gaussian a_", in_=img, a_=2.0), img.gaussian(2))

    def test_points_are_an_op_and_a_class(self) -> None:
        code = "import kallitype as kal; kal.Points; kal.points(points=[1, 2])"
        subprocess.run([sys.executable, "-c", code], check=True)

    def test_a_target_says_its_format(self) -> None:
        for save in (lambda: picture().save(self.path("a")), lambda: picture().save(self.path("a.")), lambda: picture().save(io.BytesIO()), lambda: picture().encode(""),
                     lambda: picture().save(self.path("a.png"), format=""), lambda: kal.save_all([(picture(), self.path("b"))]), lambda: kal.album(self.path("c"))):
            with self.assertRaisesRegex(ValueError, "format"):
                save()
        self.assertEqual(self.left(), [])

    def test_the_same_in_another_process(self) -> None:
        code = "import sys; sys.path.insert(0, sys.argv[1]); from support import picture; print(picture().gaussian(2).key)"
        keys = {subprocess.run([sys.executable, "-c", code, os.path.dirname(os.path.abspath(__file__))], capture_output=True, check=True, text=True,
                               env={**os.environ, "PYTHONHASHSEED": seed}).stdout.strip() for seed in ("1", "2")}
        self.assertEqual(keys, {picture().gaussian(2).key})

    def test_a_map_with_a_nul(self) -> None:
        with self.assertRaisesRegex(ValueError, "NUL"):
            kal._kal.map_key({"a": "x\0y"}, None, False)
        with self.assertRaisesRegex(ValueError, "NUL"):
            kal._kal.map_key({"a\0b": 1}, None, False)

    def test_nothing_stays(self) -> None:
        import gc

        gc.collect()
        before = kal._kal.node_count()
        for i in range(50):
            img = picture(seed=i + 100).gaussian(2).invert()
            pixels(img)
            with self.assertRaises(ValueError):
                img.gaussian(-1)
            with self.assertRaises(TypeError):
                img.gaussian(sigmaa=1)
        del img
        gc.collect()
        self.assertLessEqual(kal._kal.node_count(), before + 3)   # leaves of the memo's own


class Ops(Case):
    def test_arguments(self) -> None:
        img = picture()
        self.assertEqual(img.resize(30, 20), kal.resize(img, width=30, height=20))
        self.assertEqual(img.resize("50%"), img.resize(width=30))
        self.assertEqual(img.gaussian(2, edge="mirror"), kal.parse("in | gaussian 2 edge=mirror", in_=img))
        self.assertEqual(img.composite(base=picture(50, 70)), kal.composite(img, picture(50, 70)))
        self.assertEqual(kal.flatten(picture(channels=4), background="#ff0000").width, 60)
        self.assertEqual(img.linear(scale=2), img.linear(scale=[2]))
        self.assertEqual(img.gaussian(sigma=None), img.gaussian())
        with self.assertRaisesRegex(TypeError, r'no parameter "sigm".*sigma'):
            img.gaussian(sigm=2)
        with self.assertRaisesRegex(TypeError, "twice"):
            img.gaussian(2, sigma=3)
        with self.assertRaisesRegex(ValueError, "outside"):
            img.gaussian(-2)
        with self.assertRaisesRegex(ValueError, "mirrored"):
            img.gaussian(2, edge="mirrored")
        with self.assertRaisesRegex(TypeError, "wants a number"):
            img.gaussian([2])
        with self.assertRaisesRegex(TypeError, "more arguments"):
            img.invert(3)

    def test_texts(self) -> None:
        """What is written is what is read, whatever stands in it."""
        img = picture()
        for text in ("plain", 'with "quotes"', "back\\slash", "two\nlines", "ümläut 写真", "a=b [c] | d # e", "'"):
            self.assertEqual(kal.parse(kal.draw_text(img, text).text.split("\n")[-1].replace(img.text, "in"), in_=img), kal.draw_text(img, text))
            self.assertEqual(img.set_field("exif.Artist", text).info["exif.Artist"], text)

    def test_numbers(self) -> None:
        img = picture()
        for x in (1.0, 0.1, 1 / 3, 1e-7, 123456.789, 5e-324, 2**-40 + 3):
            written = float(img.linear(offset=[x]).text.split("offset=[")[1].split("]")[0])
            self.assertEqual(written, x)
        with self.assertRaises(ValueError):
            img.linear(scale=[float("nan")])

    def test_boxes(self) -> None:
        img = picture()
        part = img[5:25, 10:40]
        self.assertEqual(part.shape, (20, 30, 3))
        self.assertEqual(part, img.crop(kal.Box(10, 5, 40, 25)))
        self.assertEqual(part, img.crop(box=kal.Box.of(10, 5, 30, 20)))
        self.assertEqual(part, img.crop(x=10, y=5, width=30, height=20))
        self.assertEqual(img.crop(kal.Box(0.5, 0, 1, 0.5, relative=True)).shape, (20, 30, 3))
        self.assertEqual(img[-10:, :, 0].shape, (10, 60))
        self.assertEqual(img[...].key, img.key)
        with self.assertRaisesRegex(TypeError, "Box"):
            img.crop(10, 5, 30, 20)
        with self.assertRaisesRegex(TypeError, "corners or sizes"):
            img[10, 5, 30, 20]
        with self.assertRaisesRegex(ValueError, "none"):
            img[10:10]
        with self.assertRaises(IndexError):
            img[40]
        with self.assertRaisesRegex(ValueError, "empty"):
            kal.Box(3, 3, 3, 5)

        class Named(kal.Box):
            __slots__ = ("name",)

        self.assertEqual(tuple(Named(1, 2, 3, 4)), (1, 2, 3, 4))
        self.assertEqual(pixels(img[7]), pixels(img)[7 * 180:8 * 180])

    def test_values(self) -> None:
        img = picture()
        mask = img.gray() > 127
        self.assertEqual(mask.model, "mask")
        box = mask.mask_boxes(merge="all")
        self.assertEqual(box.kind, "boxes")
        self.assertEqual(img.crop(box).shape[:2], (box.as_boxes()[0].height, box.as_boxes()[0].width))
        self.assertEqual(box.box_pad(2).kind, "boxes")
        mean = img.gray().mean()
        self.assertEqual(float(mean), mean.get())
        self.assertEqual(img.threshold(mean), img.threshold(value=mean))
        self.assertEqual(len(img.mean().get()), 3)
        self.assertEqual(img.size().get(), (60, 40))
        self.assertEqual(kal.resize(picture(10, 10), size=img.size()).shape[:2], (40, 60))
        with self.assertRaises(TypeError):
            float(img.mean())

    @needs_numpy
    def test_numbers_from_arrays(self) -> None:
        import numpy

        points = numpy.array([[1.0, 2.0], [3.5, 4.0]])
        self.assertEqual(kal.points(points=points), kal.points(points=[1, 2, 3.5, 4]))
        self.assertEqual(picture().gaussian(numpy.float32(2)), picture().gaussian(2))
        self.assertEqual(picture() / numpy.array(3.0), picture() / 3.0)
        self.assertEqual(picture().resize(numpy.int64(30), numpy.uint8(20)), picture().resize(30, 20))

    def test_arithmetic_saturates(self) -> None:
        a = kal.array(memoryview(bytes([250, 5, 100, 0])).cast("B", (1, 4)))
        self.assertEqual(pixels(a + 10), bytes([255, 15, 110, 10]))
        self.assertEqual(pixels(10 + a), bytes([255, 15, 110, 10]))
        self.assertEqual(pixels(a - 10), bytes([240, 0, 90, 0]))
        self.assertEqual(pixels(10 - a), bytes([0, 5, 0, 10]))
        self.assertEqual(pixels(a * 3), bytes([255, 15, 255, 0]))
        self.assertEqual(pixels(a / 2), bytes([125, 3, 50, 0]))
        self.assertEqual(pixels(500 / (a + 1))[1:], bytes([83, 5, 255]))
        self.assertEqual(pixels(a - a), bytes(4))
        for mask, want in ((a > 5, [1, 0, 1, 0]), (a >= 5, [1, 1, 1, 0]), (a < 5, [0, 0, 0, 1]), (a <= 5, [0, 1, 0, 1]), (5 < a, [1, 0, 1, 0]),
                           ((a > 5) & (a < 200), [0, 0, 1, 0]), ((a > 200) | (a < 1), [1, 0, 0, 1]), (~(a > 5), [0, 1, 0, 1]),
                           ((a > 5) ^ (a > 200), [0, 0, 1, 0]), (a > a, [0, 0, 0, 0])):
            self.assertEqual(pixels(mask), bytes(255 * x for x in want))
        with self.assertRaises(TypeError):
            a + "x"   # type: ignore[operator]
        with self.assertRaisesRegex(TypeError, "neither true nor false"):
            bool(a > 5)

    def test_comparing_with_many_numbers(self) -> None:
        img = kal.array(memoryview(bytes([200, 100, 50, 0, 120, 50])).cast("B", (1, 2, 3)))
        means = img.mean()
        self.assertEqual(means.get(), (100.0, 110.0, 50.0))
        self.assertEqual(pixels(img > means), bytes([255, 255]))   # red of the one, green of the other
        self.assertEqual(pixels(img.crop(kal.Box(0, 0, 1, 1)) > img.mean()), bytes([255]))
        self.assertEqual(pixels(img.crop(kal.Box(1, 0, 2, 1)) < means), bytes([255]))
        self.assertEqual(pixels(means - img), bytes([0, 10, 0, 100, 0, 0]))
        self.assertEqual(pixels(img - means), bytes([100, 0, 0, 0, 10, 0]))
        with self.assertRaisesRegex(ValueError, "values has 3 numbers"):
            pixels(img.gray() > means)

    @needs_numpy
    def test_comparing_with_arrays(self) -> None:
        import numpy

        a = numpy.random.default_rng(1).integers(0, 256, (4, 5, 3), dtype=numpy.uint8)
        b = numpy.random.default_rng(2).integers(0, 256, (4, 5, 3), dtype=numpy.uint8)
        img = kal.array(a)
        for got, want in ((img > b, a > b), (img < b, a < b), (img >= b, a >= b), (img <= b, a <= b)):
            self.assertEqual(pixels(got), (want.any(axis=2) * 255).astype(numpy.uint8).tobytes())
            self.assertNotIn("values", got.text)
        self.assertEqual(pixels(img > numpy.array([100, 50, 200])), ((a > [100, 50, 200]).any(axis=2) * 255).astype(numpy.uint8).tobytes())

    def test_within(self) -> None:
        img = picture()
        out = img.within(kal.Box(10, 5, 40, 25), lambda part: part.invert())
        want = bytearray(pixels(img))
        for y in range(5, 25):
            for i in range(y * 180 + 30, y * 180 + 120):
                want[i] = 255 - want[i]
        self.assertEqual(pixels(out), bytes(want))
        seen = []
        with_context = img.within(kal.Box(10, 5, 40, 25), lambda part: (seen.append(part.shape), part.invert())[1], context=0.5)
        self.assertEqual((seen, pixels(with_context)), ([(35, 55, 3)], bytes(want)))
        self.assertEqual(img.within(kal.Box(10, 5, 40, 25), lambda part: samples(20, 30)).shape, img.shape)
        larger = img.within(kal.Box(10, 5, 40, 25), lambda part: part.resize(60, 40), feather=3)
        self.assertEqual(larger.shape, img.shape)
        box = (img.gray() > 0).mask_boxes(merge="all")
        self.assertEqual(img.within(box, lambda part: part.invert()).shape, img.shape)
        with self.assertRaisesRegex(ValueError, "does not lie"):
            img.within(kal.Box(10, 5, 400, 25), lambda part: part)

    def test_signatures(self) -> None:
        import inspect

        img = picture()
        self.assertEqual(str(inspect.signature(img.gaussian))[:29], "(sigma: 'float | str | Value'")
        self.assertEqual(list(inspect.signature(kal.composite).parameters)[:3], ["image", "base", "x"])
        for name, op in kal._kal.ops().items():
            with self.subTest(name):
                inspect.signature(op)
                self.assertTrue(op.__doc__.strip())


class Files(Case):
    def test_encode_and_save(self) -> None:
        img = picture()
        self.assertEqual(pixels(kal.open(img.encode(".png"))), pixels(img))
        img.save(self.path("a.jpg"), quality=95)
        self.assertEqual(kal.open(self.path("a.jpg")).info["format"], "jpeg")
        buffer = io.BytesIO()
        img.save(buffer, format="png")
        self.assertEqual(buffer.getvalue(), img.encode("png"))
        with open(self.path("b.png"), "wb") as file:
            img.save(file)
        self.assertEqual(read(self.path("b.png")), img.encode("png"))
        with self.assertRaisesRegex(ValueError, "no suffix"):
            img.save(self.path("a.xyz"))
        with self.assertRaises(ValueError):
            img.save(self.path("c.jpg"), qualty=3)
        with self.assertRaises(FileNotFoundError):
            img.save(self.path("no/folder/a.png"))
        self.assertEqual(self.left(), ["a.jpg", "b.png"])
        with img.as_file(".png") as path:
            self.assertEqual(pixels(kal.open(path)), pixels(img))
        self.assertFalse(os.path.exists(path))
        kal.save_all([(img, self.path("x.png")), (img.invert(), self.path("y.png"))])
        self.assertEqual(self.left(), ["a.jpg", "b.png", "x.png", "y.png"])

    def test_streams(self) -> None:
        data = picture().encode("png")
        closed: list[int] = []

        def reader(step: int):
            at = [0]

            def read(n: int) -> bytes:
                out = data[at[0]:at[0] + min(n, step)]
                at[0] += len(out)
                return out

            return read

        img = kal.open(kal.Source(reader(1), close=lambda: closed.append(1)))
        self.assertEqual(pixels(img), pixels(picture()))
        del img
        self.assertEqual(closed, [1])
        cause = OSError("net")

        def failing(n: int) -> bytes:
            raise cause

        with self.assertRaises(kal.CallbackError) as e:
            kal.open(kal.Source(failing))
        self.assertIs(e.exception.__cause__, cause)
        with self.assertRaisesRegex(OSError, "size"):
            kal.open(kal.Source(lambda n: data[:n], lambda at: None, lambda: (_ for _ in ()).throw(OSError("size"))))
        with self.assertRaisesRegex(kal.CallbackError, "of at most"):
            kal.open(kal.Source(lambda n: bytes(n + 1)))
        with self.assertRaisesRegex(kal.CallbackError, "read of a source"):
            kal.open(kal.Source(lambda n: 3))

    def test_targets(self) -> None:
        img, got, told = picture(), bytearray(), []

        def write(data: bytes) -> int:
            got.extend(data[:3])
            return min(3, len(data))

        img.save(kal.Target(write, lambda: told.append("end"), lambda: told.append("abort")), format="png")
        self.assertEqual((bytes(got), told), (img.encode("png"), ["end"]))
        cause = ValueError("full")

        def full(data: bytes) -> int:
            raise cause

        told.clear()
        with self.assertRaises(kal.CallbackError) as e:
            img.save(kal.Target(full, lambda: told.append("end"), lambda: told.append("abort")), format="png")
        self.assertEqual((e.exception.__cause__, told), (cause, ["abort"]))
        with self.assertRaises(kal.CallbackError):
            img.save(kal.Target(lambda data: 0), format="png")
        with self.assertRaises(kal.CallbackError):
            img.save(kal.Target(lambda data: None, lambda: -1), format="png")

    def test_pages(self) -> None:
        with kal.album(self.path("a.tif")) as album:
            for seed in range(5):
                album.add(picture(seed=seed + 1))
        img = kal.open(self.path("a.tif"))
        self.assertEqual(img.info["pages"], 5)
        self.assertEqual([pixels(p) for p in img.pages()], [pixels(picture(seed=s + 1)) for s in range(5)])
        self.assertEqual(pixels(img.page(3)), pixels(picture(seed=4)))
        with self.assertRaisesRegex(ValueError, "7"):
            img.page(7)
        with self.assertRaises(RuntimeError), kal.album(self.path("b.tif")) as album:
            album.add(picture())
            raise RuntimeError
        self.assertEqual(self.left(), ["a.tif"])

    def test_texts(self) -> None:
        picture().save(self.path("a.png"))
        out = kal.run(f'p = load "{self.path("a.png")}"\nparam k = 2\nsave (p | gaussian k) "{self.path("b.png")}"\nprint size p\nprint mean (p | gray)', k=3)
        self.assertEqual(out["size"], (60, 40))
        self.assertEqual(pixels(kal.open(self.path("b.png"))), pixels(picture().gaussian(3)))
        with self.assertRaisesRegex(kal.TextError, "line 1"):
            kal.parse("( in", in_=picture())
        with self.assertRaisesRegex(kal.Error, "gausian") as told:
            kal.parse("x = in\nx | gausian 3", in_=picture())
        self.assertEqual((told.exception.line, told.exception.column), (2, 5))
        with self.assertRaises(kal.FileError) as told:
            kal.run('load "/nowhere.png" | save out.png')
        self.assertEqual((told.exception.line, told.exception.column, told.exception.errno), (1, 1, 2))
        with self.assertRaises(kal.FileError) as told:
            kal.open("/nowhere.png")
        self.assertEqual((told.exception.line, told.exception.column), (None, None))
        with self.assertRaisesRegex(kal.InvalidError, "median has no parameter.*there is also median_filter"):
            kal.parse("in | median radius=3", in_=picture())

    def test_optimize(self) -> None:
        found = picture(80, 100).gaussian(3).optimize(max_bytes="4K", formats=["jpeg", "png"])
        self.assertTrue(found.passed)
        self.assertLessEqual(found.size, 4096)
        self.assertEqual(kal.open(found.data).shape, (80, 100, 3))
        self.assertIn(found.chosen, found.candidates)
        self.assertEqual(found.save(self.path("small.{ext}")), self.path("small." + found.suffix))
        with self.assertRaisesRegex(ValueError, "jpgg|jpeg"):
            picture().optimize(formats=["jpgg"])

    def test_optimize_saves_as_images_do(self) -> None:
        found = picture(80, 100).gaussian(3).optimize(max_bytes="4K", formats=["jpeg"])
        write(self.path("target.jpg"), b"before")
        os.chmod(self.path("target.jpg"), 0o600)
        os.symlink(self.path("target.jpg"), self.path("link.jpg"))
        os.mkfifo(self.path("pipe"))
        got: list[bytes] = []
        reader = threading.Thread(target=lambda: got.append(read(self.path("pipe"))))
        reader.start()
        for name in ("link.jpg", "pipe", "n" * 250 + ".jpg"):
            found.save(self.path(name))
        reader.join()
        self.assertEqual((got, read(self.path("target.jpg"))), ([found.data], found.data))
        self.assertTrue(os.path.islink(self.path("link.jpg")) and stat.S_ISFIFO(os.stat(self.path("pipe")).st_mode))
        self.assertEqual(stat.S_IMODE(os.stat(self.path("target.jpg")).st_mode), 0o600)
        wrong: list[BaseException] = []

        def work() -> None:
            try:
                for _ in range(100):
                    found.save(self.path("one.jpg"))
            except BaseException as e:
                wrong.append(e)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual((wrong, read(self.path("one.jpg"))), ([], found.data))
        self.assertEqual([n for n in os.listdir(self._folder.name) if n.startswith(".")], [])


class Threads(Case):
    def test_each_its_own_message(self) -> None:
        wrong: list[str] = []

        def work(i: int) -> None:
            for _ in range(50):
                try:
                    kal.open(self.path(f"missing-{i}.png"))
                except FileNotFoundError as e:
                    if f"missing-{i}.png" not in str(e):
                        wrong.append(str(e))

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(wrong, [])

    @needs_numpy
    def test_many_threads_one_graph(self) -> None:
        img = picture(300, 400).gaussian(4).resize(200, 150)
        want = pixels(img)
        got: list[bool] = []
        threads = [threading.Thread(target=lambda: got.append(pixels(img) == want)) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(got, [True] * 8)


if __name__ == "__main__":
    unittest.main()
