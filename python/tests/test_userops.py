# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Ops whose pixels a Python function makes."""

from __future__ import annotations

import unittest

import kallitype as kal
from support import Case, needs_numpy, picture, pixels


@kal.op("test.negative", version=1)
def negative(tile: object) -> memoryview:
    """The negative."""
    view = memoryview(tile)
    return memoryview(bytes(255 - x for x in view.tobytes())).cast("B", view.shape)


class Plain(Case):
    def test_it_is_an_op(self) -> None:
        img = picture()
        out = negative(img)
        self.assertEqual(pixels(out), pixels(img.invert()))
        self.assertEqual(out, img.test_negative())
        self.assertEqual(out, kal.parse("in | test.negative", in_=img))
        self.assertIn("test.negative", out.text)
        self.assertEqual(out.gaussian(2)[3:9].shape, (6, 60, 3))
        self.assertIn("negative", kal._kal.ops()["test.negative"].__doc__)

    def test_versions(self) -> None:
        img = picture(4, 4)

        @kal.op("test.versioned", version=1)
        def first(tile: object) -> object:
            return tile

        before = first(img)

        @kal.op("test.versioned", version=1)   # the same again
        def first(tile: object) -> object:   # noqa: F811
            return tile

        with self.assertRaisesRegex(ValueError, "another function"):
            @kal.op("test.versioned", version=1)
            def other(tile: object) -> object:
                return bytes(3)

        @kal.op("test.versioned", version=2)
        def second(tile: object) -> object:
            view = memoryview(tile)
            return memoryview(bytes(len(view.tobytes()))).cast("B", view.shape)

        self.assertNotEqual(before, second(img))
        self.assertEqual(pixels(second(img)), bytes(48))
        self.assertEqual(pixels(before), pixels(img))   # a node keeps what it was made with
        with self.assertRaisesRegex(ValueError, "dot"):
            kal.op("nodot", version=1)(lambda tile: tile)

    def test_what_the_same_function_is(self) -> None:
        def define(name: str, text: str) -> object:
            space: dict[str, object] = {}
            exec(text, space)
            return kal.op(name, version=1)(space["f"])

        define("test.moved", "def f(t): return bytes(x for x in t)")
        define("test.moved", "\n\n# further down\ndef f(t): return bytes(x for x in t)")
        for name, first, other in (("test.swapped", "def f(t, *, a=1, b=1): return t * a - b", "def f(t, *, b=1, a=1): return t * b - a"),
                                   ("test.half", "def f(t): return t // 2", "def f(t): return t // 2.0"),
                                   ("test.within", "def f(t): return [x // 2 for x in t]", "def f(t): return [x // 2.0 for x in t]")):
            define(name, first)
            define(name, first)
            with self.assertRaisesRegex(ValueError, "another function"):
                define(name, other)

    def test_another_function_of_the_same_code(self) -> None:
        def make(by: int, *, twice: bool = False, halo: int = 0, first: int = 1) -> object:
            def inner(n: int) -> int:
                return inner(n - 1) if n > 9 else by   # closes over itself

            @kal.op("test.made", version=1, halo=halo)
            def made(tile: object, *, amount: int = first) -> object:
                return memoryview(bytes(inner(3) for _ in memoryview(tile).tobytes())).cast("B", memoryview(tile).shape)

            return made

        img = picture(4, 4)
        self.assertEqual(pixels(make(7)(img)), bytes([7]) * 48)
        self.assertEqual(make(7)(img), make(7)(img))   # defined again
        for other in ({"by": 8}, {"by": 7, "halo": 2}, {"by": 7, "first": 2}, {"by": 7.0}, {"by": True}):
            with self.assertRaisesRegex(ValueError, "another function", msg=str(other)):
                make(**other)   # type: ignore[arg-type]

    @needs_numpy
    def test_kinds_of_results(self) -> None:
        import numpy

        mask = picture(6, 6, 1) > 100

        @kal.op("test.soft", version=1, dtype="float32")
        def soft(tile: object) -> object:
            return numpy.asarray(tile).astype("f4") / 510

        got = soft(mask)
        self.assertEqual((got.model, got.dtype), ("gray", "float32"))   # as cast: a mask has 8 bits
        with self.assertRaisesRegex(ValueError, "takes a mask"):
            got.mask_boxes().get()

        @kal.op("test.above", version=1)
        def above(tile: object) -> object:
            return numpy.asarray(tile) > 100

        self.assertEqual(set(pixels(above(picture(6, 6, 1)))), {0, 255})   # truth is 0 and 255
        for i, kind in enumerate(({"channels": 1, "model": "rgb"}, {"channels": 2, "model": "rgb", "alpha": True}, {"channels": 3, "model": "mask"},
                                  {"channels": 3, "model": "gray"}, {"model": "mask", "dtype": "float32", "channels": 1})):
            wrong = kal.op(f"test.kind{i}", version=1, **kind)(lambda tile: numpy.asarray(tile)[:, :, :1])   # type: ignore[arg-type]
            with self.assertRaisesRegex(ValueError, f"test.kind{i}: .*(no picture of model|a mask is)", msg=str(kind)):
                pixels(wrong(picture(6, 6)))

    def test_wrong_results(self) -> None:
        img = picture(4, 4)

        @kal.op("test.short", version=1)
        def short(tile: object) -> object:
            return memoryview(bytes(9)).cast("B", (3, 3))

        with self.assertRaisesRegex(kal.CallbackError, "3×3×1 samples .* in place of 4×4×3"):
            pixels(short(img))

        @kal.op("test.raises", version=1)
        def raises(tile: object) -> object:
            raise LookupError("no weights")

        with self.assertRaises(kal.CallbackError) as e:
            pixels(raises(img))
        self.assertIsInstance(e.exception.__cause__, LookupError)
        with self.assertRaises(kal.CallbackError):   # and nothing was kept
            pixels(raises(img))

        @kal.op("test.nothing", version=1)
        def nothing(tile: object) -> object:
            return None

        with self.assertRaises(kal.CallbackError) as e:
            pixels(nothing(img))
        self.assertIsInstance(e.exception.__cause__, TypeError)

    def test_parameters(self) -> None:
        seen: list[object] = []

        @kal.op("test.params", version=1)
        def params(tile: object, *, n: int = 3, x: float = 0.5, on: bool = False, word: str = "a", numbers: tuple[float, ...] = ()) -> object:
            seen.append((n, x, on, word, list(numbers)))
            return tile

        img = picture(4, 4)
        pixels(params(img))
        pixels(params(img, n=7, x=1.25, on=True, word='b "c"', numbers=[1, 2.5]))
        self.assertEqual(seen, [(3, 0.5, False, "a", []), (7, 1.25, True, 'b "c"', [1.0, 2.5])])
        self.assertEqual(params(img, n=3), params(img))
        with self.assertRaisesRegex(TypeError, "no parameter"):
            params(img, m=3)
        with self.assertRaisesRegex(TypeError, "default of"):
            kal.op("test.bad", version=1)(lambda tile, *, f=print: tile)


@needs_numpy
class Tiles(Case):
    def test_any_tiling_gives_the_whole(self) -> None:
        import numpy

        @kal.op("test.spread", version=1, halo=2)
        def spread(tile: object) -> object:
            t = numpy.asarray(tile)
            h, w = t.shape[:2]
            return numpy.max([t[y:h - 4 + y, x:w - 4 + x] for y in range(5) for x in range(5)], axis=0)

        img = picture(300, 200)
        whole = numpy.asarray(img)
        padded = numpy.pad(whole, ((2, 2), (2, 2), (0, 0)), mode="edge")
        want = numpy.max([padded[y:y + 300, x:x + 200] for y in range(5) for x in range(5)], axis=0)
        for threads in (1, 2, 5):
            with kal.options(threads=threads, memo_mode="never"):
                self.assertTrue((numpy.asarray(spread(img)) == want).all(), threads)
        part = spread(img).fetch(kal.Box(50, 60, 90, 170))
        self.assertTrue((numpy.asarray(part) == want[60:170, 50:90]).all())
        self.assertTrue((numpy.asarray(spread(img)[:7, :9]) == want[:7, :9]).all())

    def test_two_images_and_another_kind(self) -> None:
        import numpy

        @kal.op("test.difference", version=1, channels=1, dtype="float32", model="gray")
        def difference(a: object, b: object, *, scale: float = 1.0) -> object:
            d = numpy.asarray(a).astype(numpy.float32) - numpy.asarray(b)
            return numpy.abs(d).mean(axis=2).astype(numpy.float32) * numpy.float32(scale)

        a, b = picture(seed=1), picture(seed=2)
        out = difference(a, b, scale=2)
        self.assertEqual((out.dtype, out.shape), ("float32", (40, 60)))
        want = numpy.abs(numpy.asarray(a).astype(numpy.float32) - numpy.asarray(b)).mean(axis=2).astype(numpy.float32) * 2
        self.assertTrue((numpy.asarray(out) == want).all())
        with self.assertRaisesRegex(ValueError, "one size"):
            difference(a, picture(5, 5))

    def test_whole_images_of_another_size(self) -> None:
        import numpy

        @kal.op("test.transpose", version=1, whole=True, size=lambda width, height: (height, width))
        def transpose(image: object) -> object:
            return numpy.swapaxes(numpy.asarray(image), 0, 1)

        img = picture()
        self.assertEqual(transpose(img).shape, (60, 40, 3))
        self.assertTrue((numpy.asarray(transpose(img)) == numpy.swapaxes(numpy.asarray(img), 0, 1)).all())
        self.assertTrue((numpy.asarray(transpose(transpose(img))) == numpy.asarray(img)).all())

    def test_masks(self) -> None:
        import numpy

        @kal.op("test.bright", version=1, channels=1, model="mask")
        def bright(tile: object) -> object:
            return numpy.asarray(tile).max(axis=2) > 200

        img = picture()
        self.assertEqual(bright(img).model, "mask")
        self.assertTrue((numpy.asarray(bright(img)) == (numpy.asarray(img).max(axis=2) > 200) * 255).all())

        @kal.op("test.ones", version=1, channels=1, model="mask")
        def ones(tile: object) -> object:
            return (numpy.asarray(tile).max(axis=2) > 200).astype(numpy.uint8)   # as NumPy and OpenCV count

        self.assertTrue((numpy.asarray(ones(img)) == numpy.asarray(bright(img))).all())

    def test_a_tile_may_be_kept(self) -> None:
        import numpy

        tiles: list[object] = []

        @kal.op("test.keeps", version=1)
        def keeps(tile: object) -> object:
            tiles.append(tile)
            return tile

        with kal.options(memo_mode="never", threads=1):
            want = [bytes(memoryview(keeps(picture(seed=s)))) for s in range(1, 6)]
        self.assertEqual([bytes(memoryview(t)) for t in tiles], want)
        self.assertEqual(numpy.asarray(tiles[0]).shape, (40, 60, 3))


if __name__ == "__main__":
    unittest.main()
