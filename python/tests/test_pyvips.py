# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""pyvips' names: sources, targets, and errors that arrive."""

import io
import os
import threading
import unittest

import kallitype as kal
import kallitype.compat.pyvips as pyvips
from pyvips_case import Case


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


if __name__ == "__main__":
    unittest.main()
