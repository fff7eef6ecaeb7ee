# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""How requests run: options, progress, cancelling, interrupts, threads, forks, asyncio. Times here are bounds against hanging, no measures."""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import unittest
import warnings
from collections.abc import Iterator

import kallitype as kal
from support import Case, needs_torch, picture, pixels


def resident() -> int:
    """Bytes of this process that are in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def long_work(seed: int = 1) -> kal.Image:
    """Minutes of it."""
    return picture(600, 800, seed=seed).resize(12000, 9000).median_filter(60)


def in_child(seed: int) -> int:
    return len(picture(seed=seed).gaussian(2).encode("png"))


class Options(Case):
    def test_they_nest_and_end(self) -> None:
        self.assertEqual(kal.settings.current()[0], 0)
        with kal.options(threads=2):
            with kal.options(max_memory="64M"):
                self.assertEqual(kal.settings.current()[:2], (2, 64 << 20))
            self.assertEqual(kal.settings.current()[:2], (2, 0))
        self.assertEqual(kal.settings.current()[:2], (0, 0))

        @kal.options(threads=3)
        def inner() -> int:
            return kal.settings.current()[0]

        self.assertEqual((inner(), kal.settings.current()[0]), (3, 0))

    def test_wrong_ones(self) -> None:
        with self.assertRaisesRegex(TypeError, "no option 'treads'"):
            kal.options(treads=2)
        with self.assertRaisesRegex(ValueError, "no size"):
            kal.options(max_memory="64 monkeys")
        with self.assertRaisesRegex(ValueError, "auto, always or never"):
            kal.options(memo_mode="sometimes")

    def test_sizes_are_read_strictly(self) -> None:
        class Whole:   # as NumPy's are
            def __index__(self) -> int:
                return 20480

        sizes = {"20K": 20480, "1.5MiB": 1572864, "12B": 12, "1e3": 1000, ".5k": 512, " 2g ": 2 << 30, "0": 0}
        for text, size in sizes.items():
            self.assertEqual(kal.settings.size(text), size, text)
        self.assertEqual((kal.settings.size(7), kal.settings.size(Whole())), (7, 20480))
        for wrong in ("20X", "-5K", "0.5", "0.0001K", "inf", "1e400", "nan", "1_0K", "\uff12K", "20 K", "20iB", "K", "", "\ud800", True, 2.5, -3, None, 10**18 + 1, 2**64 + 1):
            with self.assertRaisesRegex(ValueError, "no size", msg=repr(wrong)):
                kal.settings.size(wrong)
            if not isinstance(wrong, type(None)):
                with self.assertRaisesRegex(ValueError, "no size", msg=repr(wrong)):
                    kal.options(memo_dir=self.path("memo"), memo_size=wrong)
            for name in ("limit", "size"):   # 2^64 + 1 was one byte
                with self.assertRaisesRegex(ValueError, "no size", msg=repr(wrong)):
                    kal.Memo(**{name: wrong})
        with self.assertRaisesRegex(ValueError, "no size"):   # it was no bound at all
            picture(20, 30).optimize(max_bytes="0.5", formats=["jpeg"])

    def test_variables_are_read_strictly(self) -> None:
        code = "import kallitype as kal; kal.sample(width=20, height=10).encode('.ppm')"
        for name, wrong, said in (("KAL_THREADS", "300", "workers"), ("KAL_THREADS", "2K", "workers"), ("KAL_MAX_MEMORY", "lots", "no size"),
                                  ("KAL_MEMO_SIZE", "5X", "no size")):   # it was no bound at all
            env = {**os.environ, "KAL_MEMO_DIR": self.path("memo"), name: wrong}
            done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
            self.assertRegex(done.stderr, f"{name}={wrong} is (no|not a) .*{said.split()[-1]}", name)
            self.assertEqual(done.returncode != 0, name != "KAL_MEMO_SIZE")   # without the folder it goes on, warned
        self.assertFalse(os.path.exists(self.path("memo")))

    def test_memory_is_a_bound(self) -> None:
        with kal.options(max_memory="1M"), self.assertRaises(kal.LimitError) as e:
            picture(600, 800).resize(3000, 2000).turn(how="right").encode("png")
        self.assertIsInstance(e.exception, ValueError)

    def test_threads_change_nothing(self) -> None:
        img = picture(300, 400).gaussian(5).resize(250, 180)
        results = set()
        for n in (1, 2, 3, 8):
            with kal.options(threads=n, memo_mode="never"):
                results.add(bytes(pixels(img)))
        self.assertEqual(len(results), 1)

    def test_a_folder(self) -> None:
        code = textwrap.dedent("""
            import sys; sys.path.insert(0, sys.argv[1])
            from support import kal, picture
            with kal.options(memo_dir=sys.argv[2], memo_mode="always"):
                print(kal._kal.stats(picture(200, 300).gaussian(20))["computed_tiles"])
        """)
        counts = [int(subprocess.run([sys.executable, "-c", code, os.path.dirname(os.path.abspath(__file__)), self.path("memo")], check=True,
                                     capture_output=True, text=True).stdout) for _ in range(2)]
        self.assertGreater(counts[0], 0)
        self.assertEqual(counts[1], 0)

    def test_only_what_is_known(self) -> None:
        img = picture(seed=77).gaussian(7)
        with kal.options(only_known=True), self.assertRaises(kal.MissingError):
            img.raw()


class Progress(Case):
    def test_it_is_told(self) -> None:
        seen: list[tuple[int, int]] = []
        with kal.options(progress=lambda done, total: seen.append((done, total)), memo_mode="never"):
            picture(900, 900).gaussian(9).encode("png")
        self.assertEqual(seen[-1][0], seen[-1][1])
        self.assertEqual([d for d, _ in seen], sorted(d for d, _ in seen))

    def test_what_it_raises_comes_out(self) -> None:
        def stop(done: int, total: int) -> None:
            raise KeyError("enough")

        with self.assertRaisesRegex(KeyError, "enough"), kal.options(progress=stop, memo_mode="never"):
            picture(900, 900).gaussian(9).encode("png")

    def test_warnings(self) -> None:
        img = picture()
        img.save(self.path("a.png"))
        with open(self.path("a.png"), "rb") as file:
            cut = file.read()[:3000]
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            kal.open(cut, lenient=True).raw()
        self.assertEqual(len(told), 1)


class Cancelling(Case):
    def test_from_another_thread(self) -> None:
        cancel = kal.Cancel()
        threading.Timer(0.2, cancel.set).start()
        with kal.options(cancel=cancel), self.assertRaises(kal.CancelledError):
            long_work().encode("png")

    def test_deadline(self) -> None:
        with kal.options(deadline=0.1), self.assertRaises(TimeoutError):
            long_work().encode("png")

    def test_task(self) -> None:
        async def main() -> float:
            task = asyncio.create_task(long_work().aencode("png"))
            await asyncio.sleep(0.2)
            began = time.monotonic()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            return time.monotonic() - began

        self.assertLess(asyncio.run(main()), 5)

    def test_await(self) -> None:
        async def main() -> bytes:
            await picture().asave(self.path("a.png"))
            return await picture().aencode("png")

        data = asyncio.run(main())
        with open(self.path("a.png"), "rb") as file:
            self.assertEqual(file.read(), data)

    def test_interrupt(self) -> None:
        target = self.path("a.png")
        timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
        timer.start()
        with self.assertRaises(KeyboardInterrupt):
            long_work().save(target)
        timer.join()
        self.assertEqual(self.left(), [])
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)

    def test_a_handler_that_goes_on(self) -> None:
        told: list[int] = []
        before = signal.signal(signal.SIGINT, lambda *_: told.append(1))
        try:
            timer = threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGINT))
            timer.start()
            with kal.options(memo_mode="never"):
                data = picture(600, 800).resize(2400, 1800).gaussian(9).resize(60, 40).encode("png")
            timer.join()
        finally:
            signal.signal(signal.SIGINT, before)
        self.assertEqual(told, [1])
        self.assertEqual(data, picture(600, 800).resize(2400, 1800).gaussian(9).resize(60, 40).encode("png"))

    def test_a_handler_that_goes_on_writes_nothing_twice(self) -> None:
        work = picture(600, 800).resize(12000, 9000).median_filter(20)
        calls: list[str] = []
        buffer = io.BytesIO()
        target = kal.Target(lambda b: calls.append("write") or len(b), end=lambda: calls.append("end"), abort=lambda: calls.append("abort"))
        album = kal.album(io.BytesIO(), format="tiff")
        before = signal.signal(signal.SIGINT, lambda *_: None)
        try:
            with kal.options(memo_mode="never"), open(self.path("fd.ppm"), "wb") as file:
                for save in (lambda: work.save(buffer, format="ppm"), lambda: work.save(target, format="ppm"), lambda: album.add(work),
                             lambda: work.save(file.fileno(), format="ppm")):
                    timer = threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGINT))
                    timer.start()
                    try:
                        with self.assertRaisesRegex(kal.CancelledError, "cannot be taken back"):
                            save()
                    finally:
                        timer.join()
        finally:
            signal.signal(signal.SIGINT, before)
        self.assertNotIn("end", calls)
        self.assertEqual(calls[-1], "abort")
        self.assertLess(len(buffer.getvalue()), 12000 * 9000 * 3)

    def test_a_cancel_of_ones_own_stops_a_task(self) -> None:
        async def main() -> float:
            cancel = kal.Cancel()
            with kal.options(cancel=cancel):
                task = asyncio.create_task(long_work(2).asave(self.path("task.png")))
                await asyncio.sleep(0.2)
                began = time.monotonic()
                cancel.set()
                with self.assertRaises(kal.CancelledError):
                    await task
            return time.monotonic() - began

        self.assertLess(asyncio.run(main()), 5)
        self.assertEqual(self.left(), [])

    def test_one_object_of_options_in_two_tasks(self) -> None:
        same = kal.options(deadline=50)
        seen: list[float] = []

        async def one(first: float, second: float) -> None:
            await asyncio.sleep(first)
            with same:
                with kal.options(deadline=first + 1), same:
                    await asyncio.sleep(second)
                    seen.append(kal.settings.current()[2])
            self.assertEqual(kal.settings.current()[2], 0)

        async def main() -> None:
            await asyncio.gather(one(0.01, 0.1), one(0.05, 0.01), one(0, 0.02))

        asyncio.run(main())
        self.assertEqual(seen, [50, 50, 50])

    def test_options_left_out_of_order(self) -> None:
        def under(threads: int) -> Iterator[int]:
            with kal.options(threads=threads):
                yield kal.settings.current()[0]

        first, second = under(2), under(5)
        self.assertEqual((next(first), next(second)), (2, 5))
        with kal.options(threads=3):
            first.close()
            self.assertEqual(kal.settings.current()[0], 3)
            second.close()
            self.assertEqual(kal.settings.current()[0], 3)
        self.assertEqual(kal.settings.current()[0], 0)

    def test_one_cancel_of_many(self) -> None:
        cancel = kal.Cancel()
        began = threading.Barrier(101)

        def ask() -> None:
            with kal.options(cancel=cancel):
                began.wait()
                for _ in range(3):
                    pixels(picture().invert())

        threads = [threading.Thread(target=ask) for _ in range(100)]
        for thread in threads:
            thread.start()
        began.wait()
        for thread in threads:
            thread.join()

    def test_progress_that_raises_keeps_nothing(self) -> None:
        img = picture(600, 800).gaussian(1).memo("always")
        pixels(img)

        def stop(done: int, total: int) -> None:
            raise ValueError("no")

        before = resident()
        for _ in range(100):
            with kal.options(progress=stop), self.assertRaisesRegex(ValueError, "no"):
                memoryview(img)
        self.assertLess(resident() - before, 60 << 20)   # each has 1.4 MB

    def test_opening_is_given_up(self) -> None:
        def slow(n: int) -> bytes:
            time.sleep(2)
            return b""

        os.mkfifo(self.path("nobody.png"))
        text = f'load "{self.path("nobody.png")}"'
        for ask in (lambda: kal.open(kal.Source(slow)), lambda: kal.parse(text), lambda: kal.run(text + " | save x.png")):
            began = time.monotonic()
            with kal.options(deadline=0.2), self.assertRaises(TimeoutError):
                ask()
            self.assertLess(time.monotonic() - began, 1.5)
            cancel = kal.Cancel()
            threading.Timer(0.2, cancel.set).start()
            with kal.options(cancel=cancel), self.assertRaises(kal.CancelledError):
                ask()

    def test_a_path_with_a_nul(self) -> None:
        img = picture()
        nul = self.path("a\0.png")
        for ask in (lambda: img.save(nul), lambda: img.save(os.fsencode(nul)), lambda: kal.album(self.path("a\0.gif")), lambda: kal.Memo(folder=self.path("m\0")),
                    lambda: kal.save_all([(img, nul)]), lambda: kal.parse(path=nul), lambda: kal.options(memo_dir=self.path("m\0"))):
            with self.assertRaisesRegex(ValueError, "null"):
                ask()
        with kal.options(spill=self.path("s\0")), self.assertRaisesRegex(ValueError, "null"):
            img.encode("png")
        self.assertEqual(self.left(), [])

    def test_a_raw_file_that_would_block(self) -> None:
        read, write = os.pipe()
        os.set_blocking(write, False)
        with os.fdopen(read, "rb"), open(write, "wb", buffering=0) as raw, self.assertRaisesRegex(kal.Error, "would block"):
            picture(600, 800).save(raw, format="ppm")

    def test_interrupt_in_a_function_of_ones_own(self) -> None:
        def read(n: int) -> bytes:
            raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            kal.open(kal.Source(read))


class Processes(Case):
    def test_forks_during_a_request(self) -> None:
        stop = threading.Event()

        def work() -> None:
            while not stop.is_set():
                with kal.options(memo_mode="never"):
                    picture(300, 400).gaussian(3).encode("png")

        threads = [threading.Thread(target=work) for _ in range(2)]
        for t in threads:
            t.start()
        bad = []
        for i in range(60):
            pid = os.fork()
            if pid == 0:
                signal.alarm(20)   # who hangs is killed, and counted
                os._exit(0 if in_child(i) > 100 else 1)
            status = os.waitpid(pid, 0)[1]
            if status:
                bad.append(status)
        stop.set()
        for t in threads:
            t.join()
        self.assertEqual(bad, [])

    def test_every_way_to_start_one(self) -> None:
        want = [in_child(i) for i in range(6)]
        for way in ("fork", "spawn", "forkserver"):
            with self.subTest(way), multiprocessing.get_context(way).Pool(2) as pool:
                self.assertEqual(pool.map_async(in_child, range(6)).get(60), want)

    @needs_torch
    def test_data_loader(self) -> None:
        from torch.utils.data import DataLoader

        for way in ("fork", "spawn", "forkserver"):
            loader = DataLoader(Pictures(), batch_size=4, num_workers=4, multiprocessing_context=way, timeout=60)
            self.assertEqual(sum(len(b) for b in loader), 32, way)


class Pictures:
    def __len__(self) -> int:
        return 32

    def __getitem__(self, i: int):   # noqa: ANN204
        return picture(seed=i + 1).gaussian(1).tensor()


if __name__ == "__main__":
    unittest.main()
