# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Functions whose results are kept, in memory and in a folder."""

import contextvars
import datetime
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import unittest

import kallitype as kal
from kallitype import memoize

try:
    import numpy as np
except ImportError:
    np = None

CALLS = []   # what was really computed


def picture(value=3, h=2, w=2):
    return kal.open(memoryview(bytes([value] * (3 * h * w))).cast("B", (h, w, 3)))


@kal.memo(version=1)
def area(image, *, times=2, **more):
    """Pixels of it."""
    CALLS.append("area")
    return image.width * image.height * times


@kal.memo(version=1)
def echo(value, tag=0):
    CALLS.append("echo")
    return RESULTS[tag]


@kal.memo(version=1)
def failing(n):
    CALLS.append("failing")
    raise LookupError(f"no {n}")


@kal.memo(version=1)
def slow(n):
    CALLS.append(threading.get_ident())
    time.sleep(0.2)
    return n * 2


@kal.memo(version=1)
def endless(n):
    return endless(n)


@kal.memo(version=1)
def factorial(n):
    CALLS.append(n)
    return n * factorial(n - 1) if n else 1


class Model:
    def __init__(self, layers):
        self.layers = layers

    def __kal_params__(self):
        return {"layers": self.layers}

    @kal.memo(version=1)
    def run(self, x):
        CALLS.append("run")
        return self.layers * x

    @staticmethod
    @kal.memo(version=1)
    def double(x):
        CALLS.append("double")
        return 2 * x


RESULTS = {}

SCRIPT = """
import sys, kallitype as kal
calls = []
@kal.memo(version=VERSION)
def f(image, sigma):
    calls.append(1)
    return {"image": image.gaussian(sigma), "text": "é", "n": [1, 2.5, None]}
with kal.options(memo_dir=sys.argv[1]):
    out = f(kal.sample(width=64, height=48), 2.0)
    print(len(calls), out["image"].content_key(), f.key(kal.sample(width=64, height=48), 2.0))
"""


class Memo(unittest.TestCase):
    def setUp(self):
        self.enterContext(kal.options(memo=kal.Memo()))
        CALLS.clear()
        RESULTS.clear()

    def kept(self, value, **how):
        """What comes back, computed and found."""
        RESULTS[0] = value
        first = echo(len(RESULTS), **how)
        second = echo(len(RESULTS), **how)
        self.assertEqual(CALLS.count("echo"), 1)
        return first, second

    def test_once(self):
        self.assertEqual((area(picture()), area(picture(), times=2), area(image=picture())), (8, 8, 8))
        self.assertEqual(CALLS, ["area"])
        self.assertEqual((area(picture(), times=3), area(picture(4)), area(picture(), x=1)), (12, 8, 8))
        self.assertEqual(len(CALLS), 4)
        self.assertEqual((area.__name__, area.__doc__, area.version, area.__wrapped__(picture())), ("area", "Pixels of it.", 1, 8))

    def test_key(self):
        self.assertEqual(area.key(picture()), area.key(picture(), times=2))
        keys = {area.key(picture()), area.key(picture(4)), area.key(picture(), times=3), area.key(picture(), times=2.0),
                area.key(picture().content()), echo.key(picture())}
        self.assertEqual(len(keys), 6)
        self.assertEqual(CALLS, [])
        whole = kal.ParamDict(function="test_memo.area", version=1, arguments={"image": picture(), "times": 2, "more": {}})
        self.assertEqual(area.key(picture()), whole.key)

    def test_version_and_name(self):
        def make(version, name=None):
            def f(x):
                CALLS.append(version)
                return version
            return kal.memo(version=version, name=name)(f)

        self.assertEqual((memoized_f(1)(5), memoized_f(2)(5), memoized_f(1)(5), memoized_f("1")(5)), (1, 2, 1, "1"))
        self.assertEqual(CALLS, [1, 2, "1"])
        with self.assertRaisesRegex(TypeError, "'version' from the function around"):
            make(1)(5)

    def test_what_cannot_be_decorated(self):
        async def later():
            pass

        for bad in (lambda: kal.memo(area), lambda: kal.memo(), lambda: kal.memo(version=None), lambda: kal.memo(version=1.5),
                    lambda: kal.memo(version=True),
                    lambda: kal.memo(version=1)(lambda: 1), lambda: kal.memo(version=1)(later), lambda: kal.memo(version=1)(staticmethod(len))):
            self.assertRaises(TypeError, bad)
        self.assertEqual(kal.memo(version=1, name="mine")(lambda: 1).name, "mine")

    def test_plain_results(self):
        value = {"a": (1, -1, 0, 2 ** 90, -2 ** 63, 2.5, float("inf"), True, False, None, "é\0", b"\0x", 1 + 2j),
                 "b": [[], {}, ()], 3: "three", (1, 2): "t"}
        for got in self.kept(value):
            self.assertEqual(repr(got), repr(value))

    def test_results_are_of_your_own(self):
        first, second = self.kept({"a": [1]})
        first["a"].append(2)
        self.assertEqual(second, {"a": [1]})

    @unittest.skipUnless(np, "NumPy")
    def test_arrays(self):
        arrays = [np.arange(6, dtype=np.int16).reshape(2, 3), np.arange(6).reshape(2, 3).T, np.arange(3, dtype=">f4"),
                  np.zeros((0, 4), np.uint8), np.array(5.0), np.array([True]), np.array([1 + 2j], np.complex64), np.array(["é", "abc"]),
                  np.array(["2020-01-01"], "M8[D]"), np.array([np.nan, 1])]
        for got in self.kept(arrays):
            for a, b in zip(got, arrays):
                np.testing.assert_array_equal(a, b)
                self.assertEqual((a.shape, a.dtype), (b.shape, b.dtype.newbyteorder("=")))
                self.assertTrue(a.flags.writeable)
        CALLS.clear()
        RESULTS[1] = 0
        for got in self.kept([np.float32(0.1), np.int8(3), np.bool_(True)]):
            self.assertEqual([type(x) for x in got], [np.float32, np.int8, np.bool_])
            self.assertEqual(got, [np.float32(0.1), 3, True])
        with self.assertRaisesRegex(TypeError, r"echo\['x'\] is a NumPy array of object"):
            RESULTS[2] = {"x": np.array([None])}
            echo(99, 2)

    def test_images(self):
        mask = picture().threshold(value=2)
        images = {"rgb": picture(), "lazy": picture(9, 30, 40).gaussian(2), "mask": mask, "gray": picture().gray(), "f32": picture().cast(type="f32"),
                  "u16": picture().cast(type="u16"), "rgba": picture().color_key(color=[3, 3, 3]),
                  "data": kal.array(picture().raw_view(), model="data"), "u32": picture().threshold(value=2).components()}
        for got in self.kept(images):
            for name, image in images.items():
                self.assertEqual((got[name]._extent, got[name].content_key(), bytes(got[name].raw())),
                                 (image._extent, image.content_key(), bytes(image.raw())), name)

    @unittest.skipUnless(np, "NumPy")
    def test_images_of_pixelcache(self):
        from kallitype.compat.pixelcache import HashableImage

        for got in self.kept([HashableImage(picture()), HashableImage(picture().threshold(value=2))]):
            self.assertEqual([type(i) for i in got], [HashableImage] * 2)
            self.assertEqual(got, [HashableImage(picture()), HashableImage(picture().threshold(value=2))])
        self.assertEqual(echo.key(HashableImage(picture())), echo.key(HashableImage(picture().encode("png"))))

    def test_a_colour_profile_is_kept(self):
        try:
            from PIL import ImageCms
        except ImportError:
            self.skipTest("Pillow")
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.icc")
            with open(path, "wb") as file:
                file.write(profile)
            image = picture().icc_assign(profile=path)
            for got in self.kept(image):
                self.assertEqual((got.meta("icc"), got.content_key()), (profile, image.content_key()))

    def test_results_that_are_refused(self):
        refused = ((({1},), r"echo\[0\] is a set"), ({"a": [1, object()]}, r"echo\['a'\]\[1\] is a object"), (bytearray(b"x"), "echo is a bytearray"),
                   (datetime.date(2020, 1, 1), "datetime.date"), (picture().mean(), "kallitype.image.Value"), ({frozenset(): 1}, "a name in echo"))
        for i, (value, message) in enumerate(refused):
            RESULTS[i] = value
            with self.assertRaisesRegex(TypeError, message):
                echo(i, i)
            RESULTS[i] = "kept"
            self.assertEqual(echo(i, i), "kept")   # nothing was

    def test_arguments_that_are_refused(self):
        with self.assertRaisesRegex(TypeError, r"echo: value\[1\]: a set has no key"):
            echo([1, {2}])
        for bad in (lambda: echo(), lambda: echo(1, 2, 3), lambda: echo(1, value=1), lambda: echo(1, none=1), lambda: Model(1).run()):
            self.assertRaises(TypeError, bad)
        self.assertRaises(ValueError, lambda: echo(float("nan")))
        self.assertRaises(ValueError, lambda: echo("a\0b"))
        self.assertEqual(CALLS, [])

    def test_failures_are_not_kept(self):
        for _ in range(2):
            try:
                failing(7)
                self.fail("nothing was raised")
            except LookupError as error:
                self.assertEqual(str(error), "no 7")
                self.assertEqual(traceback.extract_tb(error.__traceback__)[-1].name, "failing")
        self.assertEqual(CALLS, ["failing"] * 2)

    def test_methods(self):
        self.assertEqual((Model(2).run(3), Model(2).run(3), Model(3).run(3)), (6, 6, 9))
        self.assertEqual((Model.double(4), Model.double(4)), (8, 8))
        self.assertEqual(CALLS, ["run", "run", "double"])
        self.assertEqual(Model(2).run.key(3), Model.run.key(Model(2), 3))

    def test_within_one_another(self):
        self.assertEqual((factorial(5), factorial(6)), (120, 720))
        self.assertEqual(CALLS, [5, 4, 3, 2, 1, 0, 6])
        with self.assertRaisesRegex(ValueError, "asks for that result"):
            endless(1)

    def test_threads(self):
        context = contextvars.copy_context()
        out = []
        threads = [threading.Thread(target=lambda c=context.copy(): out.append(c.run(slow, 21))) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual((out, len(CALLS)), ([42] * 8, 1))

    def test_never(self):
        with kal.options(memo_mode="never"):
            area(picture()), area(picture())
        self.assertEqual(CALLS, ["area"] * 2)

    def test_only_what_is_known(self):
        with kal.options(only_known=True):
            self.assertRaises(kal.MissingError, lambda: area(picture()))
        area(picture())
        with kal.options(only_known=True):
            self.assertEqual(area(picture()), 8)

    def test_pickle(self):
        self.assertIs(pickle.loads(pickle.dumps(area)), area)

    def test_a_hit_is_fast(self):
        image = picture()
        area(image)
        best = min(timed(lambda: slow_free(image), 200) for _ in range(5))
        self.assertLess(best, 200e-6)   # 15 of them on a machine at rest; this one may not be

    def test_torn_bytes(self):
        data = memoize.encode({"a": [1, "x", 2.5, b"abc"], "i": picture()})
        self.assertEqual(memoize.decode(data)["a"], [1, "x", 2.5, b"abc"])
        for n in range(len(data)):
            with self.assertRaises(ValueError):
                memoize.decode(data[:n])
        with self.assertRaisesRegex(ValueError, "does not know"):
            memoize.decode(b"kalv1?")


@kal.memo(version=1)
def slow_free(image, sigma=2.0):
    return 1.5


def timed(f, n):
    start = time.perf_counter()
    for _ in range(n):
        f()
    return (time.perf_counter() - start) / n


def versioned(x):
    CALLS.append(VERSION)
    return VERSION


VERSION = None


def memoized_f(version):
    global VERSION
    VERSION = version
    return kal.memo(version=version)(versioned)


class Folder(unittest.TestCase):
    def run_script(self, folder, version):
        path = os.path.join(folder, "job.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(SCRIPT.replace("VERSION", repr(version)))
        done = subprocess.run([sys.executable, path, os.path.join(folder, "memo")], check=True, capture_output=True, text=True)
        calls, content, key = done.stdout.split()
        return int(calls), content, key

    def test_two_processes(self):
        with tempfile.TemporaryDirectory() as folder:
            first, second = self.run_script(folder, 1), self.run_script(folder, 1)
            self.assertEqual((first[0], second[0]), (1, 0))
            self.assertEqual(first[1:], second[1:])
            third = self.run_script(folder, 2)
            self.assertEqual((third[0], third[1]), (1, first[1]))
            self.assertNotEqual(third[2], first[2])

    def test_at_once(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "job.py")
            with open(path, "w", encoding="utf-8") as file:
                file.write("import sys, time, kallitype as kal\n@kal.memo(version=1)\ndef f(x):\n"
                           "    print('made', flush=True); time.sleep(1); return x\n"
                           "with kal.options(memo_dir=sys.argv[1]): f(1)\n")
            jobs = [subprocess.Popen([sys.executable, path, os.path.join(folder, "memo")], stdout=subprocess.PIPE, text=True) for _ in range(3)]
            self.assertEqual("".join(job.communicate()[0] for job in jobs), "made\n")

    def test_a_folder_outlives_memory(self):
        CALLS.clear()
        with tempfile.TemporaryDirectory() as folder, kal.options(memo_dir=folder, memo_size="64M"):
            area(picture(7))
            kal.memo_clear()
            self.assertTrue(os.listdir(folder))
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(2):
                with kal.options(memo=kal.Memo(folder=folder)):
                    area(picture(8))
        self.assertEqual(CALLS, ["area"] * 2)


if __name__ == "__main__":
    sys.modules.setdefault("test_memo", sys.modules["__main__"])
    unittest.main()
