# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""PixelCache's promises, case by case: keys (K)."""

import base64
import functools
import os
import pickle
import subprocess
import sys
import tempfile
import unittest

import kallitype as kal
from kallitype.compat.pixelcache import BoundingBox, HashableDict, HashableImage, HashableList
from pixelcache_case import CACHETOOLS, NUMPY, PIL, TORCH, ramp, size

if NUMPY:
    import numpy as np


GOLDEN_IMAGE = "44081df0f6f85462d047cf47d6b82ffb"


@unittest.skipUnless(NUMPY, "NumPy")
class Keys(unittest.TestCase):
    def differ(self, *values):
        self.assertEqual(len(set(values)), len(values))
        self.assertEqual(len({v.key for v in values}), len(values))

    def test_k1_same_pixels(self):
        a, b = HashableImage(ramp()), HashableImage(ramp())
        self.assertEqual(a, b)
        self.assertEqual(hash(a), hash(b))

    def test_k2_one_bit(self):
        other = ramp()
        other[0, 0, 0] ^= 1
        self.differ(HashableImage(ramp()), HashableImage(other))

    def test_k3_shape(self):
        a = ramp(256, 256)
        self.differ(HashableImage(a), HashableImage(a[:128, :128]))
        flat16 = np.arange(16, dtype=np.uint8)
        self.differ(HashableImage(flat16.reshape(2, 8)), HashableImage(flat16.reshape(4, 4)))

    def test_k4_type(self):
        a = (ramp(c=1) & 1)
        self.differ(HashableImage(a), HashableImage(a.astype(bool)), HashableImage(a * np.uint8(255)))

    def test_k5_source_changes_later(self):
        a = ramp()
        image = HashableImage(a)
        key = HashableImage(ramp()).key
        a[:] = 0
        self.assertEqual(image.key, key)
        self.assertTrue((image.numpy() == ramp()).all())

    def test_k6_other_process(self):
        code = ("import numpy as np\nfrom kallitype.compat.pixelcache import *\n"
                "i = HashableImage((np.arange(768) % 251).astype(np.uint8).reshape(16, 16, 3))\n"
                "d = HashableDict({'image': i, 'prompt': 'a lake', 'seed': 42})\n"
                "print(i.key, hash(i), d.key, hash(d))")
        told = {subprocess.run([sys.executable, "-P", "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True,
                               text=True).stdout for seed in ("1", "2")}
        self.assertEqual(len(told), 1)
        self.assertEqual(told.pop().split()[0], GOLDEN_IMAGE)

    def test_k7_any_source(self):
        a = HashableImage(ramp())
        png = a.bytes()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.png")
            a.save(path)
            same = [a, HashableImage(path), HashableImage(png), HashableImage.from_base64(base64.b64encode(png).decode()),
                    HashableImage(kal.open(path))]
            if PIL:
                from PIL import Image

                same += [HashableImage(Image.open(path)), HashableImage(Image.fromarray(ramp()))]
            if TORCH:
                import torch

                same.append(HashableImage(torch.from_numpy(ramp()).permute(2, 0, 1)[None].float() / 255))
        self.assertEqual(len(set(same)), 1)
        calls = []

        @functools.lru_cache
        def count(image):
            calls.append(image)
            return image.mean()

        for image in same:
            count(image)
        self.assertEqual(len(calls), 1)

    @unittest.skipUnless(CACHETOOLS, "cachetools")
    def test_k7_cachetools(self):
        import cachetools

        calls = []
        mean = cachetools.cached({})(lambda image: (calls.append(1), image.mean())[1])
        mean(HashableImage(ramp())), mean(HashableImage(HashableImage(ramp()).bytes()))
        self.assertEqual(len(calls), 1)

    def test_k8_lists(self):
        self.differ(HashableList([1, 2]), HashableList([2, 1]), HashableList([1, 1, 2]))

    def test_k9_order_of_a_dict(self):
        self.assertEqual(HashableDict({"a": 1, "b": 2}), HashableDict({"b": 2, "a": 1}))
        red, blue = (HashableImage(np.full((4, 4, 3), c, np.uint8)) for c in ([255, 0, 0], [0, 0, 255]))
        one, two = HashableDict({"a": [red], "b": [blue]}), HashableDict({"b": [blue], "a": [red]})
        self.assertEqual(one, two)
        self.assertNotEqual(HashableImage.make_image_grid(one), HashableImage.make_image_grid(two))

    def test_k10_kinds(self):
        self.differ(*(HashableDict({"a": v}) for v in (1, 1.0, True, "1", b"1", None)))

    def test_k11_shape_of_an_array(self):
        a = np.arange(6)
        self.differ(HashableDict({"a": a.reshape(2, 3)}), HashableDict({"a": a.reshape(3, 2)}), HashableDict({"a": a.astype(np.int32).reshape(2, 3)}))

    def test_k12_nesting(self):
        d = HashableDict({"x": {"a": 1, "b": [1, {"c": 2}]}})
        self.assertIsInstance(d["x"], HashableDict)
        self.assertIsInstance(d["x"]["b"], HashableList)
        self.assertEqual(d, HashableDict({"x": {"b": [1, {"c": 2}], "a": 1}}))
        self.assertEqual(d.to_dict(), {"x": {"a": 1, "b": [1, {"c": 2}]}})
        self.assertEqual(hash(d), hash(pickle.loads(pickle.dumps(d))))

    def test_k13_one_more(self):
        d, l = HashableDict({"a": 1}), HashableList([1])
        self.differ(d, HashableDict({"a": 1, "b": None}))
        self.differ(l, HashableList([1, None]))

    def test_k14_a_file_changes(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.bmp")
            HashableImage(ramp()).save(path)
            stamp = os.stat(path)
            image = HashableImage(path)
            self.assertEqual(image.get_filename(), path)
            HashableImage(255 - ramp()).save(path)
            os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
            self.assertEqual(os.stat(path).st_size, stamp.st_size)
            self.assertNotEqual(image.get_filename(), path)
            self.assertEqual(HashableImage(image.get_filename()), HashableImage(ramp()))
            self.assertTrue((image.numpy() == ramp()).all())
            self.assertNotEqual(HashableImage(path), image)

    def test_names_of_any_kind(self):
        self.assertEqual(HashableDict({1: "a", (2, 3): "b"}), HashableDict({(2, 3): "b", 1: "a"}))
        self.assertEqual(HashableDict({1: "a"})[1], "a")
        self.differ(HashableDict({1: "a"}), HashableDict({"1": "a"}), HashableDict({1.0: "a"}))

    def test_leaves_are_safe(self):
        a = np.arange(4)
        d = HashableDict({"a": a})
        a[0] = 9
        self.assertEqual(d["a"].tolist(), [0, 1, 2, 3])
        for given in (d["a"], d.to_dict()["a"]):
            with self.assertRaises(ValueError):
                given[0] = 1
        with self.assertRaises(TypeError):
            d["a"] = 1
        with self.assertRaises(TypeError):
            HashableList([1])[0] = 2

    @unittest.skipUnless(PIL, "Pillow")
    def test_pillow_leaves(self):
        from PIL import Image

        image = Image.new("RGB", (4, 4), (1, 2, 3))
        d = HashableDict({"a": image})
        image.putpixel((0, 0), (9, 9, 9))
        d["a"].putpixel((0, 0), (9, 9, 9))
        self.assertEqual(d["a"].getpixel((0, 0)), (1, 2, 3))
        self.assertEqual(d, HashableDict({"a": Image.new("RGB", (4, 4), (1, 2, 3))}))
        self.assertNotEqual(d, HashableDict({"a": Image.new("L", (4, 4), 1)}))

    @unittest.skipUnless(TORCH, "torch")
    def test_leaves_of_torch(self):
        import torch

        tensor = torch.arange(6).reshape(2, 3)
        l = HashableList([tensor])
        tensor.zero_()
        l[0].zero_()
        self.assertEqual(l.to_list()[0].tolist(), [[0, 1, 2], [3, 4, 5]])
        self.differ(l, HashableList([torch.arange(6).reshape(3, 2)]), HashableList([torch.arange(6)]))

    def test_a_whole_configuration(self):
        def config(image):
            return HashableDict({"image": image, "prompt": "a lake", "seed": 42, "box": BoundingBox(0.1, 0.2, 0.5, 0.6), "size": size(2, 3)})

        self.assertEqual(config(HashableImage(ramp())), config(HashableImage(HashableImage(ramp()).bytes())))
        self.assertNotEqual(config(HashableImage(ramp())), config(HashableImage(255 - ramp())))

    def test_pickle(self):
        for a in (ramp(), ramp(c=1), ramp(c=1) > 99):
            image = pickle.loads(pickle.dumps(HashableImage(a)))
            self.assertEqual(image, HashableImage(a))
            self.assertTrue((image.numpy() == a).all())


if __name__ == "__main__":
    unittest.main()
