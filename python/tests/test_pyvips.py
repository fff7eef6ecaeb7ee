# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""pyvips' names: sources, targets, errors that arrive, progress, regions, operations; and programs written for it, run as they are."""

import contextlib
import io
import os
import sqlite3
import sys
import tempfile
import threading
import types
import unittest

import kallitype as kal
import kallitype.compat.pyvips as pyvips

try:
    import numpy as np
except ImportError:
    np = None

FORMATS = ("jpg", "png", "tif", "webp")


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scene = kal.sample("scene", width=240, height=180)
        cls.bytes = {f: scene.encode(f) for f in FORMATS}

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def file(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def same(self, a, b):
        self.assertEqual((a.width, a.height, a.bands, a.format), (b.width, b.height, b.bands, b.format))
        self.assertEqual(a.write_to_memory(), b.write_to_memory())

    def custom(self, data, seek=True, most=None):
        file, source = io.BytesIO(data), pyvips.SourceCustom()
        source.on_read(lambda size: file.read(size if most is None else min(size, most)))
        if seek:
            source.on_seek(file.seek)
        return source


class Sources(Case):
    def test_s1_custom_with_seek(self):
        for name, data in self.bytes.items():
            with self.subTest(name):
                image = pyvips.Image.new_from_source(self.custom(data), "")
                self.same(image, pyvips.Image.new_from_file(self.file("a." + name, data)))
                self.same(image, pyvips.Image.new_from_buffer(data, ""))

    def test_s2_custom_without_seek(self):
        for name, data in self.bytes.items():
            for access in ("random", "sequential"):
                with self.subTest(name=name, access=access):
                    image = pyvips.Image.new_from_source(self.custom(data, seek=False), "", access=access)
                    self.same(image, pyvips.Image.new_from_buffer(data, ""))

    def test_s3_a_byte_at_a_time(self):
        for seek in (True, False):
            image = pyvips.Image.new_from_source(self.custom(self.bytes["jpg"], seek, 1), "")
            self.same(image, pyvips.Image.new_from_buffer(self.bytes["jpg"], ""))

    def test_s4_broken_off(self):
        half = self.bytes["png"][:len(self.bytes["png"]) // 2]
        for seek in (True, False):
            with self.subTest(seek=seek):
                with self.assertRaisesRegex(pyvips.Error, f"ends at byte {len(half)}") as caught:
                    pyvips.Image.new_from_source(self.custom(half, seek), "").avg()
                self.assertEqual(caught.exception.status, "corrupt")
                whole = pyvips.Image.new_from_buffer(self.bytes["png"], "")
                for options in ({"fail_on": "none"}, {"fail": False}):
                    with self.assertWarnsRegex(UserWarning, "rows"):
                        part = pyvips.Image.new_from_source(self.custom(half, seek), "", **options).write_to_memory()
                    row = whole.width * 3
                    self.assertEqual(part[:60 * row], whole.write_to_memory()[:60 * row])
                    self.assertEqual(part[-row:], bytes(row))

    def test_s5_what_read_raises_is_the_cause(self):
        for after in (0, 1, 3):
            problem, calls = OSError("net"), []

            def read(size):
                calls.append(size)
                if len(calls) > after:
                    raise problem
                return self.bytes["png"][:100] if len(calls) == 1 else b"\0" * size

            source = pyvips.SourceCustom()
            source.on_read(read)
            with self.assertRaisesRegex(pyvips.Error, "net") as caught:
                pyvips.Image.new_from_source(source, "").avg()
            self.assertIs(caught.exception.__cause__, problem)
            self.assertEqual(caught.exception.status, "callback")

    def test_s5_later_on_and_in_seek(self):
        data = kal.sample("scene", width=240, height=180, seed=5).encode("jpg")   # whose pixels nobody has computed yet
        problem, armed, file = ValueError("moved"), [], io.BytesIO(data)

        def read(size):
            if armed:
                raise problem
            return file.read(size)

        source = pyvips.SourceCustom()
        source.on_read(read)
        source.on_seek(file.seek)
        image = pyvips.Image.new_from_source(source, "")
        armed.append(True)
        target = self.path("out.png")
        with self.assertRaisesRegex(pyvips.Error, "moved") as caught:
            image.write_to_file(target)
        self.assertIs(caught.exception.__cause__, problem)
        self.assertEqual(os.listdir(self.folder), [])
        armed.clear()
        self.same(image, pyvips.Image.new_from_buffer(data, ""))   # the failure was not kept

        def seek(offset, whence):
            raise problem

        source.on_seek(seek)
        with self.assertRaises(pyvips.Error) as caught:
            pyvips.Image.new_from_source(source, "")
        self.assertIs(caught.exception.__cause__, problem)

    def test_s6_more_than_asked_is_kept(self):
        for piece in (1, 777, 8192, 1 << 20):
            chunks = (self.bytes["jpg"][i:i + piece] for i in range(0, len(self.bytes["jpg"]), piece))
            source = pyvips.SourceCustom()
            source.on_read(lambda size: next(chunks, b""))
            self.same(pyvips.Image.new_from_source(source, ""), pyvips.Image.new_from_buffer(self.bytes["jpg"], ""))
        file, source = io.BytesIO(self.bytes["tif"]), pyvips.SourceCustom()
        source.on_read(lambda size: file.read(size + 1000))
        source.on_seek(file.seek)   # what was left over is not what is read then
        self.same(pyvips.Image.new_from_source(source, ""), pyvips.Image.new_from_buffer(self.bytes["tif"], ""))

    def test_s6_what_is_no_bytes(self):
        for wrong in ("text", 7, ["x"]):
            source = pyvips.SourceCustom()
            source.on_read(lambda size: wrong)
            with self.assertRaisesRegex(pyvips.Error, "read of source_custom raised TypeError"):
                pyvips.Image.new_from_source(source, "")
        for wrong in (None, "0", 1.5):
            source = self.custom(self.bytes["png"])
            source.on_seek(lambda offset, whence: wrong)
            with self.assertRaisesRegex(pyvips.Error, "seek gives the new position"):
                pyvips.Image.new_from_source(source, "")
        source = pyvips.SourceCustom()
        with self.assertRaisesRegex(pyvips.Error, "on_read"):
            pyvips.Image.new_from_source(source, "")
        source.on_read(lambda size: None)
        with self.assertRaisesRegex(pyvips.Error, "empty"):
            pyvips.Image.new_from_source(source, "")
        for kind in (bytearray, memoryview):
            file, source = io.BytesIO(self.bytes["png"]), pyvips.SourceCustom()
            source.on_read(lambda size: kind(file.read(size)))
            self.same(pyvips.Image.new_from_source(source, ""), pyvips.Image.new_from_buffer(self.bytes["png"], ""))

    def test_s7_seek_that_cannot(self):
        for name, data in self.bytes.items():
            source = self.custom(data)
            source.on_seek(lambda offset, whence: -1)
            self.same(pyvips.Image.new_from_source(source, ""), pyvips.Image.new_from_buffer(data, ""))

    def test_s7_seeks_are_absolute(self):
        file, source, asked = io.BytesIO(self.bytes["tif"]), self.custom(self.bytes["tif"]), []

        def seek(offset, whence):
            asked.append((offset, whence))
            return file.seek(offset, whence)

        source.on_read(file.read)
        source.on_seek(seek)
        pyvips.Image.new_from_source(source, "").avg()
        self.assertEqual(asked[:3], [(0, 1), (0, 2), (0, 0)])
        self.assertEqual({whence for _, whence in asked[3:]}, {0})

    def test_s8_a_stream_without_end(self):
        front = self.bytes["png"][:33]
        source, count = pyvips.SourceCustom(), [0]

        def read(size):
            count[0] += size
            return front if count[0] == size else b"\0" * size

        source.on_read(read)
        kal._kal.set_limits("file_bytes=1000000", False)
        try:
            with self.assertRaises(pyvips.Error) as caught:
                pyvips.Image.new_from_source(source, "").avg()
        finally:
            kal._kal.set_limits(f"file_bytes={1 << 33}", False)
        self.assertIn(caught.exception.status, ("limit", "corrupt"))
        self.assertLess(count[0], 80 << 20)

    def test_s14_a_path_that_is_written_again(self):
        path = self.path("a.png")
        pyvips.Image.black(4, 3).write_to_file(path)
        self.assertEqual(pyvips.Image.new_from_file(path).avg(), 0)
        (pyvips.Image.black(4, 3) + 9).cast("uchar").write_to_file(path)
        self.assertEqual(pyvips.Image.new_from_file(path).avg(), 9)

    def test_s15_memory_that_changes(self):
        data = bytearray(self.bytes["png"])
        source = pyvips.Source.new_from_memory(data)
        image = pyvips.Image.new_from_source(source, ".png")
        data[:] = bytes(len(data))
        self.same(image, pyvips.Image.new_from_buffer(self.bytes["png"], ""))
        pixels = bytearray(range(12))
        image = pyvips.Image.new_from_memory(pixels, 2, 2, 3, "uchar")
        pixels[:] = bytes(12)
        self.assertEqual(image.write_to_memory(), bytes(range(12)))

    def test_s20_descriptors(self):
        path = self.file("a.tif", self.bytes["tif"])
        fd = os.open(path, os.O_RDONLY)
        source = pyvips.Source.new_from_descriptor(fd)
        image = pyvips.Image.new_from_source(source, ".tiff")
        self.assertEqual(os.fstat(fd).st_size, len(self.bytes["tif"]))
        os.close(fd)
        self.same(image, pyvips.Image.new_from_buffer(self.bytes["tif"], ""))
        with self.assertRaises(pyvips.Error):
            pyvips.Source.new_from_descriptor(fd)
        read, write = os.pipe()
        thread = threading.Thread(target=lambda: (os.write(write, self.bytes["webp"]), os.close(write)))
        thread.start()
        image = pyvips.Image.new_from_source(pyvips.Source.new_from_descriptor(read), "")
        thread.join()
        os.close(read)
        self.same(image, pyvips.Image.new_from_buffer(self.bytes["webp"], ""))

    def test_names(self):
        path = self.file("a.png", self.bytes["png"])
        file = pyvips.Source.new_from_file(path)
        self.assertEqual((file.filename(), file.nick()), (path, path))
        for connection, nick in ((pyvips.Source.new_from_memory(b""), "source"), (pyvips.SourceCustom(), "source_custom"),
                                 (pyvips.Target.new_to_memory(), "target"), (pyvips.TargetCustom(), "target_custom")):
            self.assertEqual((connection.filename(), connection.nick()), (None, nick))
            self.assertIsInstance(connection, pyvips.Connection)

    def test_one_source_twice(self):
        for source in (pyvips.Source.new_from_memory(self.bytes["jpg"]), pyvips.Source.new_from_file(self.file("a.jpg", self.bytes["jpg"])),
                       self.custom(self.bytes["jpg"])):
            self.same(pyvips.Image.new_from_source(source, ""), pyvips.Image.new_from_source(source, ""))


class Targets(Case):
    def setUp(self):
        super().setUp()
        self.image = pyvips.Image.new_from_buffer(self.bytes["png"], "")

    def custom(self, write, **handlers):
        target = pyvips.TargetCustom()
        target.on_write(write)
        for name, handler in handlers.items():
            getattr(target, "on_" + name)(handler)
        return target

    def test_s9_short_writes(self):
        whole = self.image.write_to_buffer(".png")
        for most in range(1, 8):
            out, ends = bytearray(), []

            def write(data):
                out.extend(data[:most])
                return min(most, len(data))

            self.image.write_to_target(self.custom(write, end=lambda: ends.append(1)), ".png")
            self.assertEqual((bytes(out), ends), (whole, [1]))

    def test_s10_a_write_that_fails(self):
        problem, told = OSError("disk full"), []

        def raises(data):
            raise problem

        for write, cause in ((raises, problem), (lambda data: 0, None), (lambda data: -1, None), (lambda data: len(data) + 1, None),
                             (lambda data: "x", TypeError)):
            told.clear()
            target = self.custom(write, end=lambda: told.append("end"), finish=lambda: told.append("finish"), abort=lambda: told.append("abort"))
            with self.assertRaisesRegex(pyvips.Error, "write of target_custom") as caught:
                self.image.write_to_target(target, ".png")
            if cause is TypeError:
                self.assertIsInstance(caught.exception.__cause__, TypeError)
            elif cause is not None:
                self.assertIs(caught.exception.__cause__, cause)
            self.assertEqual(told, ["abort"])

    def test_s11_an_end_that_fails(self):
        problem = ConnectionError("upload refused")

        def raises():
            raise problem

        for end, cause in ((raises, problem), (lambda: -1, None)):
            told = []
            with self.assertRaisesRegex(pyvips.Error, "end of target_custom") as caught:
                self.image.write_to_target(self.custom(len, end=end, abort=lambda: told.append("abort")), ".png")
            self.assertIs(caught.exception.__cause__, cause)
            self.assertEqual(told, ["abort"])
        for end in (lambda: None, lambda: 0):
            self.image.write_to_target(self.custom(len, end=end), ".png")

    def test_finish_and_end(self):
        told = []
        self.image.write_to_target(self.custom(len, finish=lambda: told.append("finish"), end=lambda: told.append("end")), ".png")
        self.assertEqual(told, ["finish", "end"])
        threads = []
        self.image.write_to_target(self.custom(len, end=lambda: threads.append(threading.current_thread())), ".png")
        self.assertEqual(threads, [threading.current_thread()])   # a connection to a database is of one
        with self.assertRaisesRegex(pyvips.Error, "on_write"):
            self.image.write_to_target(pyvips.TargetCustom(), ".png")

    def test_an_exception_while_computing_aborts(self):
        told = []
        torn = pyvips.Image.new_from_buffer(self.bytes["png"][:9000], "")
        target = self.custom(len, end=lambda: told.append("end"), abort=lambda: told.append("abort"))
        with self.assertRaises(pyvips.Error):
            torn.write_to_target(target, ".png")
        self.assertNotIn("end", told)

    def test_all_targets_alike(self):
        for suffix, options in ((".jpg", {"Q": 90}), (".png", {"compression": 6}), (".webp", {"Q": 80}), (".tif", {"compression": "deflate"})):
            whole = self.image.write_to_buffer(suffix, **options)
            memory = pyvips.Target.new_to_memory()
            self.image.write_to_target(memory, suffix, **options)
            self.assertEqual(memory.get("blob"), whole)
            path = self.path("out" + suffix)
            self.image.write_to_target(pyvips.Target.new_to_file(path), suffix, **options)
            fd = os.open(self.path("fd"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            self.image.write_to_target(pyvips.Target.new_to_descriptor(fd), suffix, **options)
            os.close(fd)
            self.image.write_to_file(self.path("direct" + suffix), **options)
            for name in (path, self.path("fd"), self.path("direct" + suffix)):
                with open(name, "rb") as file:
                    self.assertEqual(file.read(), whole)
        with self.assertRaises(pyvips.Error):
            pyvips.Target.new_to_memory().get("blob")

    def test_a_failed_file_leaves_what_was_there(self):
        path = self.file("out.png", b"before")
        torn = pyvips.Image.new_from_buffer(self.bytes["png"][:9000], "")
        for write in (lambda: torn.write_to_file(path), lambda: torn.write_to_target(pyvips.Target.new_to_file(path), ".png")):
            with self.assertRaises(pyvips.Error):
                write()
            with open(path, "rb") as file:
                self.assertEqual(file.read(), b"before")
        self.assertEqual(os.listdir(self.folder), ["out.png"])

    def test_pages(self):
        frames = [(pyvips.Image.black(6, 4, 3) + v).cast("uchar") for v in (0, 80, 200)]
        tall = frames[0].join(frames[1], "vertical").join(frames[2], "vertical")
        for suffix in (".gif", ".tif", ".png"):
            path = self.path("a" + suffix)
            tall.write_to_file(path, page_height=4)
            self.assertEqual(kal.open(path).info["pages"], 3)
            back = pyvips.Image.new_from_file(path, n=-1)
            self.same(back, tall)
            self.assertEqual((back.get_page_height(), back.get_n_pages(), len(back.pagesplit())), (4, 3, 3))
            self.same(pyvips.Image.new_from_file(f"{path}[page=1]"), frames[1])
            self.same(pyvips.Image.new_from_file(path, page=1, n=2), frames[1].join(frames[2], "vertical"))
            self.assertEqual(back.write_to_buffer(suffix), pyvips.Image.new_from_file(path, n=-1).write_to_buffer(suffix))
            memory = pyvips.Target.new_to_memory()
            back.write_to_target(memory, suffix)
            self.assertEqual(kal.open(memory.get("blob")).info["pages"], 3)
        with self.assertRaisesRegex(pyvips.Error, "pages of 5"):
            tall.write_to_file(self.path("b.gif"), page_height=5)
        with self.assertRaisesRegex(pyvips.Error, "4 pages"):
            pyvips.Image.new_from_file(self.path("a.gif"), n=4)


class Progress(Case):
    def watched(self, image):
        told = []
        image.set_progress(True)
        for name in ("preeval", "eval", "posteval"):
            image.signal_connect(name, lambda image, p, name=name: told.append((name, p.npels, p.tpels, p.percent)))
        return told

    def test_s12_progress(self):
        image = pyvips.Image.black(10, 1000)
        told = self.watched(image)
        image.copy_memory()
        self.assertEqual(told[0], ("preeval", 0, 10000, 0))
        self.assertEqual(told[-1], ("posteval", 10000, 10000, 100))
        self.assertTrue(all(name == "eval" for name, *_ in told[1:-1]))
        pixels = [npels for _, npels, _, _ in told]
        self.assertEqual(pixels, sorted(pixels))
        self.assertEqual(len([1 for *_, percent in told if percent == 100]), 1)

    def test_s12_not_all_of_what_failed(self):
        image = pyvips.Image.new_from_buffer(self.bytes["png"][:9000], "")
        told = self.watched(image)
        with self.assertRaises(pyvips.Error):
            image.write_to_file(self.path("out.png"))
        self.assertEqual(told[-1][0], "posteval")
        self.assertLess(told[-1][3], 100)

    def test_what_is_made_of_it_is_watched_too(self):
        image = pyvips.Image.new_from_buffer(self.bytes["png"], "")
        small = image.resize(0.5)
        told = self.watched(image)
        small.write_to_file(self.path("out.png"))
        self.assertEqual(told[-1], ("posteval", 120 * 90, 120 * 90, 100))
        image.set_progress(False)
        del told[:]
        small.avg()
        self.assertEqual(told, [])

    def test_what_a_handler_gets(self):
        image, seen = pyvips.Image.black(10, 10), []
        image.set_progress(True)
        image.signal_connect("eval", lambda i, p: seen.append((i is image, p.run, p.eta)))
        image.copy_memory()
        self.assertEqual(seen[0], (True, 0, 0))

    def test_s13_kill(self):
        image = pyvips.Image.black(1, 1000000)
        image.set_progress(True)
        image.signal_connect("eval", lambda i, p: i.set_kill(True))
        path = self.path("out.png")
        for request in (image.copy_memory, image.avg, lambda: image.write_to_file(path)):
            with self.assertRaisesRegex(pyvips.Error, "killed for image") as caught:
                request()
            self.assertEqual(caught.exception.status, "cancelled")
        self.assertEqual(os.listdir(self.folder), [])

    def test_s13_kill_from_another_thread(self):
        image = pyvips.Image(kal.sample("scene", width=4000, height=3000)).gaussblur(40).gaussblur(30).gaussblur(40).gaussblur(30)
        timer = threading.Timer(0.05, image.set_kill, (True,))
        timer.start()
        with self.assertRaisesRegex(pyvips.Error, "killed"):
            image.write_to_file(self.path("out.jpg"))
        timer.join()
        self.assertEqual(os.listdir(self.folder), [])
        self.assertEqual(image.crop(0, 0, 10, 10).write_to_memory(), image.crop(0, 0, 10, 10).write_to_memory())   # that was of one run

    def test_kill_before(self):
        image = pyvips.Image.black(5, 5)
        image.set_kill(True)
        with self.assertRaisesRegex(pyvips.Error, "killed"):
            image.avg()
        self.assertEqual(image.avg(), 0)
        image.set_kill(True)
        image.set_kill(False)
        self.assertEqual(image.avg(), 0)

    def test_what_a_handler_raises(self):
        problem = KeyError("mine")

        def raises(image, progress):
            raise problem

        for name in ("preeval", "eval", "posteval"):
            image = pyvips.Image.black(100, 100)
            image.set_progress(True)
            image.signal_connect(name, raises)
            with self.assertRaisesRegex(pyvips.Error, f"handler of {name}") as caught:
                image.avg()
            self.assertIs(caught.exception.__cause__, problem)
        with self.assertRaises(pyvips.Unmapped):
            image.signal_connect("close", raises)

    def test_within_options(self):
        seen = []
        image = pyvips.Image(kal.sample("scene", width=200, height=200))
        with kal.options(progress=lambda done, total: seen.append(done)):
            image.avg()
        self.assertTrue(seen)
        cancel = kal.Cancel()
        cancel.set()
        with kal.options(cancel=cancel), self.assertRaises(pyvips.Error) as caught:
            image.gaussblur(3).avg()
        self.assertEqual(caught.exception.status, "cancelled")


class Pixels(Case):
    def test_s16_regions(self):
        image = pyvips.Image.new_from_memory(bytes(range(60)), 5, 4, 3, "uchar")
        region = pyvips.Region.new(image)
        self.assertEqual((region.width(), region.height()), (0, 0))
        got = region.fetch(1, 2, 3, 2)
        self.assertEqual((region.width(), region.height(), len(got)), (3, 2, 18))
        self.assertEqual(bytes(got), bytes([*range(33, 42), *range(48, 57)]))
        got[0] = 99   # yours
        self.assertEqual(region.fetch(1, 2, 1, 1)[0], 33)
        for place in ((4, 0, 2, 1), (0, 3, 1, 2), (-1, 0, 1, 1), (0, 0, 0, 1), (0, 0, 1, -1)):
            with self.assertRaisesRegex(pyvips.Error, rf"left {place[0]}, top {place[1]}, width {place[2]}, height {place[3]} .* 5 x 4"):
                region.fetch(*place)

    @unittest.skipUnless(np, "NumPy is not installed")
    def test_s17_shapes(self):
        sizes = {(): (1, 1, 1), (7,): (7, 1, 1), (4, 5): (5, 4, 1), (4, 5, 3): (5, 4, 3), (4, 5, 1): (5, 4, 1), (4, 5, 4): (5, 4, 4)}
        sizes[4, 5, 7] = 5, 4, 7
        kinds = ((np.uint8, "uchar"), (np.uint16, "ushort"), (np.uint32, "uint"), (np.float32, "float"), (bool, "uchar"))
        for shape, size in sizes.items():
            for dtype, format in kinds:
                with self.subTest(shape=shape, dtype=dtype):
                    image = pyvips.Image.new_from_array(np.ones(shape, dtype))
                    self.assertEqual((image.width, image.height, image.bands, image.format), (*size, format))
                    self.assertEqual(image.max(), 255 if dtype is bool else 1)
        with self.assertRaises(pyvips.Error):
            pyvips.Image.new_from_array(np.ones((2, 2, 2, 2), np.uint8))
        for dtype in (np.int8, np.int64, np.float64, np.complex64):
            with self.assertRaisesRegex(pyvips.Unmapped, "astype"):
                pyvips.Image.new_from_array(np.ones((2, 2), dtype))

    @unittest.skipUnless(np, "NumPy is not installed")
    def test_s18_strides(self):
        pixels = np.arange(8 * 9 * 3, dtype=np.uint8).reshape(8, 9, 3)
        for part in (pixels[::-1], pixels[:, ::-1], pixels[::2, 1::3], pixels.transpose(1, 0, 2), pixels[..., ::-1], pixels[2:5, 3:4],
                     np.asfortranarray(pixels)):
            self.assertEqual(pyvips.Image.new_from_array(part).write_to_memory(), np.ascontiguousarray(part).tobytes())
        big = pixels.astype(">u2")
        self.assertTrue(np.array_equal(pyvips.Image.new_from_array(big).numpy(), pixels.astype(np.uint16)))

    @unittest.skipUnless(np, "NumPy is not installed")
    def test_arrays(self):
        image = pyvips.Image.new_from_buffer(self.bytes["png"], "")
        array = image.numpy()
        self.assertEqual((array.shape, array.dtype, array.flags.writeable), ((180, 240, 3), np.uint8, True))
        self.assertTrue(np.array_equal(np.asarray(image), array))
        self.same(pyvips.Image.new_from_array(array), image)
        self.assertEqual(image[0].numpy().shape, (180, 240))
        with self.assertRaises(ValueError):
            np.asarray(image).__class__ and image.__array__(copy=False)

    def test_lists(self):
        image = pyvips.Image.new_from_array([[1, 2.5, 3], [4, 5, 6]])
        self.assertEqual((image.width, image.height, image.bands, image.format), (3, 2, 1, "float"))
        self.assertEqual(image.tolist(), [[1, 2.5, 3], [4, 5, 6]])
        self.assertEqual(pyvips.Image.new_from_array([1, 2]).tolist(), [[1, 2]])
        rgb = pyvips.Image.new_from_memory(bytes(range(6)), 2, 1, 3, "uchar")
        self.assertEqual(rgb.tolist(), [[(0, 1, 2), (3, 4, 5)]])
        with self.assertRaises(pyvips.Error):
            pyvips.Image.new_from_array([[1, 2], [3]])
        with self.assertRaises(pyvips.Unmapped):
            pyvips.Image.new_from_array([[1]], scale=9)

    def test_memory(self):
        import array

        for format, code in (("uchar", "B"), ("ushort", "H"), ("float", "f")):
            data = array.array(code, range(24)).tobytes()
            image = pyvips.Image.new_from_memory(data, 4, 3, 2, format)
            self.assertEqual((image.format, image.write_to_memory()), (format, data))
        with self.assertRaisesRegex(pyvips.Error, "are 24 bytes, not 3"):
            pyvips.Image.new_from_memory(b"abc", 4, 3, 2, "uchar")
        with self.assertRaisesRegex(pyvips.Unmapped, "float"):
            pyvips.Image.new_from_memory(bytes(96), 4, 3, 2, "int")

    def test_s19_each_thread_its_own_error(self):
        wrong = []

        def work(name):
            for _ in range(30):
                try:
                    pyvips.Image.new_from_file(self.path(name))
                    wrong.append("no error")
                except pyvips.Error as error:
                    if name not in error.message:
                        wrong.append(error.message)

        threads = [threading.Thread(target=work, args=(f"none{k}.png",)) for k in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(wrong, [])


class Operations(Case):
    """Numbers are those of libvips 8.14, where both say the same."""

    def setUp(self):
        super().setUp()
        self.rgb = pyvips.Image.new_from_memory(bytes([10, 100, 250, 20, 110, 240]), 2, 1, 3, "uchar")

    def values(self, image):
        return [v for pixel in image.tolist()[0] for v in (pixel if isinstance(pixel, tuple) else (pixel,))]

    def test_arithmetic(self):
        rgb = self.rgb
        cases = (
            (rgb + 10, [20, 110, 260, 30, 120, 250]),
            (10 + rgb, [20, 110, 260, 30, 120, 250]),
            (rgb - [10, 20, 30], [0, 80, 220, 10, 90, 210]),
            (255 - rgb, [245, 155, 5, 235, 145, 15]),
            (rgb * 2, [20, 200, 500, 40, 220, 480]),
            (rgb / 4, [2.5, 25, 62.5, 5, 27.5, 60]),
            (rgb // 4, [2, 25, 62, 5, 27, 60]),
            (rgb % 7, [3, 2, 5, 6, 5, 2]),
            (rgb ** 2, [100, 10000, 62500, 400, 12100, 57600]),
            (-rgb, [-10, -100, -250, -20, -110, -240]),
            (abs(rgb - 100), [90, 0, 150, 80, 10, 140]),
            (rgb + rgb, [20, 200, 500, 40, 220, 480]),
            (100 / rgb, [10, 1, 0.4, 5, 100 / 110, 100 / 240]),
            (rgb / (rgb - rgb), [0] * 6),
            (rgb.linear([1, 2, 3], [1, 0, 0]), [11, 200, 750, 21, 220, 720]),
            (rgb.linear(2, 0, uchar=True), [20, 200, 255, 40, 220, 255]),
        )
        for image, wanted in cases:
            for got, number in zip(self.values(image), wanted):
                self.assertAlmostEqual(got, float(number), places=5)
        self.assertEqual((rgb + 1).format, "float")
        self.assertEqual(rgb.invert().format, "uchar")
        self.assertEqual(self.values(rgb[0] + [1, 2, 3]), [11, 12, 13, 21, 22, 23])
        self.assertEqual(self.values(rgb[0] + rgb), [20, 110, 260, 40, 130, 260])

    def test_alpha_is_a_band_like_others(self):
        rgba = self.rgb.addalpha()
        self.assertEqual((rgba.bands, rgba.hasalpha()), (4, True))
        self.assertEqual(self.values(rgba * 2), [20, 200, 500, 510, 40, 220, 480, 510])
        self.assertEqual((rgba * 2).max(), 510)
        self.assertEqual(rgba.avg(), (730 + 510) / 8)
        self.assertEqual(self.values((rgba * 2).cast("uchar")), [20, 200, 255, 255, 40, 220, 255, 255])
        self.assertTrue((rgba * 2).cast("uchar").hasalpha())

    def test_comparisons(self):
        rgb = self.rgb
        self.assertEqual(self.values(rgb > 100), [0, 0, 255, 0, 255, 255])
        self.assertEqual(self.values(rgb >= [10, 101, 0]), [255, 0, 255, 255, 255, 255])
        self.assertEqual(self.values(rgb == 110), [0, 0, 0, 0, 255, 0])
        self.assertEqual(self.values(rgb != rgb), [0] * 6)
        self.assertEqual(self.values((rgb > 50) & (rgb < 245)), [0, 255, 0, 0, 255, 255])
        self.assertEqual(self.values((rgb < 50) | (rgb > 245)), [255, 0, 255, 255, 0, 0])
        self.assertEqual(self.values((rgb > 50) ^ (rgb > 200)), [0, 255, 0, 0, 255, 0])
        self.assertEqual(self.values(~(rgb > 100)), [255, 255, 0, 255, 0, 0])
        self.assertEqual(self.values((rgb > 100).ifthenelse(rgb, rgb.invert())), [245, 155, 250, 235, 110, 240])
        self.assertFalse(rgb == None)   # noqa: E711
        self.assertTrue(rgb != None)   # noqa: E711
        with self.assertRaisesRegex(pyvips.Unmapped, "comparisons"):
            rgb & 7
        with self.assertRaises(TypeError):
            bool(rgb)
        with self.assertRaises(TypeError):
            rgb + "x"
        with self.assertRaisesRegex(pyvips.Error, "2 numbers for 3 bands"):
            rgb + [1, 2]

    def test_statistics(self):
        self.assertEqual((self.rgb.avg(), self.rgb.min(), self.rgb.max()), (730 / 6, 10, 250))
        self.assertAlmostEqual(self.rgb.deviate(), 103.8107, places=3)
        self.assertEqual(self.rgb(1, 0), [20, 110, 240])
        self.assertEqual(self.rgb[1](0, 0), [100])
        with self.assertRaises(pyvips.Error):
            self.rgb(2, 0)

    def test_types(self):
        self.assertEqual(self.values((self.rgb * 1.1 - 20).cast("uchar")), [0, 90, 255, 2, 101, 244])
        self.assertEqual(self.values(self.rgb.cast("ushort")), [10, 100, 250, 20, 110, 240])
        self.assertEqual(self.values(self.rgb.cast("ushort", shift=True)), [v * 257 for v in (10, 100, 250, 20, 110, 240)])
        with self.assertRaisesRegex(pyvips.Unmapped, "double"):
            self.rgb.cast("double")

    def test_bands(self):
        self.assertEqual(self.values(self.rgb[2]), [250, 240])
        self.assertEqual(self.values(self.rgb[-1]), [250, 240])
        self.assertEqual(self.values(self.rgb[1:]), [100, 250, 110, 240])
        self.assertEqual([b.bands for b in self.rgb], [1, 1, 1])
        self.assertEqual(self.values(self.rgb[2].bandjoin([self.rgb[1], self.rgb[0]])), [250, 100, 10, 240, 110, 20])
        self.assertEqual(self.values(self.rgb.bandjoin(7)), [10, 100, 250, 7, 20, 110, 240, 7])
        with self.assertRaises(IndexError):
            self.rgb[3]
        self.assertEqual(self.rgb.colourspace("b-w").interpretation, "b-w")
        self.assertEqual(self.rgb.new_from_image([1, 2, 3]).tolist(), [[(1, 2, 3), (1, 2, 3)]])

    def test_geometry(self):
        image = pyvips.Image.new_from_memory(bytes(range(6)), 3, 2, 1, "uchar")
        self.assertEqual(image.tolist(), [[0, 1, 2], [3, 4, 5]])
        self.assertEqual(image.rot90().tolist(), [[3, 0], [4, 1], [5, 2]])
        self.assertEqual(image.rotate(90).tolist(), [[3, 0], [4, 1], [5, 2]])
        self.assertEqual(image.rot270().tolist(), [[2, 5], [1, 4], [0, 3]])
        self.assertEqual(image.rot("d180").tolist(), [[5, 4, 3], [2, 1, 0]])
        self.assertEqual(image.fliphor().tolist(), [[2, 1, 0], [5, 4, 3]])
        self.assertEqual(image.flip("vertical").tolist(), [[3, 4, 5], [0, 1, 2]])
        self.assertEqual(image.crop(1, 0, 2, 1).tolist(), [[1, 2]])
        self.assertEqual(image.embed(1, 0, 5, 2).tolist(), [[0, 0, 1, 2, 0], [0, 3, 4, 5, 0]])
        self.assertEqual(image.embed(1, 0, 5, 2, extend="copy").tolist(), [[0, 0, 1, 2, 2], [3, 3, 4, 5, 5]])
        self.assertEqual(image.embed(1, 0, 5, 2, extend="white").tolist(), [[255, 0, 1, 2, 255], [255, 3, 4, 5, 255]])
        self.assertEqual(image.embed(1, 0, 5, 2, extend="background", background=9).tolist(), [[9, 0, 1, 2, 9], [9, 3, 4, 5, 9]])
        self.assertEqual(image.gravity("south-east", 4, 3).tolist(), [[0, 0, 0, 0], [0, 0, 1, 2], [0, 3, 4, 5]])
        self.assertEqual(image.zoom(2, 1).tolist(), [[0, 0, 1, 1, 2, 2], [3, 3, 4, 4, 5, 5]])
        self.assertEqual(image.join(image, "horizontal").tolist(), [[0, 1, 2] * 2, [3, 4, 5] * 2])
        self.assertEqual(image.insert(image.crop(2, 1, 1, 1), 0, 0).tolist(), [[5, 1, 2], [3, 4, 5]])
        with self.assertRaisesRegex(pyvips.Error, "bad extract area"):
            image.crop(2, 0, 2, 1)
        scene = pyvips.Image(kal.sample("scene", width=101, height=60))
        sizes = [(i.width, i.height) for i in (scene.resize(0.5), scene.resize(2, vscale=0.5), scene.thumbnail_image(50), scene.thumbnail_image(200),
                                               scene.thumbnail_image(200, size="down"), scene.thumbnail_image(20, height=20, crop="centre"),
                                               scene.thumbnail_image(30, height=10, size="force"), scene.shrink(2, 3), scene.rotate(45))]
        self.assertEqual(sizes[:8], [(51, 30), (202, 30), (50, 30), (200, 119), (101, 60), (20, 20), (30, 10), (51, 20)])
        self.assertGreater(min(sizes[8]), 110)

    def test_composite(self):
        red = pyvips.Image.new_from_memory(bytes([255, 0, 0, 255, 255, 0, 0, 0]), 2, 1, 4, "uchar")
        self.assertEqual(self.values(self.rgb.composite(red, "over")), [255, 0, 0, 20, 110, 240])
        self.assertEqual(self.values(red.flatten(background=[1, 2, 3])), [255, 0, 0, 1, 2, 3])

    def test_upright(self):
        source = kal.sample("scene", width=40, height=20).encode("jpeg")
        # an APP1 block with nothing but orientation 6
        exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
        data = source[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + source[2:]
        lying = pyvips.Image.new_from_buffer(data, "")
        self.assertEqual((lying.width, lying.height, lying.get("orientation")), (40, 20, 6))
        for upright in (lying.autorot(), pyvips.Image.new_from_buffer(data, "", autorotate=True), pyvips.Image.new_from_buffer(data, "[autorotate]")):
            self.assertEqual((upright.width, upright.height, upright.get("orientation")), (20, 40, 1))
            self.same(upright, upright.autorot())
        self.same(lying.autorot(), lying.rot90())
        self.assertEqual(pyvips.Image.thumbnail_buffer(data, 10).width, 5)
        self.assertEqual(pyvips.Image.thumbnail_buffer(data, 10, no_rotate=True).height, 5)
        kept = pyvips.Image.new_from_buffer(lying.write_to_buffer(".png"), "")
        self.assertEqual((kept.width, kept.get("orientation")), (40, 6))
        straight = pyvips.Image.new_from_buffer(lying.autorot().write_to_buffer(".png"), "")
        self.assertEqual((straight.width, straight.get("orientation")), (20, 1))
        with self.assertRaisesRegex(pyvips.Unmapped, "autorotate=True"):
            lying.crop(0, 0, 4, 4).autorot()

    def test_fields(self):
        image = pyvips.Image.new_from_buffer(self.bytes["jpg"], "")
        names = ("width", "bands", "interpretation", "vips-loader")
        self.assertEqual([image.get(name) for name in names], [240, 3, "srgb", "jpegload"])
        self.assertEqual((image.get_typeof("icc-profile-data") != 0, image.get_typeof("nothing")), (False, 0))
        with self.assertRaisesRegex(pyvips.Error, 'field "nothing" not found'):
            image.get("nothing")
        image.set("exif.Artist", "me")
        self.assertIn("exif.Artist", image.get_fields())
        again = pyvips.Image.new_from_buffer(image.write_to_buffer(".jpg"), "")
        self.assertEqual(again.get("exif.Artist"), "me")
        self.assertTrue(again.remove("exif.Artist"))
        self.assertFalse(again.remove("exif.Artist"))
        with self.assertRaisesRegex(pyvips.Unmapped, "exif.Artist"):
            image.get("exif-ifd0-Artist")
        self.assertEqual(pyvips.Image.new_from_buffer(image.write_to_buffer(".jpg[strip]"), "").get_typeof("exif.Artist"), 0)


class Options(Case):
    def setUp(self):
        super().setUp()
        self.image = pyvips.Image.new_from_buffer(self.bytes["png"], "")

    def test_of_formats(self):
        scene = self.image.kal
        cases = (
            (".jpg[Q=90,strip]", "jpg", {"quality": 90, "strip": True, "subsampling": "444"}),
            (".jpg", "jpg", {"quality": 75}),
            (".jpg[Q=80,interlace,optimize_coding=true]", "jpg", {"quality": 80, "progressive": True, "optimize": True}),
            (".jpg[Q=80,subsample_mode=off]", "jpg", {"quality": 80, "subsampling": "444"}),
            (".jpeg[keep=none]", "jpg", {"quality": 75, "strip": True}),
            (".png[compression=9]", "png", {"compression": 9}),
            (".png[palette]", "png", {"colours": 256}),
            (".webp[lossless]", "webp", {"lossless": True}),
            (".webp[Q=50,effort=2]", "webp", {"quality": 50, "effort": 2}),
            (".tif[compression=lzw,tile,tile_width=64]", "tif", {"compression": "lzw", "tile": 64}),
            (".tif[compression=jpeg]", "tif", {"compression": "jpeg", "quality": 75}),
        )
        for suffix, format, options in cases:
            with self.subTest(suffix):
                self.assertEqual(self.image.write_to_buffer(suffix), scene.encode(format, **options))
        self.assertEqual(self.image.write_to_buffer(".jpg", Q=33), self.image.write_to_buffer(".jpg[Q=33]"))
        path = self.path("a.jpg")
        self.image.write_to_file(path + "[Q=33]")
        with open(path, "rb") as file:
            self.assertEqual(file.read(), self.image.write_to_buffer(".jpg[Q=33]"))

    def test_what_is_not_here(self):
        cases = (
            (".jpg", {"q": 9}, 'did you mean "Q"'),
            (".jpg", {"trellis_quant": True}, "optimize"),
            (".png", {"interlace": True}, "rows in order"),
            (".png", {"Q": 9}, '"Q"'),
            (".jpgg", {}, 'did you mean "jpg"'),
            (".jpg[keep=exif]", {}, "all or none"),
            (".webp", {"near_lossless": True}, "lossless"),
        )
        for suffix, options, what in cases:
            with self.subTest(suffix=suffix, options=options), self.assertRaisesRegex(pyvips.Unmapped, what):
                self.image.write_to_buffer(suffix, **options)
        with self.assertRaisesRegex(pyvips.Error, "quality=900 is outside"):
            self.image.write_to_buffer(".jpg", Q=900)
        cases = (({"acces": "sequential"}, 'did you mean "access"'), ({"unlimited": True}, "limits"), ({"access": "fast"}, "sequential"),
                 ({"fail_on": "x"}, "truncated"))
        for options, what in cases:
            with self.assertRaisesRegex(pyvips.Unmapped, what):
                pyvips.Image.new_from_buffer(self.bytes["png"], "", **options)
        names = {"sharpen": "image.kal.sharpen", "hist_find": "histogram", "solarise": "image.kal", "smartcrop": "smart_crop",
                 "canny": "image.kal.canny"}
        for name, what in names.items():
            with self.assertRaisesRegex(AttributeError, what):
                getattr(self.image, name)
        for owner, name, what in ((pyvips.Image, "text", "text_image"), (pyvips, "cache_set_trace", "explain"), (pyvips, "nothing", "Image")):
            with self.assertRaisesRegex(AttributeError, what):
                getattr(owner, name)
        with self.assertRaisesRegex(pyvips.Unmapped, "bytes"):
            pyvips.cache_set_max(100)
        self.assertIsInstance(pyvips.Unmapped("x"), (ValueError, pyvips.Error))

    def test_samples_that_a_format_does_not_hold(self):
        bright = self.image * 2   # float of 0 to 510
        self.same(pyvips.Image.new_from_buffer(bright.write_to_buffer(".png"), ""), bright.cast("uchar"))
        self.assertEqual(pyvips.Image.new_from_buffer(bright.write_to_buffer(".tif"), "").max(), bright.max())
        deep = self.image.cast("ushort", shift=True)
        self.same(pyvips.Image.new_from_buffer(deep.write_to_buffer(".png"), ""), deep)
        self.assertEqual(deep.write_to_buffer(".webp[lossless]"), self.image.write_to_buffer(".webp[lossless]"))
        clear = self.image.bandjoin(128)
        self.assertEqual(pyvips.Image.new_from_buffer(clear.write_to_buffer(".jpg", background=255), "").bands, 3)
        self.assertEqual(pyvips.Image.new_from_buffer(clear.write_to_buffer(".png"), "").bands, 4)

    def test_words(self):
        self.assertEqual(pyvips.Kernel.LANCZOS3, "lanczos3")
        self.assertEqual(self.image.resize(0.5, kernel=pyvips.Kernel.NEAREST).width, 120)
        self.assertEqual((pyvips.BandFormat.UCHAR, pyvips.Interpretation.B_W, pyvips.Access.SEQUENTIAL), ("uchar", "b-w", "sequential"))
        self.assertTrue(pyvips.at_least_libvips(8, 13))

    def test_errors(self):
        error = pyvips.Error("what", "why")
        self.assertEqual((error.message, error.detail, str(error)), ("what", "why", "what\n  why"))
        self.assertIsInstance(error, kal.Error)
        with self.assertRaises(pyvips.Error) as caught:
            pyvips.Image.new_from_buffer(b"nothing at all", "")
        self.assertEqual(caught.exception.status, "unsupported")


# ---- programs of pyvips' page on connections, as they stand there: nothing but the network is another ----------

SOURCES = """
import os
source = pyvips.Source.new_from_file('input.jpg')
image = pyvips.Image.new_from_source(source, '')
results.append(image)

with open('image.png', 'rb') as f:
    data = f.read()
source = pyvips.Source.new_from_memory(data)
image = pyvips.Image.new_from_source(source, '.png')
results.append(image)

fd = os.open('image.tiff', os.O_RDONLY)
source = pyvips.Source.new_from_descriptor(fd)
image = pyvips.Image.new_from_source(source, '.tiff')
os.close(fd)
results.append(image)

print(f"Source filename: {source.filename()}")
print(f"Source name: {source.nick()}")
"""

TARGETS = """
import os
target = pyvips.Target.new_to_file('output.jpg')
image.write_to_target(target, '.jpg', Q=90)

target = pyvips.Target.new_to_memory()
image.write_to_target(target, '.png', compression=6)
results.append(target.get('blob'))

fd = os.open('output.webp', os.O_WRONLY | os.O_CREAT, 0o644)
target = pyvips.Target.new_to_descriptor(fd)
image.write_to_target(target, '.webp', Q=80)
os.close(fd)

print(f"Target filename: {target.filename()}")
print(f"Target name: {target.nick()}")
"""

HTTP_SOURCE = """
import requests

class HTTPSource:
    def __init__(self, url):
        self.response = requests.get(url, stream=True)
        self.iter = iter(self.response.iter_content(chunk_size=8192))
        self.position = 0

    def read_handler(self, size):
        try:
            chunk = next(self.iter)
            self.position += len(chunk)
            return chunk
        except StopIteration:
            return b''

http_source = HTTPSource('https://example.com/image.jpg')
source = pyvips.SourceCustom()
source.on_read(http_source.read_handler)
image = pyvips.Image.new_from_source(source, '')
results.append(image)
"""

DATABASE_SOURCE = """
import sqlite3

class DatabaseSource:
    def __init__(self, db_path, image_id):
        self.conn = sqlite3.connect(db_path)
        cursor = self.conn.cursor()
        cursor.execute("SELECT image_data FROM images WHERE id = ?", (image_id,))
        self.data = cursor.fetchone()[0]
        self.position = 0

    def read_handler(self, size):
        if self.position >= len(self.data):
            return b''
        chunk = self.data[self.position:self.position + size]
        self.position += len(chunk)
        return chunk

    def seek_handler(self, offset, whence):
        if whence == 0:
            self.position = offset
        elif whence == 1:
            self.position += offset
        elif whence == 2:
            self.position = len(self.data) + offset
        return self.position

db_source = DatabaseSource('images.db', 123)
source = pyvips.SourceCustom()
source.on_read(db_source.read_handler)
source.on_seek(db_source.seek_handler)
image = pyvips.Image.new_from_source(source, '')
results.append(image)
db_source.conn.close()
"""

HTTP_TARGET = """
import requests

class HTTPUploadTarget:
    def __init__(self, upload_url):
        self.upload_url = upload_url
        self.buffer = bytearray()

    def write_handler(self, data):
        self.buffer.extend(data)
        return len(data)

    def end_handler(self):
        files = {'image': ('image.jpg', bytes(self.buffer), 'image/jpeg')}
        response = requests.post(self.upload_url, files=files)
        print(f"Upload status: {response.status_code}")

upload_target = HTTPUploadTarget('https://api.example.com/upload')
target = pyvips.TargetCustom()
target.on_write(upload_target.write_handler)
target.on_end(upload_target.end_handler)
image.write_to_target(target, '.jpg', Q=90)
"""

S3_TARGET = """
import boto3

class S3Target:
    def __init__(self, bucket, key):
        self.s3 = boto3.client('s3')
        self.bucket = bucket
        self.key = key
        self.parts = []
        self.buffer = bytearray()

    def write_handler(self, data):
        self.buffer.extend(data)
        return len(data)

    def end_handler(self):
        self.s3.put_object(
            Bucket=self.bucket,
            Key=self.key,
            Body=bytes(self.buffer)
        )
        print(f"Uploaded to s3://{self.bucket}/{self.key}")

s3_target = S3Target('my-bucket', 'processed/image.jpg')
target = pyvips.TargetCustom()
target.on_write(s3_target.write_handler)
target.on_end(s3_target.end_handler)
image.write_to_target(target, '.jpg', Q=85)
"""

DATABASE_TARGET = """
class DatabaseTarget:
    def __init__(self, db_path, image_id):
        self.conn = sqlite3.connect(db_path)
        self.image_id = image_id
        self.buffer = bytearray()

    def write_handler(self, data):
        self.buffer.extend(data)
        return len(data)

    def end_handler(self):
        cursor = self.conn.cursor()
        cursor.execute(
            "UPDATE images SET image_data = ? WHERE id = ?",
            (bytes(self.buffer), self.image_id)
        )
        self.conn.commit()
        self.conn.close()

db_target = DatabaseTarget('images.db', 456)
target = pyvips.TargetCustom()
target.on_write(db_target.write_handler)
target.on_end(db_target.end_handler)
image.write_to_target(target, '.png', compression=6)
"""

ERRORS = """
import requests

try:
    source = pyvips.Source.new_from_file('nonexistent.jpg')
    image = pyvips.Image.new_from_source(source, '')
except pyvips.Error as e:
    print(f"Source creation failed: {e.message}")

class SafeHTTPSource:
    def __init__(self, url):
        try:
            self.response = requests.get(url, stream=True, timeout=30)
            self.response.raise_for_status()
            self.iter = iter(self.response.iter_content(chunk_size=8192))
        except requests.RequestException as e:
            raise pyvips.Error(f"HTTP request failed: {e}")

    def read_handler(self, size):
        try:
            chunk = next(self.iter)
            return chunk
        except StopIteration:
            return b''
        except Exception as e:
            raise pyvips.Error(f"Read failed: {e}")

class SafeFileTarget:
    def __init__(self, filename):
        self.filename = filename
        self.file = None

    def write_handler(self, data):
        try:
            if self.file is None:
                self.file = open(self.filename, 'wb')
            written = self.file.write(data)
            return written
        except IOError as e:
            raise pyvips.Error(f"Write failed: {e}")

    def end_handler(self):
        if self.file:
            self.file.close()
"""


class Programs(Case):
    def setUp(self):
        super().setUp()
        before = os.getcwd()
        os.chdir(self.folder)
        self.addCleanup(os.chdir, before)
        scene = kal.sample("scene", width=240, height=180)
        self.file("input.jpg", self.bytes["jpg"])
        self.file("image.png", self.bytes["png"])
        self.file("image.tiff", self.bytes["tif"])
        with contextlib.closing(sqlite3.connect("images.db")) as conn:
            conn.execute("CREATE TABLE images (id INTEGER, image_data BLOB)")
            conn.execute("INSERT INTO images VALUES (123, ?), (456, NULL)", (self.bytes["jpg"],))
            conn.commit()
        self.image = pyvips.Image(scene)
        self.posted, self.put = [], []

    def network(self, data, status=200, break_at=None):
        """Modules that stand for requests and boto3."""
        requests, boto3 = types.ModuleType("requests"), types.ModuleType("boto3")

        class RequestException(OSError):
            pass

        class Response:
            status_code = status

            def iter_content(self, chunk_size):
                for i in range(0, len(data), chunk_size):
                    if break_at is not None and i >= break_at:
                        raise RequestException("connection lost")
                    yield data[i:i + chunk_size]

            def raise_for_status(self):
                if status != 200:
                    raise RequestException(f"{status}")

        requests.RequestException = RequestException
        requests.get = lambda url, **how: Response()
        requests.post = lambda url, files: (self.posted.append((url, files)), Response())[1]
        boto3.client = lambda name: types.SimpleNamespace(put_object=lambda **what: self.put.append(what))
        for module in (requests, boto3):
            old = sys.modules.get(module.__name__)
            sys.modules[module.__name__] = module
            self.addCleanup(lambda name=module.__name__, old=old: sys.modules.__setitem__(name, old) if old else sys.modules.pop(name, None))

    def run_block(self, text):
        names = {"pyvips": pyvips, "image": self.image, "results": [], "sqlite3": sqlite3}
        with contextlib.redirect_stdout(io.StringIO()) as said:
            exec(compile(text, "page", "exec"), names)
        return names, said.getvalue()

    def test_sources(self):
        names, said = self.run_block(SOURCES)
        for image, data in zip(names["results"], (self.bytes["jpg"], self.bytes["png"], self.bytes["tif"])):
            self.same(image, pyvips.Image.new_from_buffer(data, ""))
        self.assertEqual(said, "Source filename: None\nSource name: source\n")

    def test_targets(self):
        names, said = self.run_block(TARGETS)
        for name, suffix in (("output.jpg", ".jpg[Q=90]"), ("output.webp", ".webp[Q=80]")):
            with open(name, "rb") as file:
                self.assertEqual(file.read(), self.image.write_to_buffer(suffix))
        self.assertEqual(names["results"], [self.image.write_to_buffer(".png", compression=6)])
        self.assertEqual(said, "Target filename: None\nTarget name: target\n")

    def test_http_source(self):
        self.network(self.bytes["jpg"])
        names, _ = self.run_block(HTTP_SOURCE)
        self.same(names["results"][0], pyvips.Image.new_from_buffer(self.bytes["jpg"], ""))

    def test_http_source_that_breaks(self):
        self.network(self.bytes["png"], break_at=16384)
        with self.assertRaisesRegex(pyvips.Error, "connection lost") as caught:
            names, _ = self.run_block(HTTP_SOURCE)
            names["results"][0].avg()
        self.assertEqual(type(caught.exception.__cause__).__name__, "RequestException")

    def test_database_source(self):
        names, _ = self.run_block(DATABASE_SOURCE)
        self.same(names["results"][0], pyvips.Image.new_from_buffer(self.bytes["jpg"], ""))

    def test_http_target(self):
        self.network(b"")
        _, said = self.run_block(HTTP_TARGET)
        (url, files), = self.posted
        self.assertEqual((url, files["image"][1]), ("https://api.example.com/upload", self.image.write_to_buffer(".jpg[Q=90]")))
        self.assertEqual(said, "Upload status: 200\n")

    def test_s3_target(self):
        self.network(b"")
        _, said = self.run_block(S3_TARGET)
        self.assertEqual(self.put, [{"Bucket": "my-bucket", "Key": "processed/image.jpg", "Body": self.image.write_to_buffer(".jpg[Q=85]")}])
        self.assertEqual(said, "Uploaded to s3://my-bucket/processed/image.jpg\n")

    def test_database_target(self):
        self.run_block(DATABASE_TARGET)
        with contextlib.closing(sqlite3.connect("images.db")) as conn:
            stored = conn.execute("SELECT image_data FROM images WHERE id = 456").fetchone()[0]
        self.assertEqual(stored, self.image.write_to_buffer(".png", compression=6))

    def test_error_handling(self):
        self.network(self.bytes["png"], break_at=16384)
        names, said = self.run_block(ERRORS)
        self.assertEqual(said, "Source creation failed: can't create source from filename nonexistent.jpg\n")
        source = pyvips.SourceCustom()
        source.on_read(names["SafeHTTPSource"]("https://example.com").read_handler)
        with self.assertRaisesRegex(pyvips.Error, "Read failed: connection lost") as caught:
            pyvips.Image.new_from_source(source, "").avg()
        self.assertIsInstance(caught.exception.__cause__, pyvips.Error)
        file_target, target = names["SafeFileTarget"]("safe.png"), pyvips.TargetCustom()
        target.on_write(file_target.write_handler)
        target.on_end(file_target.end_handler)
        self.image.write_to_target(target, ".png")
        with open("safe.png", "rb") as file:
            self.assertEqual(file.read(), self.image.write_to_buffer(".png"))
        bad = names["SafeFileTarget"](os.path.join("no", "where.png"))
        target.on_write(bad.write_handler)
        with self.assertRaisesRegex(pyvips.Error, "Write failed"):
            self.image.write_to_target(target, ".png")
        self.network(b"", status=404)
        with self.assertRaisesRegex(pyvips.Error, "HTTP request failed: 404"):
            self.run_block(ERRORS)[0]["SafeHTTPSource"]("https://example.com")


if __name__ == "__main__":
    unittest.main()
