# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Parameters as immutable dicts and lists, and their keys."""

import array
import copy
import dataclasses
import enum
import json
import pathlib
import pickle
import tempfile
import unittest

import kallitype as kal
from kallitype import ParamDict, ParamList

try:
    import numpy as np
except ImportError:
    np = None


class Kind(enum.Enum):
    FAST = 1
    GOOD = 2


class Level(enum.IntEnum):
    ONE = 1


@dataclasses.dataclass
class Config:
    rate: float
    layers: list


@dataclasses.dataclass
class Other:
    rate: float
    layers: list


class Keyed:
    def __init__(self, n):
        self.n = n

    def __kal_params__(self):
        return {"keyed": self.n}


def picture(value=3):
    return kal.open(memoryview(bytes([value] * 12)).cast("B", (2, 2, 3)))


class Params(unittest.TestCase):
    def differ(self, *values):
        self.assertEqual(len({ParamDict(a=v).key for v in values}), len(values))

    def same(self, *values):
        self.assertEqual(len({ParamDict(a=v).key for v in values}), 1)

    def test_golden(self):
        # of docs/keys.md's encoding; the same on every machine, in every version
        self.assertEqual(ParamDict(a=1).key, "ac404a7e753909aca9ee6e1d7d2d135f")
        self.assertEqual(ParamDict(a=1.0).key, "eebb6cc6a2635531b036135d71bed4d1")
        self.assertEqual(ParamDict(a=True).key, "81e39248980fd075289025cf19721243")
        self.assertEqual(hash(ParamDict(a=1)), 0xac404a7e753909a)

    def test_order(self):
        self.assertEqual(ParamDict(a=1, b={"c": 2, "d": 3}), ParamDict(b={"d": 3, "c": 2}, a=1))
        self.assertEqual(list(ParamDict(b=1, a=2)), ["b", "a"])
        self.differ([1, 2], [2, 1], [1, 1, 2], [1, [2]], {"a": [1, 2]})

    def test_kinds(self):
        self.differ(1, 1.0, True, "1", b"1", None, [1], {"a": 1}, Level.ONE, Kind.FAST, Kind.GOOD, 2 ** 64, -2 ** 64)
        self.same((1, 2), [1, 2], ParamList([1, 2]))
        self.same(0.0, -0.0)
        self.same(b"ab", bytearray(b"ab"), memoryview(b"ab"))
        self.differ("é", "e\u0301")
        self.assertEqual(ParamDict(a=float("inf")).recipe, '{"a":1e999}')

    def test_nothing_changes(self):
        inner = {"b": [1]}
        p = ParamDict(a=inner)
        key = p.key
        inner["b"].append(2)
        self.assertEqual((p.key, ParamDict(a={"b": [1]}).key), (key, key))
        for change in (lambda: setattr(p, "x", 1), lambda: delattr(p, "_items"), lambda: setattr(ParamList(), "_items", ())):
            self.assertRaises(AttributeError, change)
        with self.assertRaises(TypeError):
            p["a"] = 1
        with self.assertRaises(TypeError):
            ParamList([1])[0] = 2
        self.assertIs(copy.deepcopy(p), p)
        self.assertIs(copy.copy(p), p)

    def test_mapping(self):
        p = ParamDict({"a": 1}, b=[1, {"c": (2,)}])
        self.assertEqual((len(p), "a" in p, "c" in p, p.get("x", 5), list(p.items())[0]), (2, True, False, 5, ("a", 1)))
        self.assertRaises(KeyError, lambda: p["c"])
        self.assertEqual(p.to_dict(), {"a": 1, "b": [1, {"c": [2]}]})
        self.assertEqual(p | {"a": 2}, ParamDict(a=2, b=p["b"]))
        self.assertEqual(ParamDict([("a", 1)]), ParamDict(a=1))
        self.assertNotEqual(p, p.to_dict())
        self.assertEqual(repr(ParamDict(a=[1])), "ParamDict({'a': ParamList([1])})")
        self.assertEqual({p: "found"}[ParamDict(p.to_dict())], "found")

    def test_sequence(self):
        l = ParamList([1, "b", [3]])
        self.assertEqual((len(l), l[0], l[-1], l[:2], l.index("b"), l.count(1), "b" in l),
                         (3, 1, ParamList([3]), ParamList([1, "b"]), 1, 1, True))
        self.assertEqual((l + [4], ParamList([1]) * 3, l.to_list()), (ParamList([1, "b", [3], 4]), ParamList([1, 1, 1]), [1, "b", [3]]))
        self.assertRaises(TypeError, lambda: ParamList("abc"))
        self.assertNotEqual(l, [1, "b", [3]])

    def test_pickle(self):
        p = ParamDict(a=[1, 2.5, None, b"x", "é"], b=kal.Box(1, 2, 3, 4), c=Kind.GOOD, d=Config(0.1, [1]), e=pathlib.Path(__file__))
        again = pickle.loads(pickle.dumps(p))
        self.assertEqual((again, again.key, hash(again)), (p, p.key, hash(p)))
        self.assertEqual(pickle.loads(pickle.dumps(ParamList([1, {"a": 2}]))), ParamList([1, {"a": 2}]))

    def test_images(self):
        self.same(picture(), picture())
        self.differ(picture(3), picture(4), picture(3).invert(), picture(3).content(), picture(3).mean(), picture(3).encoded("png"))
        self.assertIn('"$image"', ParamDict(a=picture()).recipe)
        self.same(picture().invert().content(), picture(252).content())

    def test_boxes_points_sizes(self):
        size = kal.ImageSize(height=2, width=3)
        self.same(kal.Box(1, 2, 3, 4), kal.Box(1.0, 2.0, 3.0, 4.0))
        self.differ(kal.Box(0, 0, 1, 1), kal.Box(0, 0, 1, 1, relative=True), [0, 0, 1, 1], size, kal.ImageSize(height=3, width=2), [2, 3],
                    kal.Points([(0, 1)], False, size), kal.Points([(0, 1)], True, size))

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder, name) for name in "abc"]
            for path, data in zip(paths, (b"one", b"one", b"two")):
                path.write_bytes(data)
            self.same(paths[0], paths[1], b"one")
            self.differ(paths[0], paths[2], str(paths[0]))
            with self.assertRaises(FileNotFoundError) as caught:
                ParamDict(weights=pathlib.Path(folder, "none")).key
            self.assertIn("none", str(caught.exception))

    def test_classes(self):
        self.same(Config(0.1, [1]), Config(0.1, (1,)))
        self.differ(Config(0.1, [1]), Config(0.2, [1]), Other(0.1, [1]), {"rate": 0.1, "layers": [1]})
        config = Config(0.1, [1])
        p = ParamDict(a=config)
        config.layers.append(2)
        self.same(p["a"], Config(0.1, [1]))
        self.assertEqual(repr(p), "ParamDict({'a': Config(rate=0.1, layers=ParamList([1]))})")
        self.same(Keyed(1), {"keyed": 1})

    def test_buffers(self):
        a = array.array("f", [1, 2])
        p = ParamDict(a=a)
        key = p.key
        a[0] = 5
        self.assertEqual((p.key, ParamDict(a=array.array("f", [1, 2])).key), (key, key))
        self.differ(array.array("f", [1, 2]), array.array("d", [1, 2]), array.array("i", [1, 2]), [1.0, 2.0])

    def test_what_has_no_key(self):
        for bad, message in ((lambda: ParamDict(a={"b": [1, {2}]}), r"a\.b\[1\]: a set has no key"),
                             (lambda: ParamDict({1: 2}), "names are texts, not 1"),
                             (lambda: ParamDict(a=object()), "a: a object has no key"), (lambda: ParamDict(a=1j), "a complex"),
                             (lambda: ParamList([len]), r"\[0\]: a builtin_function")):
            self.assertRaisesRegex(TypeError, message, bad)
        for bad in (lambda: ParamDict(a=float("nan")).key, lambda: ParamDict(a="x\0y"), lambda: ParamDict({"x\0y": 1})):
            self.assertRaises(ValueError, bad)

    def test_recipe(self):
        self.assertEqual(json.loads(ParamDict(b=[1, None], a="x").recipe), {"a": "x", "b": [1, None]})

    @unittest.skipUnless(np, "NumPy")
    def test_arrays(self):
        a = np.arange(6)
        self.differ(a, a.reshape(2, 3), a.reshape(3, 2), a.astype(np.int32), a.astype(np.float64), a.reshape(2, 3).T, a.tolist())
        self.same(a.reshape(2, 3), np.asfortranarray(a.reshape(2, 3)), a.astype(">i8").reshape(2, 3), np.arange(12)[::2].reshape(2, 3) // 2)
        self.same(np.int64(3), 3)
        self.same(np.float32(0.5), np.float64(0.5), 0.5)
        self.same(np.bool_(True), True)
        self.same(np.str_("x"), "x")
        p = ParamDict(a=a)
        a[0] = 9
        self.assertEqual(p["a"].tolist(), [0, 1, 2, 3, 4, 5])
        with self.assertRaises(ValueError):
            p["a"][0] = 1
        with self.assertRaises(ValueError):
            p["a"].flags.writeable = True
        p.to_dict()["a"][0] = 7
        self.assertEqual(p["a"][0], 0)
        self.assertEqual(pickle.loads(pickle.dumps(p)), p)
        for bad in (np.array(["x"]), np.array([1j]), np.array([None])):
            self.assertRaisesRegex(TypeError, "a: a numpy.ndarray has no key when its elements are", lambda: ParamDict(a=bad))
        for bad in (np.ma.array([1.0, 2.0], mask=[0, 1]), np.ma.array([1.0, 2.0]), np.array([[1.0, 2.0]]).view(np.matrix),
                    np.array([1.0, 2.0]).view(type("Own", (np.ma.MaskedArray,), {}))):
            self.assertRaisesRegex(TypeError, "a: a .*has no key: give numpy.asarray", lambda bad=bad: ParamDict(a=bad))
        self.assertRaises(ValueError, lambda: ParamDict(a=np.array([1, np.nan])).key)

    def test_pillow(self):
        try:
            from PIL import Image
        except ImportError:
            self.skipTest("Pillow")
        image = Image.new("RGB", (2, 2), (3, 3, 3))
        p = ParamDict(a=image)
        image.putpixel((0, 0), (0, 0, 0))
        self.assertEqual(p, ParamDict(a=picture()))

    def test_torch(self):
        try:
            import torch
        except ImportError:
            self.skipTest("torch")
        self.same(torch.arange(6).reshape(2, 3), np.arange(6).reshape(2, 3))

    def test_points(self):
        size = kal.ImageSize(height=100, width=200)
        p = kal.Points([(0.5, 0.25)], True, size)
        self.assertEqual((list(p), p.list_tuple_float(normalized=True), len(p)), ([(100.0, 25.0)], [(0.5, 0.25)], 1))
        self.assertEqual(pickle.loads(pickle.dumps(p)), p)
        self.assertRaises(AttributeError, lambda: setattr(p, "is_normalized", False))
        self.assertRaises(ValueError, lambda: kal.Points([(0.5, float("nan"))], True, size))
        self.assertRaises(ValueError, lambda: kal.Points([], True, size).min_x())
        drawn = picture().points_mask(points=kal.Points([(1, 0)], False, size))
        self.assertEqual(bytes(drawn.raw()), b"\0\xff\0\0")
        self.assertEqual(kal.ImageSize.from_image(picture()), kal.ImageSize(height=2, width=2))
        self.assertEqual(kal.ImageSize.from_image(picture().encode("png")), kal.ImageSize(height=2, width=2))


if __name__ == "__main__":
    unittest.main()
