# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Programs written for pyvips, run as they are."""

import contextlib
import io
import os
import sqlite3
import sys
import types
import unittest

import kallitype as kal
import kallitype.compat.pyvips as pyvips
from pyvips_case import Case

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
