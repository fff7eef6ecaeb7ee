# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""PixelCache's promises, case by case: pixels (P), layout (L), uncrop (U), resizing (R), reading (I), and its README."""

import base64
import io
import os
import tempfile
import unittest

import kallitype as kal
from kallitype.compat.pixelcache import (BoundingBox, HashableDict, HashableImage, HashableList, ImageSize, display_string, get_logger, pseudo_hash,
                                         seed_everything)
from pixelcache_case import NUMPY, PIL, TORCH, block, flat, ramp, size

if NUMPY:
    import numpy as np


@unittest.skipUnless(NUMPY, "NumPy")
class Pixels(unittest.TestCase):
    def test_p1_gray(self):
        a = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [100, 150, 200]]], np.uint8)
        sources = [HashableImage(a), HashableImage(HashableImage(a).bytes())]
        for image in sources:
            self.assertEqual(image.to_gray().numpy().tolist(), [[76, 150, 29, 141]])
            self.assertEqual(image.to_gray().dtype(), "L")

    def test_p2_saturating(self):
        def first(image):
            return int(image.numpy()[0, 0])

        self.assertEqual((first(flat(250) + 10), first(flat(5) - 10), first(flat(100) * 3), first(flat(7) / 2)), (255, 0, 255, 4))
        self.assertEqual((first(flat(250) + flat(10)), first(flat(5) - flat(10)), first(10 + flat(1)), first(10 - flat(4)), first(2 * flat(4))),
                         (255, 0, 11, 6, 8))
        self.assertEqual(first(flat(100) * flat(255)), 100)
        cut = HashableImage(np.full((6, 6, 3), 9, np.uint8)) * block((0, 2, 0, 2), side=6)
        self.assertEqual((cut.dtype(), int(cut.sum())), ("RGB", 9 * 4 * 3))
        both = block((0, 2, 0, 2), side=6) * block((1, 3, 1, 3), side=6)
        self.assertEqual((both.dtype(), int(both.sum())), ("1", 1))

    def test_p3_blend(self):
        def mix(a, b, alpha):
            return flat(a).blend(HashableImage(np.full((6, 6, 3), b, np.uint8)), alpha, with_bbox=False).numpy()[0, 0].tolist()

        self.assertEqual(mix(10, 20, 0.5), [15] * 3)
        self.assertEqual(mix(101, 200, 0.3), [131] * 3)

    def test_p4_dim(self):
        out = flat(100).blend(block((0, 2, 0, 2), side=6), 0.2, with_bbox=False).numpy()[:, :, 0]
        self.assertEqual((int(out[0, 0]), int(out[5, 5])), (100, 20))
        boxed = flat(100, 40, 40).blend(block((10, 30, 10, 30), side=40), 0.2, with_bbox=True).numpy()
        self.assertTrue((boxed == [255, 0, 0]).all(axis=2).any())
        self.assertEqual(flat(100).blend(block(side=6), 0.2, with_bbox=True).numpy().max(), 20)

    def test_p5_palette(self):
        gray = HashableImage(np.array([[0, 1, 2, 3, 254, 255]], np.uint8))
        table = [[0, 0, 0], [0, 0, 139], [255, 255, 84], [0, 255, 0], [255, 255, 255], [0, 0, 0]]
        self.assertEqual(gray.apply_palette().numpy()[0].tolist(), table)
        self.assertEqual(gray.to_rgb().apply_palette().numpy()[0].tolist(), table)
        own = np.repeat(np.arange(256, dtype=np.uint8)[::-1, None], 3, axis=1)
        self.assertEqual(gray.apply_palette(own).numpy()[0, :, 0].tolist(), [255, 254, 253, 252, 1, 0])
        self.assertEqual(gray.apply_palette("viridis").dtype(), "RGB")
        self.assertRaises(ValueError, lambda: HashableImage(ramp()).apply_palette())
        with self.assertRaisesRegex(ValueError, "viridis"):
            gray.apply_palette("no such")

    def test_p6_equalize(self):
        a = HashableImage(np.array([[0, 0, 100, 200]], np.uint8))
        self.assertEqual(a.equalize_hist().numpy().tolist(), [[0, 0, 128, 255]])
        self.assertEqual(a.to_rgb().equalize_hist().numpy().tolist(), [[0, 0, 128, 255]])

    def test_p7_invert(self):
        self.assertEqual(int(flat(10).invert_rgb().numpy()[0, 0]), 245)
        self.assertEqual(HashableImage(ramp()).invert_rgb().invert_rgb(), HashableImage(ramp()))

    def test_p8_stretch(self):
        self.assertEqual(flat(7).set_minmax(0.2, 0.8).numpy().tolist(), [[51] * 6] * 6)
        self.assertEqual(HashableImage(np.array([[10, 20, 30]], np.uint8)).set_minmax(0, 1).numpy().tolist(), [[0, 128, 255]])

    def test_statistics(self):
        image = HashableImage(np.array([[0, 0, 100, 200]], np.uint8))
        self.assertEqual((image.mean(), image.min(), image.max(), image.sum(), image.std()), (75.0, 0.0, 200.0, 300.0, 82.91562))
        m = block((0, 2, 0, 2), side=4)
        self.assertEqual((m.mean(), m.sum(), m.max()), (0.25, 4.0, 1.0))
        values, which, counts = image.unique_values()
        self.assertEqual((values, counts), ([0.0, np.float32(100 / 255), np.float32(200 / 255)], [2, 1, 1]))
        self.assertEqual(np.asarray(which).shape, (1, 1, 1, 4))

    def test_like(self):
        rgb, gray, mask = HashableImage(ramp()), flat(9), block(side=6)
        for image in (rgb, gray, mask):
            self.assertEqual((image.zeros_like().dtype(), image.zeros_like().shape), (image.dtype(), image.shape))
            self.assertFalse(image.zeros_like().numpy().any())
            self.assertEqual(int(image.ones_like().numpy().min()), 1 if image.is_binary() else 255)
        self.assertEqual(HashableImage.zeros_from_size(size(2, 3)).shape, (2, 3, 3))
        self.assertTrue((rgb.rgb2bgr().numpy() == ramp()[:, :, ::-1]).all())
        self.assertEqual(rgb.bgr2rgb().rgb2bgr(), rgb)

    def test_no_silent_assignment(self):
        image = flat(10)
        with self.assertRaisesRegex(TypeError, "filled"):
            image[block((0, 1, 0, 1), side=6)] = 1.0
        filled = image.filled(block((0, 1, 0, 1), side=6), 1.0).numpy()
        self.assertEqual((int(filled[0, 0]), int(filled[1, 1])), (255, 10))

    def test_pseudo_hash(self):
        import random

        random.seed(1)
        first = random.random()
        random.seed(1)
        self.assertEqual(pseudo_hash(3), pseudo_hash(3))
        self.assertEqual(len(pseudo_hash(3, 9)), 9)
        self.assertEqual(random.random(), first)
        self.assertEqual(seed_everything(5, verbose=False), 5)
        with self.assertLogs("pixelcache", "INFO") as logs:
            get_logger().success("done")
        self.assertEqual(logs.output, ["INFO:pixelcache:done"])

    @unittest.skipUnless(PIL, "Pillow")
    def test_display_string(self):
        image, letters = display_string(text="a lake", size=size(200, 400))
        self.assertEqual((image.size, image.mode, letters), ((400, 200), "RGB", 64))
        ys, xs = np.nonzero(np.asarray(image)[:, :, 0] < 128)
        self.assertTrue(60 < ys.min() < ys.max() < 140 and 80 < xs.min() < xs.max() < 320)
        image, letters = display_string(text="one two three four", size=size(64, 64), force_size=16, justification="left", foreground=(255, 0, 0))
        self.assertEqual((letters, np.asarray(image)[:, 63].min()), (16, 255))


@unittest.skipUnless(NUMPY, "NumPy")
class Layout(unittest.TestCase):
    def test_l1_centre(self):
        for side, whole, before in ((4, 7, 1), (3, 6, 2), (3, 7, 2), (5, 6, 1), (2, 5, 1)):
            out = HashableImage(np.full((side, side), 9, np.uint8)).center_pad(size(whole, whole), fill=1).numpy()
            want = np.ones((whole, whole, 3), np.uint8)
            want[before:before + side, before:before + side] = 9
            self.assertTrue((out == want).all(), (side, whole))

    def test_l2_smaller(self):
        with self.assertRaisesRegex(ValueError, "center_pad.*smaller"):
            flat(1, 10, 10).center_pad(size(4, 12))

    def colours(self):
        return {name: [HashableImage(np.full((16, 16, 3), c, np.uint8))] for name, c in
                (("zzz", [255, 0, 0]), ("aaa", [0, 255, 0]), ("mmm", [0, 0, 255]))}

    def test_l3_vertical(self):
        out = HashableImage.make_image_grid(self.colours(), orientation="vertical").numpy()
        self.assertEqual(out.shape, (16, 48, 3))
        self.assertEqual([out[8, x].tolist() for x in (8, 24, 40)], [[255, 0, 0], [0, 255, 0], [0, 0, 255]])

    def test_l4_horizontal(self):
        out = HashableImage.make_image_grid(HashableDict(self.colours())).numpy()
        self.assertEqual(out.shape, (48, 16, 3))
        self.assertEqual([out[y, 8].tolist() for y in (8, 24, 40)], [[255, 0, 0], [0, 255, 0], [0, 0, 255]])

    def test_l5_ragged(self):
        images = {"a": [flat(200, 16, 16)], "b": [flat(100, 16, 16)] * 2}
        out = HashableImage.make_image_grid(images).numpy()
        self.assertEqual(out.shape, (32, 32, 3))
        self.assertFalse(out[:16, 16:].any())
        self.assertEqual(len(images["a"]), 1)

    def test_l6_mixed_sizes(self):
        out = HashableImage.make_image_grid({"a": [flat(200, 10, 10)], "b": [flat(100, 20, 30)]}).numpy()[:, :, 0]
        self.assertEqual(out.shape, (40, 30))
        self.assertTrue((out[5:15, 10:20] == 200).all() and int((out[:20] != 0).sum()) == 100 and (out[20:] == 100).all())

    def test_labels(self):
        plain = HashableImage.make_image_grid(self.colours(), orientation="vertical").size()
        for orientation in ("horizontal", "vertical"):
            large = {k: [v[0].resize(size(64, 64))] for k, v in self.colours().items()}
            out = HashableImage.make_image_grid(large, orientation=orientation, with_text=True)
            band = out.size().width - 64 if orientation == "horizontal" else out.size().height - 64
            self.assertGreater(band, 0)
            edge = out.numpy()[:, :band] if orientation == "horizontal" else out.numpy()[:band]
            self.assertTrue((edge == 255).any() and (edge == 0).any())
        self.assertEqual(plain, size(16, 48))
        self.assertRaises(ValueError, lambda: HashableImage.make_image_grid({}))

    def test_concat(self):
        a, b = ramp(4, 5), ramp(4, 7)
        self.assertTrue((HashableImage(a).concat([HashableImage(b)], "horizontal").numpy() == np.concatenate([a, b], axis=1)).all())
        self.assertTrue((HashableImage(a).concat([HashableImage(a)], "vertical").numpy() == np.concatenate([a, a])).all())
        with self.assertRaisesRegex(ValueError, "width is 5, 7"):
            HashableImage(a).concat([HashableImage(b)], "vertical")
        self.assertEqual(block(side=4).concat([block(side=4)], "vertical").dtype(), "1")


@unittest.skipUnless(NUMPY, "NumPy")
class Uncrop(unittest.TestCase):
    def seam(self, width, h=30, w=6, at=(7, 5)):
        base = HashableImage(np.full((40, 20, 3), 100, np.uint8))
        box = HashableList([BoundingBox(at[0], at[1], at[0] + w, at[1] + h, base.size())])
        out = HashableImage(np.full((h, w), 200, np.uint8)).uncrop_from_bbox(base, box, blend_width=width).numpy()[:, :, 0]
        return out[at[1]:at[1] + h, at[0]:at[0] + w]

    def test_u1_identity(self):
        base = HashableImage(ramp(40, 50))
        boxes = HashableList([BoundingBox(3, 4, 20, 30, base.size()), BoundingBox(10, 10, 33, 20, base.size())])
        self.assertEqual(base.crop_from_bbox(boxes).uncrop_from_bbox(base, boxes, blend_width=0), base)
        self.assertEqual(base.crop_from_bbox(boxes).uncrop_from_bbox(base, boxes), base)

    def test_u2_feather(self):
        self.assertEqual(self.seam(3)[15].tolist(), [125, 150, 175, 175, 150, 125])

    def test_u3_feather_of_one(self):
        out = self.seam(1)
        self.assertEqual(out[15].tolist(), [150, 200, 200, 200, 200, 150])
        self.assertEqual(out[0, 3], out[-1, 3])

    def test_u4_feather_beyond_the_crop(self):
        self.assertEqual(self.seam(10, h=6).tolist(), self.seam(3, h=6).tolist())

    def test_sizes(self):
        base = HashableImage(ramp(40, 50))
        box = BoundingBox(0.1, 0.1, 0.5, 0.5)
        with self.assertRaisesRegex(ValueError, "resize=True"):
            flat(1).uncrop_from_bbox(base, HashableList([box]))
        self.assertEqual(flat(1).uncrop_from_bbox(base, HashableList([box]), resize=True).size(), base.size())
        with self.assertRaisesRegex(ValueError, "no boxes"):
            base.crop_from_bbox(HashableList([]))


@unittest.skipUnless(NUMPY, "NumPy")
class Resizing(unittest.TestCase):
    def test_r1_same_size(self):
        image = HashableImage(ramp())
        self.assertIs(image.resize(image.size()), image)

    def test_r2_downsample(self):
        self.assertEqual(HashableImage(ramp(5, 7)).downsample(2).size(), size(2, 3))
        self.assertRaises(ValueError, lambda: HashableImage(ramp(5, 7)).downsample(8))
        self.assertRaises(ZeroDivisionError, lambda: HashableImage(ramp(5, 7)).downsample(0))

    def test_r3_min_size(self):
        big = HashableImage.zeros_from_size(size(480, 640))
        self.assertEqual(big.resize_min_size(256).size(), size(256, 336))
        self.assertEqual(big.resize_min_size(100).size(), size(96, 128))
        self.assertEqual(HashableImage.zeros_from_size(size(300, 200)).resize_min_size(64).size(), size(96, 64))
        self.assertRaises(ValueError, lambda: big.resize_min_size(8))

    def test_r4_rotate(self):
        a = ramp(2, 3)
        self.assertTrue((HashableImage(a).rotate(90).numpy() == np.rot90(a)).all())
        self.assertEqual(HashableImage(ramp()).rotate(45.0, expand=False).size(), size(16, 16))

    def test_kinds(self):
        m = block((10, 30, 10, 30))
        small = m.resize(size(32, 32))
        self.assertEqual((small.dtype(), small.sum()), ("1", 100.0))   # no halo
        self.assertEqual(flat(9).resize(size(3, 3)).dtype(), "RGB")
        for mode in ("bilinear", "lanczos", "nearest"):
            self.assertEqual(HashableImage(ramp()).resize(size(7, 9), mode).size(), size(7, 9))
        self.assertRaises(ValueError, lambda: HashableImage(ramp()).resize(size(7, 9), "cubic"))


@unittest.skipUnless(NUMPY, "NumPy")
class Reading(unittest.TestCase):
    @unittest.skipUnless(PIL, "Pillow")
    def test_i1_upright(self):
        from PIL import Image

        scene = np.zeros((32, 48, 3), np.uint8)
        scene[:16, :24] = 255
        undo = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}   # Pillow's transposes
        for value, how in undo.items():
            stored = Image.fromarray(scene)
            stored = stored if how is None else stored.transpose(how)
            exif = Image.Exif()
            exif[274] = value
            file = io.BytesIO()
            stored.save(file, "png", exif=exif)
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "a.png")
                with open(path, "wb") as out:
                    out.write(file.getvalue())
                for source in (path, file.getvalue(), Image.open(io.BytesIO(file.getvalue()))):
                    self.assertTrue((HashableImage(source).numpy() == scene).all(), (value, type(source)))
                self.assertEqual(kal.open(path, upright=False).shape[:2], stored.size[::-1])

    def test_pixels_alone(self):
        """What is written does not hang on whether somebody looked."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "wide.png")
            kal.open(ramp()).icc_assign(to="display_p3").set_field("exif.Artist", "Ada").save(path)
            image = HashableImage(path)
            before = image.bytes()
            hash(image)
            self.assertEqual(image.bytes(), before)
            self.assertEqual([kal.open(before).meta(block) for block in ("icc", "exif")], [None, None])

    @unittest.skipUnless(PIL, "Pillow")
    def test_i2_alpha(self):
        from PIL import Image

        file = io.BytesIO()
        Image.new("RGBA", (4, 4), (100, 200, 50, 128)).save(file, "png")
        self.assertEqual(HashableImage(file.getvalue()).numpy()[0, 0].tolist(), [100, 200, 50])
        self.assertEqual(HashableImage(Image.open(file)).numpy()[0, 0].tolist(), [100, 200, 50])
        self.assertEqual(np.asarray(kal.open(file.getvalue()))[0, 0].tolist(), [100, 200, 50, 128])

    @unittest.skipUnless(PIL, "Pillow")
    def test_modes_of_pillow(self):
        from PIL import Image

        rgb = Image.fromarray(ramp())
        for mode, kind in (("P", "RGB"), ("CMYK", "RGB"), ("YCbCr", "RGB"), ("L", "L"), ("1", "1"), ("LA", "RGB"), ("RGBA", "RGB")):
            image = HashableImage(rgb.convert(mode))
            self.assertEqual(image.dtype(), kind)
            self.assertEqual(image.pil().mode, kind)
            self.assertEqual(HashableImage(image.pil()), image)
        self.assertEqual(HashableImage(rgb).raw().mode, "RGB")

    def test_i3_png(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.png")
            HashableImage(ramp()).save(path)
            self.assertEqual(HashableImage(path), HashableImage(ramp()))
            self.assertTrue((HashableImage(path).numpy() == ramp()).all())
            os.unlink(path)
            self.assertRaises(RuntimeError, lambda: HashableImage(path))
            with open(path, "wb") as file:
                file.write(b"no image")
            with self.assertRaisesRegex(RuntimeError, "Error reading image"):
                HashableImage(path)
        self.assertRaises(ValueError, lambda: HashableImage(b"no image"))
        self.assertRaises(TypeError, lambda: HashableImage(3))

    def test_a_file_may_go(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.png")
            HashableImage(ramp()).save(path)
            image = HashableImage(path)
        self.assertTrue((image.numpy() == ramp()).all())
        self.assertTrue(os.path.exists(image.get_filename()))
        self.assertEqual(image.get_filename(), image.get_filename())

    def test_i4_colour_key(self):
        a = np.array([[[255, 255, 255], [255, 0, 0], [0, 0, 0]]], np.uint8)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.png")
            HashableImage(a).save(path, transparency="white")
            self.assertEqual(np.asarray(kal.open(path))[0, :, 3].tolist(), [0, 255, 255])
            HashableImage(a).save(path, transparency="black")
            self.assertEqual(np.asarray(kal.open(path))[0, :, 3].tolist(), [255, 255, 0])
            self.assertRaises(ValueError, lambda: HashableImage(a).save(path, transparency="red"))

    def test_i5_copies(self):
        image = HashableImage(ramp())
        image.numpy()[:] = 0
        image.raw()[:] = 0
        if PIL:
            image.pil().putpixel((0, 0), (9, 9, 9))
        if TORCH:
            image.tensor().zero_()
        self.assertTrue((image.numpy() == ramp()).all())

    def test_i6_views(self):
        for image in (HashableImage(ramp()), block()):
            with self.assertRaises(ValueError):
                image.numpy_view()[0, 0] = 1
        image = HashableImage(ramp())
        self.assertTrue(np.shares_memory(image.numpy_view(), image.numpy_view()))
        self.assertTrue(np.shares_memory(image.raw_view(), image.numpy_view()))

    @unittest.skipUnless(TORCH, "torch")
    def test_tensors(self):
        import torch

        image = HashableImage(ramp())
        self.assertEqual((tuple(image.tensor().shape), image.tensor().dtype), ((1, 3, 16, 16), torch.float32))
        self.assertEqual(HashableImage(image.tensor()), image)
        self.assertEqual(HashableImage(image.tensor()).mode, "torch")
        self.assertEqual(block().tensor().dtype, torch.bool)
        self.assertEqual(HashableImage(block((1, 2, 1, 2)).tensor()), block((1, 2, 1, 2)))

    def test_decode_bytes(self):
        self.assertEqual(HashableImage.decode_bytes(flat(9).bytes()).shape, (6, 6, 3))
        self.assertEqual(HashableImage.decode_bytes(flat(9).bytes(), unchanged=True).shape, (6, 6))
        self.assertRaises(ValueError, lambda: HashableImage.decode_bytes(b"no image"))
        self.assertEqual(base64.b64decode(flat(9).b64()), flat(9).bytes())

    def test_what_it_is(self):
        image = HashableImage(ramp(4, 6))
        self.assertEqual((image.size(), image.shape, image.dtype(), image.mode, image.is_rgb(), image.is_binary()),
                         (size(4, 6), (4, 6, 3), "RGB", "numpy", True, False))
        self.assertEqual(repr(image), "HashableImage(mode=numpy, dtype=RGB, size=ImageSize(height=4, width=6), src=mem)")
        self.assertIn("mean=", image.summary())
        self.assertEqual(image.copy(), image)
        self.assertEqual(block().shape, (64, 64))
        self.assertEqual(HashableImage(np.zeros((4, 4, 1), np.uint8)).shape, (4, 4))


@unittest.skipUnless(NUMPY, "NumPy")
class Readme(unittest.TestCase):
    """The examples of PixelCache's README, with pictures of our own."""

    def photo(self, folder):
        path = os.path.join(folder, "photo.jpg")
        kal.sample(width=320, height=240).save(path)
        return path

    def test_transformations(self):
        with tempfile.TemporaryDirectory() as folder:
            img = HashableImage(self.photo(folder)).resize(ImageSize(height=256, width=256))
            out = os.path.join(folder, "transformations.png")
            HashableImage.make_image_grid({
                "original": [img], "to_gray()": [img.to_gray().to_rgb()], "to_binary(.5)": [img.to_gray().to_binary(0.5).to_rgb()],
                "apply_palette": [img.to_gray().apply_palette("viridis")], "equalize_hist": [img.equalize_hist().to_rgb()],
                "rotate(45)": [img.rotate(45.0).resize(ImageSize(height=256, width=256))],
            }, orientation="vertical", with_text=True).save(out)
            self.assertEqual(HashableImage(out).size().width, 6 * 256)

    def test_mask_workflow(self):
        with tempfile.TemporaryDirectory() as folder:
            img = HashableImage(self.photo(folder))
            h, w = img.size().height, img.size().width
            mask_np = np.zeros((h, w), dtype=np.uint8)
            mask_np[h // 4:3 * h // 4, w // 4:3 * w // 4] = 255
            mask = HashableImage(mask_np).to_binary(0.5)
            debug = img.blend(mask.to_rgb(), alpha=0.45, with_bbox=False)
            self.assertEqual(debug.size(), img.size())
            self.assertEqual(img.crop_from_mask(mask).size(), size(120, 160))

    def test_blending(self):
        with tempfile.TemporaryDirectory() as folder:
            images = [HashableImage(self.photo(folder)), HashableImage(kal.sample(width=100, height=100, seed=3))]
            self.assertEqual(hash(HashableList(images)), hash(HashableList(list(images))))
            resized = [image.resize(images[1].size()) for image in images]
            blended = resized[0].blend(resized[1], alpha=0.5, with_bbox=False)
            binary = resized[0].blend(resized[1].to_binary(0.5).invert_binary(), alpha=0.2, with_bbox=True)
            grid = HashableDict({"image base": HashableList([resized[0]]), "image reference": HashableList([resized[1]]),
                                 "blended_image": HashableList([blended]), "blended_image_binarized": HashableList([binary])})
            out = HashableImage.make_image_grid(grid, orientation="horizontal", with_text=True)
            out.save(os.path.join(folder, "blend.jpg"))
            self.assertEqual(HashableImage(os.path.join(folder, "blend.jpg")).size(), out.size())

    def test_crop_and_uncrop(self):
        with tempfile.TemporaryDirectory() as folder:
            images = [HashableImage(self.photo(folder)), HashableImage(kal.sample(width=100, height=100, seed=3))]
            image_size = images[1].size()
            resized = [image.resize(image_size) for image in images]
            padded = ImageSize(width=image_size.width + 100, height=image_size.height + 100)
            mask = images[1].center_pad(padded, fill=255).resize(image_size).to_gray().to_binary(0.3)
            cropped = resized[1].crop_from_mask(mask)
            uncropped = cropped.uncrop_from_bbox(base=resized[0], bboxes=mask.mask2bbox(margin=0.0), resize=True)
            self.assertEqual(uncropped.size(), image_size)


if __name__ == "__main__":
    unittest.main()
