# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Objects that have an image whose bytes their own methods give, or an album that they take: they go when nothing else has them, and nothing goes that
somebody has."""

from __future__ import annotations

import copy
import functools
import gc
import io
import sys
import sysconfig
import threading
import unittest
import weakref
from typing import Any

import kallitype as kal
from support import Case, picture, pixels

NO_LOCK = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def encoded(seed: int) -> bytes:
    return picture(40, 30, seed=seed).encode("png")


class Holder:
    """Has its bytes and an image of them, which it gives itself."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.closed = data, 0, 0
        self.img = kal.open(kal.Source(self.read, self.seek, self.size, self.close))
        self.more: Any = None

    def read(self, n: int) -> bytes:
        out = self.data[self.at:self.at + n]
        self.at += len(out)
        return out

    def seek(self, at: int) -> None:
        self.at = at

    def size(self) -> int:
        return len(self.data)

    def close(self) -> None:
        self.closed += 1


class Told(Holder):
    """Says when it was closed, and that it was whole then."""

    closings: list[int] = []

    def close(self) -> None:
        Told.closings.append(len(self.data))


@unittest.skipIf(NO_LOCK, "an interpreter without its lock keeps them")
class Freed(Case):
    def gone(self, make: Any) -> None:
        """What make(holder) puts into the holder keeps it no longer than anything else does."""
        holder = Holder(encoded(1))
        make(holder)
        ref = weakref.ref(holder)
        before = kal._kal.node_count()
        del holder
        gc.collect()
        self.assertIsNone(ref())
        self.assertLess(kal._kal.node_count(), before)

    def test_an_image_of_its_own(self) -> None:
        self.gone(lambda h: None)

    def test_a_derived_one_alone(self) -> None:
        def derive(h: Holder) -> None:
            h.img = h.img.resize(10, 10).gaussian(2)

        self.gone(derive)

    def test_many(self) -> None:
        def derive(h: Holder) -> None:
            h.more = [h.img, h.img.invert(), h.img.resize(9, 9), h.img.mean(), h.img.encoded("png"), h.img.resize, copy.deepcopy(h.img)]

        self.gone(derive)

    def test_computed(self) -> None:
        def compute(h: Holder) -> None:
            pixels(h.img.gaussian(1))
            h.more = h.img.invert()
            pixels(h.more)

        self.gone(compute)

    def test_functions(self) -> None:
        """A circle without an object that has attributes."""
        file, around = io.BytesIO(encoded(2)), list[Any]()
        read = functools.partial(lambda around, n: file.read(n), around)
        around.append(kal.open(kal.Source(read, lambda at: file.seek(at) and None, lambda: len(file.getbuffer()))))
        ref = weakref.ref(read)
        del read, around
        gc.collect()
        self.assertIsNone(ref())

    def test_a_file_object(self) -> None:
        class File(io.BytesIO):
            img: Any

        file = File(encoded(7))
        file.img = kal.open(file).invert()
        ref = weakref.ref(file)
        del file
        gc.collect()
        self.assertIsNone(ref())

    def test_two_that_know_each_other(self) -> None:
        a, b = Holder(encoded(3)), Holder(encoded(4))
        a.more = b.more = a.img.blend(b.img)
        a.img, b.img = b.img, a.img
        refs = weakref.ref(a), weakref.ref(b)
        del a, b
        gc.collect()
        self.assertEqual([r() for r in refs], [None, None])

    def test_two_of_the_same_bytes(self) -> None:
        a, b = Holder(encoded(5)), Holder(encoded(5))
        self.assertEqual(a.img, b.img)
        refs = weakref.ref(a), weakref.ref(b)
        del a
        gc.collect()
        pixels(b.img.gaussian(3))
        del b
        gc.collect()
        self.assertEqual([r() for r in refs], [None, None])

    def test_closed_once_and_whole(self) -> None:
        Told.closings.clear()
        for seed in range(3):
            Told(encoded(seed))
        gc.collect()
        self.assertEqual(len(Told.closings), 3)
        self.assertTrue(all(Told.closings))

    def test_pages(self) -> None:
        holder = Holder(encoded(6))
        holder.more = kal._kal.Pages(holder.img)
        ref = weakref.ref(holder)
        del holder
        gc.collect()
        self.assertIsNone(ref())

    def test_memory_stays(self) -> None:
        for round in range(40):
            Holder(encoded(round % 2)).more = bytearray(100)
            gc.collect()
            if round == 5:
                before = kal._kal.node_count(), sum(isinstance(o, kal._kal.Node) for o in gc.get_objects())
        self.assertEqual((kal._kal.node_count(), sum(isinstance(o, kal._kal.Node) for o in gc.get_objects())), before)


class Albums(Case):
    class Writer:
        def __init__(self) -> None:
            self.written, self.told = bytearray(), list[str]()
            self.album = kal.album(kal.Target(self.write, self.end, self.abort), "tiff")

        def write(self, data: bytes) -> None:
            self.written += data

        def end(self) -> None:
            self.told.append("end")

        def abort(self) -> None:
            self.told.append("abort")

    def gone(self, finish: bool) -> list[str]:
        writer = self.Writer()
        told, ref = writer.told, weakref.ref(writer)
        writer.album.add(picture())
        if finish:
            writer.album.finish()
        del writer
        gc.collect()
        self.assertIsNone(ref())
        return told

    def test_finished(self) -> None:
        self.assertEqual(self.gone(True), ["end"])

    def test_left(self) -> None:
        self.assertEqual(self.gone(False), ["abort"])

    def test_one_that_somebody_has(self) -> None:
        album = self.Writer().album
        gc.collect()
        album.add(picture())
        album.finish()


class Kept(Case):
    def setUp(self) -> None:
        super().setUp()
        memo = kal.options(memo=kal.Memo(0))
        memo.__enter__()
        self.addCleanup(memo.__exit__, None, None, None)

    def same(self, img: Any, seed: int, op: Any = lambda i: i) -> None:
        self.assertEqual(bytes(pixels(img)), bytes(pixels(op(kal.open(encoded(seed))))))

    def test_two_objects_of_one_node(self) -> None:
        holder = Holder(encoded(11))
        other = holder.img.invert()._inputs[0]
        ref = weakref.ref(holder)
        del holder
        gc.collect()
        self.assertIsNotNone(ref())
        self.same(other, 11)
        self.assertEqual(ref().closed, 0)
        del other
        gc.collect()
        if not NO_LOCK:
            self.assertIsNone(ref())

    def test_a_derived_one(self) -> None:
        derived = Holder(encoded(12)).img.gaussian(2)
        gc.collect()
        self.same(derived, 12, lambda i: i.gaussian(2))

    def test_without_a_circle_it_is_closed_with_the_last(self) -> None:
        holder = Holder(encoded(13))
        derived, holder.img = holder.img.invert(), None
        gc.collect()
        self.assertEqual(holder.closed, 0)
        del derived
        self.assertEqual(holder.closed, 1)

    def test_the_same_bytes_elsewhere(self) -> None:
        """A node of two sources reads from either: it has the one that was opened last, whoever opened it."""
        a = Holder(encoded(14))
        mine = a.img
        b = Holder(encoded(14))
        derived = b.img.invert()
        del b
        gc.collect()
        self.same(mine.gaussian(1), 14, lambda i: i.gaussian(1))
        del a, mine
        gc.collect()
        self.same(derived, 14, lambda i: i.invert())

    def test_pages_of_it(self) -> None:
        album = self.path("a.tif")
        with kal.album(album) as out:
            for seed in (1, 2):
                out.add(picture(20, 10, seed=seed))
        with open(album, "rb") as f:
            holder = Holder(f.read())
        pages = kal._kal.Pages(holder.img)
        del holder
        gc.collect()
        first = next(pages)
        gc.collect()
        second = next(pages)
        del pages
        gc.collect()
        self.assertEqual(bytes(pixels(first)), bytes(pixels(picture(20, 10, seed=1))))
        del first
        gc.collect()
        self.assertEqual(bytes(pixels(second)), bytes(pixels(picture(20, 10, seed=2))))

    def test_brought_back(self) -> None:
        """A finalizer that keeps it: it was closed, and reads on."""
        back: list[Holder] = []

        class Phoenix(Holder):
            def __del__(self) -> None:
                back.append(self)

        Phoenix(encoded(15))
        gc.collect()
        if not NO_LOCK:
            self.same(back[0].img, 15)
            other = Holder(encoded(15))
            self.same(other.img.invert(), 15, lambda i: i.invert())
            back.clear()

    def test_texts_and_copies(self) -> None:
        holder = Holder(encoded(16))
        copied = copy.copy(holder.img)
        both = kal.open(encoded(16))   # the same key: one node
        self.assertEqual(both, copied)
        del holder, copied
        gc.collect()
        self.same(both, 16)

    def test_while_it_is_computed(self) -> None:
        """The collector runs all the time, images are opened, built, computed and let go of on two threads."""
        stop, failed = threading.Event(), []
        data = [encoded(seed) for seed in range(3)]
        right = [bytes(pixels(kal.open(d).resize(80, 60).invert())) for d in data]

        def collect() -> None:
            while not stop.is_set():
                gc.collect()

        def work(at: int) -> None:
            try:
                for i in range(40):
                    which = (at + i) % 3
                    img = Holder(data[which]).img.resize(80, 60)
                    if i % 2:
                        img = img.invert()._inputs[0]
                    if bytes(pixels(img.invert())) != right[which]:
                        failed.append(which)
            except Exception as e:
                failed.append(e)

        before = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        try:
            collector = threading.Thread(target=collect)
            workers = [threading.Thread(target=work, args=(i,)) for i in range(2)]
            collector.start()
            for t in workers:
                t.start()
            for t in workers:
                t.join()
        finally:
            stop.set()
            collector.join()
            sys.setswitchinterval(before)
        self.assertEqual(failed, [])


if __name__ == "__main__":
    unittest.main()
