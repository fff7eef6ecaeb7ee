# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Pixels without copies: by address, for every consumer; and no way to write into what is kept."""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys
import unittest

import kallitype as kal
from support import Case, needs_numpy, needs_pillow, needs_torch, picture, pixels, samples, write

KINDS = (("gray", 1), ("gray and alpha", 2), ("RGB", 3), ("RGBA", 4))


def kept(image: kal.Image) -> kal.Image:
    """With its pixels in the memo."""
    image.memo("always")
    pixels(image)
    return image


def address(buffer: object) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer)) if not memoryview(buffer).readonly else _address(buffer)


class _Buffer(ctypes.Structure):
    _fields_ = [("buf", ctypes.c_void_p), ("obj", ctypes.py_object), ("len", ctypes.c_ssize_t), ("itemsize", ctypes.c_ssize_t), ("readonly", ctypes.c_int),
                ("ndim", ctypes.c_int), ("format", ctypes.c_char_p), ("shape", ctypes.c_void_p), ("strides", ctypes.c_void_p),
                ("suboffsets", ctypes.c_void_p), ("internal", ctypes.c_void_p)]


def _address(buffer: object) -> int:
    b = _Buffer()
    ctypes.pythonapi.PyObject_GetBuffer.argtypes = [ctypes.py_object, ctypes.c_void_p, ctypes.c_int]
    ctypes.pythonapi.PyObject_GetBuffer(buffer, ctypes.byref(b), 0x018 | 0x004)   # strides, format
    where = b.buf
    ctypes.pythonapi.PyBuffer_Release.argtypes = [ctypes.c_void_p]
    ctypes.pythonapi.PyBuffer_Release(ctypes.byref(b))
    return where or 0


class Views(Case):
    def test_memoryview(self) -> None:
        for name, c in KINDS:
            with self.subTest(name):
                img = kept(picture(channels=c).invert())
                view = memoryview(img)
                self.assertEqual((view.readonly, view.format, view.shape), (True, "B", (40, 60, c) if c > 1 else (40, 60)))
                self.assertEqual(_address(img), img._pixels().address)
                self.assertEqual(_address(img), _address(view))
                self.assertEqual(view.tobytes(), pixels(img))
                with self.assertRaises(TypeError):
                    view[0, 0] = 1   # type: ignore[index]

    def test_a_view_outlives_image_and_memo(self) -> None:
        img = kept(picture(seed=5).invert())
        want, view = pixels(img), memoryview(img)
        del img
        kal.memo_clear()
        gc.collect()
        picture(seed=6).invert().raw()
        self.assertEqual(view.tobytes(), want)

    def test_a_part(self) -> None:
        img = kept(picture().invert())
        part = img.fetch(kal.Box(10, 5, 40, 25))
        self.assertEqual((part.shape, part.address), ((20, 30, 3), img._pixels().address + (5 * 60 + 10) * 3))
        self.assertEqual(memoryview(part).tobytes(), pixels(img[5:25, 10:40]))
        with self.assertRaisesRegex(ValueError, "60"):
            img.fetch(kal.Box(10, 5, 400, 25))

    def test_types(self) -> None:
        img = picture()
        self.assertEqual([memoryview(img.cast(type=t)).format for t in ("u8", "u16", "f32")], ["B", "H", "f"])
        self.assertEqual(memoryview(img.gray() > 3).format, "B")

    def test_packed(self) -> None:
        img = kept(picture(channels=4).invert())
        view = memoryview(img.packed())
        self.assertEqual((view.format, view.shape, view.readonly), ("I", (40, 60), True))
        self.assertEqual(view[3, 7].to_bytes(4, "little"), pixels(img)[(3 * 60 + 7) * 4:][:4])
        with self.assertRaisesRegex(ValueError, "four bytes"):
            picture().packed()


@needs_numpy
class Ctypes(Case):
    def test_arrays(self) -> None:
        """They have no strides, also where these are asked for."""
        flat = (ctypes.c_ubyte * 30 * 20)()
        colour = (ctypes.c_float * 3 * 30 * 20)()
        flat[3][4], colour[3][4][1] = 9, 0.5
        for source, shape in ((flat, (20, 30, 1)), (colour, (20, 30, 3))):
            for img in (kal.open(source), kal.array(source), kal.parse("in | crop 0 0 30 20", in_=source)):
                self.assertEqual((img.height, img.width, img.channels), shape)
                self.assertEqual(pixels(img), bytes(source))
        with self.assertRaises(ValueError):
            kal.array((ctypes.c_ubyte * 30)())


class Numpy(Case):
    def test_shared(self) -> None:
        import numpy

        for name, c in KINDS:
            with self.subTest(name):
                img = kept(picture(channels=c).invert())
                a = numpy.asarray(img)
                self.assertEqual((a.ctypes.data, a.flags.writeable, a.shape), (img._pixels().address, False, img.shape))
                with self.assertRaises(ValueError):
                    a[0] = 3
                with self.assertRaises(ValueError):
                    a.flags.writeable = True
                before = pixels(img)
                own = img.numpy()
                own[:] = 7
                self.assertTrue(own.flags.writeable)
                self.assertEqual(pixels(img), before)

    def test_array_protocol(self) -> None:
        import numpy

        img = picture()
        self.assertEqual(img.__array__("float32").dtype, numpy.float32)
        self.assertTrue(img.__array__(copy=True).flags.writeable)
        with self.assertRaises(ValueError):
            img.__array__("float32", copy=False)
        if hasattr(numpy, "from_dlpack"):
            a = numpy.from_dlpack(img)
            self.assertEqual(a.tobytes(), pixels(img))

    def test_in(self) -> None:
        import numpy

        a = numpy.arange(24, dtype=numpy.uint8).reshape(2, 4, 3)
        self.assertEqual(pixels(kal.open(a)), a.tobytes())
        self.assertEqual(pixels(kal.open(a[:, ::-1])), a[:, ::-1].tobytes())
        self.assertEqual(pixels(kal.open(numpy.asfortranarray(a))), a.tobytes())
        self.assertEqual(kal.array(a, copy=False)._pixels().address, a.ctypes.data)
        self.assertNotEqual(kal.open(a)._pixels().address, a.ctypes.data)
        self.assertEqual(kal.open(a.astype(bool)[:, :, 0]).model, "mask")
        for wrong in (a.astype(float), a.astype(numpy.int64), a.astype(numpy.int8)):
            with self.assertRaisesRegex(TypeError, "convert"):
                kal.open(wrong)
        with self.assertRaisesRegex(ValueError, "dimensions"):
            kal.open(a[None].astype(numpy.uint16))


class Dlpack(Case):
    def test_who_can_be_told_shares(self) -> None:
        img = kept(picture().invert())
        self.assertIn("dltensor_versioned", repr(img.__dlpack__(max_version=(1, 0))))
        self.assertIn('"dltensor"', repr(img.__dlpack__()))
        self.assertEqual(img.__dlpack_device__(), (1, 0))
        with self.assertRaises(BufferError):
            img.__dlpack__(copy=False)
        with self.assertRaises(BufferError):
            img.__dlpack__(dl_device=(2, 0))

    @needs_torch
    def test_torch(self) -> None:
        import torch

        img = kept(picture().invert())
        before = pixels(img)
        t = torch.from_dlpack(img)
        t[0] = 9
        own = img.tensor()
        own[:] = 3
        self.assertEqual(pixels(img), before)
        self.assertEqual(tuple(own.shape), (3, 40, 60))
        self.assertEqual(img.tensor_view().data_ptr(), img._pixels().address)
        self.assertEqual(kal.open(img.tensor_view()).content_key(), img.content_key())


@needs_pillow
class Pillow(Case):
    def test_round_trip(self) -> None:
        from PIL import Image

        for name, c in KINDS:
            with self.subTest(name):
                img = picture(channels=c)
                pil = img.pil()
                self.assertEqual((pil.size, pil.tobytes()), ((60, 40), pixels(img)))
                self.assertEqual(kal.open(pil).content_key(), img.content_key())
        mask = picture(channels=1) > 100
        self.assertEqual(mask.pil().mode, "1")
        self.assertEqual(kal.open(mask.pil()).content_key(), mask.content_key())
        palette = Image.new("P", (3, 1))
        palette.putpalette([1, 2, 3, 4, 5, 6, 7, 8, 9])
        palette.putdata([2, 1, 0])
        self.assertEqual(pixels(kal.open(palette)), bytes([7, 8, 9, 4, 5, 6, 1, 2, 3]))
        with self.assertRaisesRegex(ValueError, "negative"):
            kal.open(Image.new("I", (2, 2), -3))

    def test_shared(self) -> None:
        from PIL import Image

        for c, mode in ((1, "L"), (4, "RGBA")):
            img = kept(picture(channels=c).invert())
            pil = img.pil_view()
            self.assertEqual(pil.readonly, 1)
            before = pixels(img)
            pil.putpixel((0, 0), 0 if c == 1 else (0, 0, 0, 0))   # Pillow takes a copy first
            own = img.pil()
            own.paste(0 if c == 1 else (0, 0, 0, 0), (0, 0, 60, 40))
            self.assertEqual(pixels(img), before)
            self.assertEqual(Image.frombuffer(mode, (60, 40), img._pixels(), "raw", mode, 0, 1).readonly, 1)


@needs_pillow
class PillowFiles(Case):
    """What Pillow opens is the picture that `open` gives of the same path."""

    def test_orientation(self) -> None:
        from PIL import Image

        for turn in range(1, 9):
            exif = Image.Exif()
            exif[274] = turn
            Image.frombytes("RGB", (40, 30), bytes(samples(30, 40))).save(self.path("a.png"), exif=exif)
            with Image.open(self.path("a.png")) as im:
                self.assertEqual(pixels(kal.open(im)), pixels(kal.open(self.path("a.png"))), turn)
                self.assertEqual(kal.open(im, upright=False).shape, (30, 40, 3))
                self.assertEqual(kal.open(im.rotate(0)).shape, (30, 40, 3))   # made of it: nobody knows how that lies
            Image.frombytes("RGB", (40, 30), bytes(samples(30, 40))).save(self.path("a.tif"), tiffinfo={274: turn})
            for loaded in (False, True):
                with Image.open(self.path("a.tif")) as im:   # which Pillow turns itself
                    if loaded:
                        im.load()
                    self.assertEqual(pixels(kal.open(im)), pixels(kal.open(self.path("a.tif"))), (turn, loaded))

    def test_profile(self) -> None:
        from PIL import Image

        wide = picture(30, 40).icc_assign(to="display_p3")
        icc = wide.meta("icc")
        wide.save(self.path("p3.png"))
        with Image.open(self.path("p3.png")) as im:
            self.assertEqual(kal.open(im).meta("icc"), icc)
            self.assertIsNone(kal.open(im.convert("L")).meta("icc"))
        self.assertEqual((wide.pil().info, picture().pil().info), ({"icc_profile": icc}, {}))

    def test_odd_information(self) -> None:
        """What says nothing is passed over."""
        from PIL import Image

        icc = picture().icc_assign(to="srgb").meta("icc")
        assert icc is not None
        for mode in ("L", "RGB"):
            for key, value in (("transparency", b"\x01"), ("transparency", None), ("icc_profile", icc[:100]), ("icc_profile", b"no profile" * 20),
                               ("icc_profile", icc[:16] + b"CMYK" + icc[20:])):
                im = Image.new(mode, (4, 3), 9)
                im.info[key] = value
                img = kal.open(im)
                self.assertEqual((img.model, img.alpha, img.meta("icc")), ("gray" if mode == "L" else "rgb", False, None), (mode, key, value))

    def test_profile_where_png_is_not_read(self) -> None:
        code = ("import kallitype as kal; from PIL import Image; im = Image.new('RGB', (4, 3)); im.info['icc_profile'] = open('p.icc', 'rb').read();"
                "kal.limits(formats='jpeg'); assert kal.open(im).meta('icc') == im.info['icc_profile']")
        icc = picture().icc_assign(to="display_p3").meta("icc")
        assert icc is not None
        write(self.path("p.icc"), icc)
        subprocess.run([sys.executable, "-c", code], cwd=self._folder.name, check=True)

    def test_transparent_colour(self) -> None:
        from PIL import Image

        for mode, colour, channels in (("RGB", (1, 2, 3), 4), ("L", 7, 2)):
            im = Image.new(mode, (4, 4), colour)
            im.putpixel((0, 0), 255 if mode == "L" else (9, 9, 9))
            im.save(self.path("t.png"), transparency=colour)
            with Image.open(self.path("t.png")) as im:
                img = kal.open(im)
                self.assertEqual((img.shape, pixels(img)), (kal.open(self.path("t.png")).shape, pixels(kal.open(self.path("t.png")))))
                self.assertEqual(img.channels, channels)


class Canvases(Case):
    def test_written_and_frozen(self) -> None:
        canvas = kal.Canvas(4, 5, 3)
        view = memoryview(canvas)
        self.assertEqual((view.shape, view.readonly, view.tobytes()), ((4, 5, 3), False, bytes(60)))
        view[2, 3, 1] = 200
        img = canvas.freeze()
        self.assertEqual((img.shape, img.model, pixels(img)[(2 * 5 + 3) * 3 + 1]), ((4, 5, 3), "rgb", 200))
        self.assertEqual(img._pixels().address, canvas.address)
        with self.assertRaises(TypeError):
            memoryview(canvas)[0, 0, 0] = 1
        self.assertEqual(img, kal.array(samples_of(canvas)))
        del canvas, view
        gc.collect()
        self.assertEqual(sum(pixels(img)), 200)

    def test_kinds(self) -> None:
        for dtype, form in (("uint8", "B"), ("uint16", "H"), ("float32", "f"), ("uint32", "I")):
            self.assertEqual(memoryview(kal.Canvas(2, 3, 1, dtype)).format, form)
        self.assertEqual(kal.Canvas(2, 3, 2).freeze().alpha, True)
        self.assertEqual(kal.Canvas(2, 3, model="mask").freeze().model, "mask")
        for wrong in ((0, 3), (2, -1), (2, 3, 65), (2, 3, 1, "int8"), (2, 3, 1, "uint8", "cmyk")):
            with self.assertRaises(ValueError):
                kal.Canvas(*wrong)

    def test_ctypes(self) -> None:
        canvas = kal.Canvas(3, 3)
        (ctypes.c_ubyte * 9).from_buffer(canvas)[4] = 7
        self.assertEqual(pixels(canvas.freeze()), bytes([0, 0, 0, 0, 7, 0, 0, 0, 0]))


def samples_of(canvas: kal.Canvas) -> memoryview:
    return memoryview(bytes(memoryview(canvas))).cast("B", canvas.shape)


class Copies(Case):
    def test_every_way_out(self) -> None:
        """Writing to whatever is writable changes nothing that is kept."""
        img = kept(picture(channels=4).invert())
        before = bytes(pixels(img))
        raw = img.raw()
        raw[:] = bytes(len(raw))
        self.assertTrue(img.raw_view().readonly)
        self.assertEqual(pixels(img), before)
        self.assertEqual(pixels(img.copy() if hasattr(img, "copy") else img), before)


if __name__ == "__main__":
    unittest.main()
