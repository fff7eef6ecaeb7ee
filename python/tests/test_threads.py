# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Many threads at what the extension shares between them; with the interpreter's lock, and in one that has none without it."""

from __future__ import annotations

import io
import os
import pickle
import signal
import sys
import sysconfig
import threading
import unittest
import warnings
from collections.abc import Callable

import kallitype as kal
from support import Case, picture, pixels, read, samples

THREADS = 8


def together(work: Callable[[int], None], threads: int = THREADS) -> None:
    """Runs work(0), work(1) … at once; the first exception is raised."""
    failed: list[BaseException] = []
    barrier = threading.Barrier(threads)

    def run(i: int) -> None:
        try:
            barrier.wait()
            work(i)
        except BaseException as e:
            failed.append(e)

    all_threads = [threading.Thread(target=run, args=(i,)) for i in range(threads)]
    for thread in all_threads:
        thread.start()
    for thread in all_threads:
        thread.join()
    if failed:
        raise failed[0]


calls: list[int] = []


@kal.memo(version="1")
def doubled(image: kal.Image, n: int) -> int:
    calls.append(n)
    return 2 * n


class Together(Case):
    def test_the_lock_is_not_wanted(self) -> None:
        if not sysconfig.get_config_var("Py_GIL_DISABLED"):
            self.skipTest("this interpreter has a lock")
        self.assertFalse(sys._is_gil_enabled())  # type: ignore[attr-defined]

    def test_bytes_and_their_pickles(self) -> None:
        data = [picture(20 + i, 30, seed=i).encode(".png") for i in range(4)]
        keys = [kal.open(d).key for d in data]

        def work(i: int) -> None:
            for k in range(60):
                mine = bytes(bytearray(data[(i + k) % 4]))
                image = kal.open(mine)
                self.assertEqual(image.key, keys[(i + k) % 4])
                self.assertEqual(pickle.loads(pickle.dumps(image.invert())), image.invert())

        together(work)

    def test_each_has_its_own_exceptions(self) -> None:
        class Mine(Exception):
            pass

        def work(i: int) -> None:
            for k in range(40):
                def fails(n: int) -> bytes:
                    raise Mine(f"{i} {k}")

                with self.assertRaises(kal.CallbackError) as caught:
                    kal.open(kal.Source(fails))
                cause = caught.exception.__cause__
                self.assertIsInstance(cause, Mine)
                self.assertEqual(str(cause), f"{i} {k}")

        together(work)

    def test_one_cancel_for_all(self) -> None:
        image = picture(300, 400)

        def work(i: int) -> None:
            for _ in range(10):
                cancel = shared[0]
                try:
                    with kal.options(cancel=cancel, memo_mode="never"):
                        image.gaussian(9).raw()
                except kal.CancelledError:
                    continue
                if not i:
                    cancel.set()
                    shared[0] = kal.Cancel()

        shared = [kal.Cancel()]
        together(work)

    def test_pages_of_one_walk(self) -> None:
        path = self.path("a.tif")
        with kal.album(path) as album:
            for i in range(40):
                album.add(picture(5, 7, seed=i))
        keys = [kal.open(path, page=i).key for i in range(40)]
        for closing in (False, True):
            walk, seen = kal.pages(path), []

            def work(i: int) -> None:
                while True:
                    try:
                        if closing and not i and len(seen) > 10:
                            walk.close()
                            return
                        seen.append(next(walk).key)
                    except StopIteration:
                        return
                    except ValueError as e:
                        self.assertIn("at work", str(e))

            together(work, 4)
            self.assertEqual(len(seen), len(set(seen)))
            self.assertLessEqual(set(seen), set(keys))
            if not closing:
                self.assertEqual(set(seen), set(keys))

    def test_an_album_takes_one_at_a_time(self) -> None:
        out = io.BytesIO()
        album = kal.album(out, format="tiff")
        added = []

        def work(i: int) -> None:
            for k in range(10):
                while True:
                    try:
                        album.add(picture(5, 7, seed=100 * i + k))
                        break
                    except ValueError as e:
                        self.assertIn("at work", str(e))
                added.append(i)

        together(work)
        album.finish()
        self.assertEqual(len(list(kal.pages(out.getvalue()))), len(added))
        self.assertEqual(len(added), 10 * THREADS)

    def test_ops_and_results(self) -> None:
        path = self.path("p.png")
        picture(90, 120, seed=3).save(path)
        want = pixels(kal.open(path).gaussian(2).resize(width=50))

        def work(i: int) -> None:
            for k in range(15):
                image = kal.open(path).gaussian(2).resize(width=50)
                self.assertEqual(pixels(image), want)
                view = memoryview(image.crop(x=k, y=i, width=9, height=9))
                self.assertEqual(view.shape, (9, 9, 3))
                name = self.path(f"{i}.{k}.png")
                image.save(name)
                self.assertEqual(kal.open(read(name)).content(), image.content())

        together(work)

    def test_functions_that_are_kept(self) -> None:
        calls.clear()
        image = picture(12, 10, seed=5)

        def work(i: int) -> None:
            for n in range(12):
                self.assertEqual(doubled(image, n), 2 * n)

        together(work)
        self.assertEqual(sorted(calls), list(range(12)))

    def test_children_pickle(self) -> None:
        data = picture(30, 40).encode(".png")
        image, done = kal.array(samples(4, 5, 1)), threading.Event()

        def opens() -> None:
            while not done.is_set():
                kal.open(bytes(bytearray(data)))

        threads = [threading.Thread(target=opens) for _ in range(3)]
        for thread in threads:
            thread.start()
        bad = 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            for _ in range(20):
                child = os.fork()
                if not child:
                    signal.alarm(20)
                    try:
                        pickle.dumps(image)
                        os._exit(1)
                    except pickle.PicklingError:
                        os._exit(0)
                bad += os.waitpid(child, 0)[1] != 0
        done.set()
        for thread in threads:
            thread.join()
        self.assertEqual(bad, 0)

    def test_a_canvas_of_many_hands(self) -> None:
        canvas = kal.Canvas(THREADS * 10, 50)
        rows = memoryview(canvas)

        def work(i: int) -> None:
            for y in range(10 * i, 10 * i + 10):
                for x in range(50):
                    rows[y, x] = i

        together(work)
        rows.release()
        image = canvas.freeze()
        self.assertEqual(bytes(image.raw()), b"".join(bytes([i]) * 500 for i in range(THREADS)))


if __name__ == "__main__":
    unittest.main()
