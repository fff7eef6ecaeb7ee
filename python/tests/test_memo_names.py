# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What a kept result hangs on: the function by its name, what it was made with, what stands around it, the files it was given; in every process alike."""

import dataclasses
import enum
import functools
import inspect
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from typing import Generic, TypeVar

import kallitype as kal
from kallitype import memoize

CALLS = []


class Scaled:
    def __init__(self, by):
        self.by = by
        self.kept = kal.memo(version=1)(self.scale)

    def scale(self, x):
        return self.by * x

    def __call__(self, x):
        return self.by + x

    def __kal_params__(self):
        return [self.by]


class Bare:
    def get(self, x):
        return x


def make_scorer(metric):
    @kal.memo(version=1)
    def score(values):
        CALLS.append("score")
        return metric(values)
    return score


def make_helped(step):
    def helper(x):
        return x + step if step else x + 1

    def plain(x):
        return x + 1

    @kal.memo(version=1)
    def helped(x):
        return helper(x)

    @kal.memo(version=1)
    def rooted(x):
        return plain(x) + (rooted(x - 1) if x else 0)
    return helped, rooted


class Named:
    @classmethod
    def name_of(cls, x):
        return cls.__name__


class Renamed(Named):
    pass


class Static:
    @staticmethod
    def __call__(x):
        return 2 * x


class Large(enum.Flag):
    MOST = 1 << 70


class Permission(enum.IntFlag):
    R = 4
    W = 2
    X = 1


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Given:
    a: int
    seed: dataclasses.InitVar[int] = 3

    def __post_init__(self, seed):
        self.random = seed * 7


@dataclasses.dataclass
class Base:
    a: int


class More(Base):
    def __init__(self, a, b):
        super().__init__(a)
        self.b = b

    @functools.cached_property
    def slow(self):
        return 3


class Slotted(Base):
    __slots__ = ("c",)

    def __init__(self, a, c):
        super().__init__(a)
        self.c = c


T = TypeVar("T")


@dataclasses.dataclass
class Generics(Generic[T]):
    a: int

    def __post_init__(self):
        self._lock = threading.Lock()


@kal.memo(version=1)
def number(p):
    return int(p)


@kal.memo(version=1)
def attribute(of, name):
    return getattr(of, name)


@kal.memo(version=1)
def text_of(path, then):
    text = path.read_text()
    if then:
        path.write_text(then)
    return text


@kal.memo(version=1)
def taken(path):
    text = path.read_text()
    path.unlink()
    return text


@kal.memo(version=1)
def same(x):
    return x


class What(unittest.TestCase):
    def test_methods_of_objects(self):
        self.assertEqual((Scaled(1).kept(10), Scaled(5).kept(10)), (10, 50))
        self.assertEqual(Scaled(5).kept.key(10), kal.memo(version=1)(Scaled.scale).key(Scaled(5), 10))
        with self.assertRaisesRegex(TypeError, "self: a .*Bare has no key"):
            kal.memo(version=1)(Bare().get)(3)

    def test_objects_that_are_called(self):
        self.assertEqual([kal.memo(version=1)(Scaled(by))(2) for by in (3, 4)], [5, 6])
        self.assertEqual(kal.memo(version=1, name="mine")(Scaled(3))(2), 5)
        with self.assertRaisesRegex(TypeError, "partial"):
            kal.memo(version=1)(functools.partial(max, 3))
        with self.assertRaisesRegex(TypeError, "join is a method of an object"):
            kal.memo(version=1)(",".join)

    def test_functions_around(self):
        CALLS.clear()
        self.assertEqual((make_scorer(min)([1, 2]), make_scorer(max)([1, 2]), make_scorer(min)([1, 2])), (1, 2, 1))
        self.assertEqual(CALLS, ["score"] * 2)
        with self.assertRaisesRegex(TypeError, "'metric'.*lambda"):
            make_scorer(lambda v: 3)([1])
        helped, rooted = make_helped(0)
        self.assertEqual(rooted(2), 6)
        with self.assertRaisesRegex(TypeError, "helper uses 'step'"):
            helped(1)

    def test_what_stands_around_those(self):
        def twice_of(metric):
            @kal.memo(version=1)
            def score(values):
                return metric(values)

            @kal.memo(version=1)
            def twice(values):
                return 2 * score(values)
            return twice

        self.assertEqual([twice_of(metric)([1, 2]) for metric in (min, max)], [2, 4])

        def helped_by(k):
            def helper(x, k=k):
                return x + k

            @kal.memo(version=1)
            def helped(x):
                return helper(x)
            return helped

        self.assertEqual([helped_by(k)(1) for k in (1, 2)], [2, 3])

        def local_class(metric):
            class Local:
                def score(self, values):
                    return metric(values)

            @kal.memo(version=1)
            def used(values):
                return Local().score(values)
            return used

        self.assertEqual([local_class(metric)([1, 2]) for metric in (min, max)], [1, 2])

        def many(n):   # each uses the two before
            def f0(x): return x
            def f1(x): return f0(x)
            made = [f0, f1]
            for _ in range(n):
                def make(a, b):
                    def f(x): return a(x) + b(x)
                    return f
                made.append(make(made[-1], made[-2]))
            last = made[-1]

            @kal.memo(version=1)
            def top(x):
                return last(x)
            return top

        top = many(20)
        self.assertEqual(len(top.key(1)), 32)
        self.assertEqual(len(memoize._Around(top.__wrapped__).entries), 23)   # each once: top, 20, and the two they begin with

    def test_face_of_a_method(self):
        kept = Scaled(3).kept
        self.assertEqual((kept.name, kept.version, kept.__name__, kept.__wrapped__), ("test_memo_names.Scaled.scale", 1, "scale", Scaled.scale))
        self.assertEqual(str(inspect.signature(kept)), "(x)")
        self.assertIn("version 1", repr(kept))
        one, other = (kal.memo(version=1)(kind.name_of) for kind in (Named, Renamed))
        self.assertEqual((one(1), other(1)), ("Named", "Renamed"))
        self.assertEqual(kal.memo(version=1)(Static())(4), 8)

    def test_what_is_not_set_yet(self):
        @kal.memo(version=1)
        def later(x):
            return x + k

        with self.assertRaisesRegex(TypeError, "'k' .*not set yet"):
            later(1)
        k = 1
        with self.assertRaisesRegex(TypeError, "'k' .*make it an argument"):
            later(1)

    def test_flags_and_records(self):
        self.assertEqual([number(p) for p in (Permission(0), Permission(8), Permission.R, Permission.R | Permission.W)], [0, 8, 4, 6])
        self.assertEqual([attribute(Given(1, seed), "random") for seed in (5, 6)], [35, 42])
        self.assertEqual([attribute(More(1, b), "b") for b in (2, 3)], [2, 3])
        one = More(1, 2)
        key = same.key(one)
        self.assertEqual((one.slow, same.key(one)), (3, key))
        self.assertEqual([attribute(Slotted(1, c), "c") for c in (2, 3)], [2, 3])
        self.assertEqual(attribute(Generics[int](4), "a"), 4)
        self.assertEqual(len(kal.ParamDict(p=Large.MOST).key), 32)

    def test_names_of_files_that_are_no_text(self):
        self.assertEqual([same(name) for name in ("\udcff", "\udcfe", "é")], ["\udcff", "\udcfe", "é"])
        self.assertNotEqual(kal.ParamDict(n="\udcff").key, kal.ParamDict(n="\udcfe").key)
        with self.assertRaisesRegex(ValueError, "no Unicode"):
            kal.ParamDict({"\udcff": 1})

    def test_a_file_that_changes_meanwhile(self):
        with tempfile.TemporaryDirectory() as folder, kal.options(memo_dir=os.path.join(folder, "memo")):
            path = pathlib.Path(folder, "x.txt")
            path.write_text("one")
            with self.assertRaisesRegex(kal.ChangedError, "text_of: a file that it was given changed"):
                text_of(path, "two!")
            path.write_text("one")
            self.assertEqual(text_of(path, ""), "one")
            path.write_text("three")
            self.assertEqual(taken(path), "three")
            self.assertFalse(path.exists())

    def test_a_folder_that_went(self):
        with tempfile.TemporaryDirectory() as folder:
            memo = os.path.join(folder, "memo")
            with kal.options(memo_dir=memo):
                same(1)
            shutil.rmtree(memo)
            with kal.options(memo_dir=memo):
                same(2)
            self.assertTrue(os.listdir(memo))


SCRIPT = """
import dataclasses, enum, multiprocessing, kallitype as kal
class Mode(enum.Enum): FAST = 1
@dataclasses.dataclass
class Config: a: int
@kal.memo(version=1)
def fn(x): return x
def keys(_): return fn.key(1), kal.ParamDict(c=Config(1)).key, kal.ParamDict(c=Mode.FAST).key
if __name__ == "__main__":
    print(*keys(0))
    for how in ("spawn", "fork"):
        with multiprocessing.get_context(how).Pool(1) as pool:
            print(*pool.map(keys, [0])[0])
"""


class Processes(unittest.TestCase):
    def test_workers(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "job.py")
            pathlib.Path(path).write_text(SCRIPT)
            lines = subprocess.run([sys.executable, path], check=True, capture_output=True, text=True).stdout.split("\n")
            self.assertEqual(lines, [lines[0]] * 3 + [""])

    def test_what_has_no_file(self):
        """Two notebooks, with one memo."""
        with tempfile.TemporaryDirectory() as folder:
            for word in ("one", "two", "one"):
                text = f"import kallitype as kal\n@kal.memo(version=1)\ndef f(x): return {word!r}\nprint(f(1))\n"
                done = subprocess.run([sys.executable, "-"], input=text, check=True, capture_output=True, text=True, env={**os.environ, "KAL_MEMO_DIR": folder})
                self.assertEqual(done.stdout, word + "\n")


if __name__ == "__main__":
    unittest.main()
