# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What nobody should do, and somebody does: each is an error that says what, and nothing crashes, hangs or is left behind."""

from __future__ import annotations

import asyncio
import gc
import io
import itertools
import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest
import warnings
import weakref
import zlib
from typing import Any

import kallitype as kal
from support import Case, needs_numpy, picture, pixels


def interrupt_in(seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    return timer


class Albums(Case):
    def test_none_from_within(self) -> None:
        for what in ("abort", "finish"):
            album = kal.album(self.path("a.tif"))
            with self.assertRaisesRegex(ValueError, "at work"), kal.options(progress=lambda d, t: getattr(album, what)(), memo_mode="never"):
                album.add(picture(300, 400).gaussian(3))
            album.abort()
        self.assertEqual(self.left(), [])

    def test_one_thread_at_a_time(self) -> None:
        album, said = kal.album(self.path("a.tif")), []

        def add(i: int) -> None:
            try:
                album.add(picture(200, 300, seed=i + 1).gaussian(2 + i))
                said.append("added")
            except ValueError as e:
                said.append(str(e))

        threads = [threading.Thread(target=add, args=(i,)) for i in range(6)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(60)
        self.assertFalse(any(t.is_alive() for t in threads))
        album.finish()
        added = said.count("added")
        self.assertEqual(kal.open(self.path("a.tif")).info["pages"], added)
        self.assertTrue(all("at work" in s for s in said if s != "added"), said)
        with self.assertRaisesRegex(ValueError, "finished"):
            album.add(picture())

    def test_let_go_while_something_is_raised(self) -> None:
        told: list[int] = []

        def make() -> kal.album:
            album = kal.album(kal.Target(lambda b: None, abort=lambda: told.append(len([x for x in range(3)]))), format="tiff")
            album.add(picture())
            return album

        with self.assertRaises(TypeError):
            int(make())   # type: ignore[call-overload]
        gc.collect()
        self.assertEqual(told, [3])


class Options(Case):
    def test_types(self) -> None:
        for wrong in ({"cancel": "foo"}, {"cancel": threading.Event()}, {"memo": "foo"}, {"threads": "a"}, {"threads": True}, {"deadline": "5"},
                      {"progress": 5}, {"deadline": float("nan")}, {"threads": -1}):
            with self.subTest(wrong), self.assertRaisesRegex(TypeError, next(iter(wrong))):
                kal.options(**wrong)
        for wrong in ({"max_memory": 1.5}, {"max_memory": -1}, {"memo_dir": ""}, {"max_memory": None}):
            with self.subTest(wrong), self.assertRaises(ValueError):
                kal.options(**wrong)

    def test_one_object_for_many(self) -> None:
        shared, wrong = kal.options(threads=3), []

        def work() -> None:
            for _ in range(20):
                with shared:
                    if kal.settings.current()[0] != 3:
                        wrong.append(1)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual((wrong, kal.settings.current()[0]), ([], 0))

        @shared
        async def inside() -> int:
            return kal.settings.current()[0]

        self.assertEqual(asyncio.run(inside()), 3)
        with self.assertRaisesRegex(TypeError, "generator"):
            @shared
            def one_by_one():   # noqa: ANN202
                yield 1

    def test_a_cancel_is_for_many(self) -> None:
        cancel = kal.Cancel()
        with kal.options(cancel=cancel):
            pixels(picture(seed=31).gaussian(2))
            told: list[int] = []
            before = signal.signal(signal.SIGINT, lambda *_: told.append(1))
            try:
                timer = interrupt_in(0.05)
                pixels(picture(600, 800).resize(2400, 1800).gaussian(9).resize(60, 41))
                timer.join()
            finally:
                signal.signal(signal.SIGINT, before)
            self.assertEqual(told, [1])
            pixels(picture(seed=32).gaussian(2))   # an interrupt is not the cancel's
            cancel.set()
            with self.assertRaises(kal.CancelledError):
                pixels(picture(seed=33).gaussian(2))


class Waiting(Case):
    def stalled(self) -> str:
        server = socket.socket()
        server.bind(("127.0.0.1", 0))
        server.listen()
        self.addCleanup(server.close)
        return f"http://127.0.0.1:{server.getsockname()[1]}/a.png"

    def test_a_server_that_says_nothing(self) -> None:
        url = self.stalled()
        with kal.options(deadline=0.3), self.assertRaises(TimeoutError):
            kal.open(url)
        timer = interrupt_in(0.3)
        with self.assertRaises(KeyboardInterrupt):
            kal.open(url)
        timer.join()

    def test_a_pipe_that_says_nothing(self) -> None:
        r, w = os.pipe()
        self.addCleanup(os.close, w)
        self.addCleanup(os.close, r)
        with kal.options(deadline=0.3), self.assertRaises(TimeoutError):
            kal.open(r)
        timer = interrupt_in(0.3)
        with self.assertRaises(KeyboardInterrupt):
            kal.open(r)
        timer.join()

    def test_what_asks_for_itself(self) -> None:
        img = picture(seed=41)
        again: list[kal.Image] = []

        @kal.op("test.itself", version=1)
        def itself(tile: object) -> object:
            again[0].raw()
            return tile

        again.append(itself(img))
        with self.assertRaises(kal.CallbackError) as e:
            again[0].raw()
        self.assertIn("wait for itself", str(e.exception.__cause__))
        with self.assertRaisesRegex(RuntimeError, "wait for itself"), kal.options(progress=lambda d, t: img.gaussian(2.5).raw(), memo_mode="never"):
            img.gaussian(2.5).raw()


class Interrupts(Case):
    def test_those_of_others_stay_theirs(self) -> None:
        @kal.op("test.interrupted", version=1)
        def interrupted(tile: object) -> object:
            time.sleep(0.02)
            raise KeyboardInterrupt("op")

        with self.assertRaises(KeyboardInterrupt):
            interrupted(picture(600, 800)).raw()
        told: list[int] = []
        before = signal.signal(signal.SIGINT, lambda *_: told.append(1))
        try:
            timer = interrupt_in(0.05)
            picture(600, 800).resize(2400, 1800).gaussian(9).resize(60, 42).raw()
            timer.join()
        finally:
            signal.signal(signal.SIGINT, before)
        self.assertEqual(told, [1])


class Leaks(Case):
    def test_targets_that_raise(self) -> None:
        class Thing:
            pass

        things: list[weakref.ref[Thing]] = []
        for _ in range(20):
            thing = Thing()
            things.append(weakref.ref(thing))

            def write(data: bytes, thing: Thing = thing) -> int:
                raise ValueError

            with self.assertRaises(kal.CallbackError):
                picture().save(kal.Target(write), format="png")
            del thing, write
        gc.collect()
        self.assertEqual(sum(r() is not None for r in things), 0)


class Paths(Case):
    def test_any_bytes(self) -> None:
        path = self.path("a\udcff é.png")
        picture().save(path)
        img = kal.open(path)
        self.assertEqual(kal.parse(img.text), img)
        self.assertEqual(pickle.loads(pickle.dumps(img)), img)
        with kal.album(self.path("b\udcff.tif")) as album:
            album.add(img)
        with kal.options(memo_dir=self.path("m\udcff"), spill=self.path("")):
            pixels(img.gaussian(2).memo("always"))
        self.assertEqual(len(self.left()), 3)


class Shapes(Case):
    @needs_numpy
    def test_arrays(self) -> None:
        import numpy

        a = numpy.arange(2 * 50 * 3, dtype=numpy.uint8).reshape(2, 50, 3)
        self.assertEqual(pixels(kal.array(numpy.broadcast_to(a[:1], (40, 50, 3)))), numpy.broadcast_to(a[:1], (40, 50, 3)).tobytes())
        windows = numpy.lib.stride_tricks.sliding_window_view(numpy.arange(30, dtype=numpy.uint8), 10)
        self.assertEqual(pixels(kal.array(windows)), windows.tobytes())
        img, other = kal.array(a), 255 - a
        self.assertEqual(pixels(img + other), bytes([255]) * 300)
        self.assertEqual(pixels(other + img), bytes([255]) * 300)
        self.assertEqual(pixels(other - img), pixels(kal.array(other) - img))
        self.assertEqual((img > other).model, "mask")
        self.assertEqual(img[numpy.int64(1)], img[1])
        for wrong in (numpy.zeros((0, 5), numpy.uint8), numpy.zeros((5, 0, 3), numpy.uint8), numpy.zeros((2, 2, 65), numpy.uint8),
                      numpy.zeros((2, 2), ">u2"), numpy.zeros((2, 2), complex)):
            with self.assertRaises((ValueError, TypeError)):
                kal.open(wrong)

    def test_messages(self) -> None:
        for wrong in ((0, 0), (-1, 5), (4, 4, 0), (4, 4, 100)):
            with self.assertRaisesRegex(ValueError, "are no image"):
                kal.Canvas(*wrong)
        with self.assertRaisesRegex(TypeError, "fetch wants a Box"):
            picture().fetch("x")
        with self.assertRaises(TypeError):
            picture().save(True, format="png")
        for wrong in ({"halo": -5}, {"halo": 1 << 30}, {"channels": -1}, {"version": 0}):
            with self.assertRaises(ValueError):
                kal.op("test.wrong", **{"version": 1, **wrong})(lambda tile: tile)
        with self.assertRaisesRegex(ValueError, "32 bits"):
            kal.op("test.wrong", version=1)(lambda tile, *, n=1 << 40: tile)
        sized = kal.op("test.sized", version=1, whole=True, size=lambda width, height: [height, width])(lambda tile: tile)
        self.assertEqual(sized(picture()).shape, (60, 40, 3))
        nothing = kal.op("test.unsized", version=1, whole=True, size=lambda width, height: None)(lambda tile: tile)
        with self.assertRaises(kal.CallbackError):
            nothing(picture())

    def test_a_frozen_canvas(self) -> None:
        canvas = kal.Canvas(8, 8, 3)
        self.assertIn('"dltensor"', repr(canvas.__dlpack__()))
        canvas.freeze()
        with self.assertRaises(BufferError):
            canvas.__dlpack__(copy=False)

    def test_names_that_lie(self) -> None:
        found = picture(60, 80).gaussian(2).optimize(formats=["jpeg"], max_bytes="8K")
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            found.save(self.path("a.png"))
        self.assertIn("holds jpeg", str(told[0].message))
        self.assertLess(len(repr(found)), 800)


class Slow(io.RawIOBase):
    """Takes all, when it is let."""

    def __init__(self, wait: Any) -> None:
        self.wait = wait

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.wait()
        return len(data)


class EndsOfAlbums(Case):
    def test_the_end_is_left_and_the_target_stays(self) -> None:
        for _ in range(5):
            album = kal.album(Slow(lambda: time.sleep(0.3)), format="tiff")
            album.add(picture(50, 60))
            with kal.options(deadline=0.05), self.assertRaises(kal.DeadlineError):
                album.finish()
            del album
            gc.collect()
        time.sleep(0.5)

    def test_an_end_that_cannot_begin(self) -> None:
        path = self.path("a.tif")
        album = kal.album(path)
        album.add(picture(5, 6))
        with kal.options(spill=self.path("nul\0")), self.assertRaisesRegex(ValueError, "null byte"):
            album.finish()
        album.finish()
        self.assertEqual(kal.open(path).shape, (5, 6, 3))

    def test_a_handler_that_goes_on_keeps_the_file(self) -> None:
        seen: list[int] = []
        album = kal.album(Slow(lambda: time.sleep(0.4)), format="tiff")
        album.add(picture(50, 60))
        old = signal.signal(signal.SIGINT, lambda *_: seen.append(1))
        timer = interrupt_in(0.1)
        try:
            album.finish()
        finally:
            timer.join()
            signal.signal(signal.SIGINT, old)
        self.assertEqual(seen, [1])


class Known(Case):
    def test_a_dash_is_standard_input(self) -> None:
        code = ("import time, kallitype as kal\nopen('-', 'wb').write(kal.sample(width=20, height=10).encode('.png'))\ntime.sleep(2.3)\n"
                "kept = kal.open('./-')\nassert kal.open('./-') == kept\nprint(kal.open('-').width)")
        done = subprocess.run([sys.executable, "-c", code], cwd=self.path(""), input=kal.sample(width=77, height=10).encode(".png"), capture_output=True)
        self.assertEqual(done.stdout.strip(), b"77", done.stderr)

    def test_upright_or_as_it_lies(self) -> None:
        """What a file is known as is what was asked for, whichever was asked for first; one that lies upright is one picture."""
        plain = picture(12, 9).encode("png")
        lies = b"eXIf" + struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, 0x112, 3, 1, 6, 0, 0)
        lies = plain[:33] + struct.pack(">I", len(lies) - 4) + lies + struct.pack(">I", zlib.crc32(lies)) + plain[33:]
        for i in range(2):
            for name, data in ((f"plain{i}.png", plain), (f"lies{i}.png", lies)):
                with open(self.path(name), "wb") as file:
                    file.write(data)
        time.sleep(2.3)   # before that a file may be written to within the same tick, and is looked at each time
        for i, orders in enumerate(((True, False, True, False), (False, True, False, True))):
            held = []
            for upright in orders:
                held += [kal.open(self.path(f"plain{i}.png"), upright=upright), kal.open(self.path(f"lies{i}.png"), upright=upright)]
                self.assertEqual([image.shape for image in held[-2:]], [(12, 9, 3), (9, 12, 3) if upright else (12, 9, 3)])
            self.assertEqual(len({image.key for image in held[::2]}), 1)
            self.assertEqual(held[1::2], [kal.open(lies, upright=upright) for upright in orders])

    def test_lists_that_keep_nothing(self) -> None:
        class Passing(list):
            def __iter__(self):
                return (picture(12, 9, seed=70 + k) for k in range(3))

        class Emptying:
            def __fspath__(self) -> str:
                images[0] = None
                gc.collect()
                return path

        path = self.path("p.png")
        picture(12, 9).save(path)
        self.assertEqual(kal.band_join(Passing([1])).content_key(), kal.band_join([picture(12, 9, seed=70 + k) for k in range(3)]).content_key())
        images: list = [picture(12, 9), Emptying()]
        self.assertEqual(kal.band_join(images).channels, 6)

    def test_a_truth_that_cannot_be_told(self) -> None:
        class Neither:
            def __index__(self) -> int:
                return 1

            def __bool__(self) -> bool:
                raise ZeroDivisionError("neither")

        with self.assertRaises(ZeroDivisionError):
            picture(9, 9).resize(width=3, antialias=Neither())

    def test_files_that_others_take_the_place_of(self) -> None:
        path, stop = self.path("p.png"), threading.Event()
        ready = [picture(20 + k, 9).encode(".png") for k in range(2)]

        def replace() -> None:
            for k in itertools.cycle(range(2)):
                with open(path + ".new", "wb") as file:
                    file.write(ready[k])
                os.replace(path + ".new", path)
                if stop.is_set():
                    return

        picture(20, 9).save(path)
        thread = threading.Thread(target=replace)
        thread.start()
        try:
            failed = 0
            for _ in range(300):
                try:
                    self.assertIn(kal.open(path).height, (20, 21))
                except kal.ChangedError:
                    failed += 1
        finally:
            stop.set()
            thread.join()
        self.assertLess(failed, 10)   # each time it was looked at four times

    @unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
    def test_who_may_not_read_is_told(self) -> None:
        path = self.path("p.png")
        picture(5, 6).save(path)
        os.chmod(os.path.dirname(path), 0o755)
        os.chmod(path, 0o600)
        time.sleep(2.3)
        kept = kal.open(path)
        self.assertEqual(kal.open(path), kept)
        os.seteuid(65534)
        try:
            with self.assertRaises(PermissionError):
                kal.open(path)
        finally:
            os.seteuid(0)


if __name__ == "__main__":
    unittest.main()
