# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What of pyvips is not here, and what to use for it."""

from __future__ import annotations

from .. import _kal
from ._vips_errors import nearest

# Of an image, and of the class.
INSTEAD = {
    "sharpen": "image.kal.sharpen(...)", "hist_find": "image.kal.histogram()", "hist_equal": "image.kal.equalize()",
    "smartcrop": "image.kal.smart_crop(...)", "affine": "image.kal.affine(...)", "similarity": "image.kal.affine(...), or rotate and resize",
    "conv": "image.kal.convolve(...)", "convsep": "image.kal.convolve_sep(...)", "compass": "image.kal.sobel(...)",
    "icc_import": "image.kal.icc_transform(...)", "icc_export": "image.kal.icc_transform(...)", "icc_transform": "image.kal.icc_transform(...)",
    "draw_rect": "image.kal.draw_boxes(...)", "draw_line": "image.kal.draw_lines(...)", "draw_circle": "image.kal.draw_circles(...)",
    "draw_mask": "image.kal.composite(...)", "text": "kallitype.text_image(...)", "dzsave": 'image.kal.save("out.dzi")',
    "maplut": "image.kal.lut(...)", "gamma": "image.kal.gamma(...)", "rank": "image.kal.median_filter(...)", "erode": "image.kal.erode(...)",
    "dilate": "image.kal.dilate(...)", "morph": "image.kal.erode(...) or dilate(...)", "labelregions": "image.kal.components()",
    "find_trim": "image.kal.trim_box()", "stats": "image.kal.mean(), .min(), .max(), .std()", "percent": "image.kal.percentile(...)",
    "remainder": "image % number", "add": "image + other", "subtract": "image - other", "multiply": "image * other", "divide": "image / other",
    "premultiply": "image.kal.premultiply()", "unpremultiply": "image.kal.unpremultiply()", "mapim": "image.kal.remap(...)",
    "perlin": "kallitype.perlin(...)", "gaussnoise": "kallitype.noise(...)", "replicate": "image.kal.replicate(...)",
    "recomb": "image.kal.color_matrix(...)", "relational": "image > other and the like", "math": "image.kal.expr(formula=...)",
    "reduce": "image.resize(...)", "reduceh": "image.resize(...)", "reducev": "image.resize(...)", "shrinkh": "image.shrink(...)",
    "shrinkv": "image.shrink(...)", "set_type": "image.set(name, text)",
    "new_temp_file": "nothing: memory is bounded by kallitype.options(max_memory=, spill=)",
    "invalidate": "nothing: a changed file is another image", "hough_line": "numpy", "fwfft": "numpy.fft", "invfft": "numpy.fft",
    "msb": 'cast("uchar", shift=True)', "scaleimage": "image.kal.stretch()", "grid": "image.kal.sheet(...)", "countlines": "numpy",
    "get_gainmap": "image.kal.info", "jpegsave": "write_to_file", "pngsave": "write_to_file", "webpsave": "write_to_file",
    "tiffsave": "write_to_file", "gifsave": "write_to_file", "heifsave": "write_to_file", "jxlsave": "write_to_file", "jpegload": "new_from_file",
    "pngload": "new_from_file", "webpload": "new_from_file", "tiffload": "new_from_file", "gifload": "new_from_file",
    "jpegsave_buffer": "write_to_buffer", "pngsave_buffer": "write_to_buffer", "webpsave_buffer": "write_to_buffer",
    "tiffsave_buffer": "write_to_buffer", "jpegload_buffer": "new_from_buffer", "pngload_buffer": "new_from_buffer",
    "new_from_list": "new_from_array", "gaussmat": "image.gaussblur(sigma)", "xyz": 'image.kal.expr(formula="x")',
    "identity": "image.kal.lut(...)", "grey": "kallitype.gradient(...)", "zone": "kallitype.zone_plate(...)",
}
# Options of methods.
_PROFILES = "image.kal.icc_transform(...) goes from one profile to another"
_EMBED = "embed the images first"
OPTIONS = {
    "min_ampl": "the filter itself is computed, nowhere cut short", "precision": "the filter itself is computed, in floats where that is needed",
    "export_profile": _PROFILES, "output_profile": _PROFILES, "import_profile": _PROFILES, "input_profile": _PROFILES,
    "intent": "image.kal.icc_transform(..., intent=...)", "pcs": _PROFILES, "embedded": "a profile that is embedded is what is used",
    "interpolate": "kernel= of resize, or image.kal.affine(...)", "idx": "image.kal.affine(...)", "idy": "image.kal.affine(...)",
    "odx": "image.kal.affine(...)", "ody": "image.kal.affine(...)", "premultiplied": "colours are straight: image.kal.unpremultiply() first",
    "compositing_space": "colourspace(...) of the images first", "expand": _EMBED, "align": _EMBED, "shim": _EMBED, "halign": _EMBED, "valign": _EMBED,
    "hspacing": _EMBED, "vspacing": _EMBED, "blend": "image.kal.mask_blend(...)", "source_space": "copy(interpretation=...) first",
    "attention_x": "image.kal.smart_crop(...)", "attention_y": "image.kal.smart_crop(...)",
}
# Of the module.
MODULE = {
    "cache_set_max_files": "nothing: no file is kept open", "cache_set_trace": "image.kal.explain()",
    "concurrency_set": "kallitype.options(threads=)",
    "cache_get_size": "kallitype.memo_stats()", "cache_get_max": "kallitype.memo_stats()", "cache_get_max_mem": "kallitype.memo_stats()",
    "cache_get_max_files": "nothing: no file is kept open", "leak_set": "nothing", "block_untrusted_set": "kallitype.untrusted()",
    "operation_block_set": "kallitype.untrusted() and kallitype.limits(...)", "Operation": "kallitype's ops", "GValue": "plain values",
    "Introspect": "help(kallitype.NAME)", "shutdown": "nothing", "Interpolate": "kernel= of the op", "VipsObject": "nothing",
    "enums": "the classes of words in this module",
}


def missing(what: str, name: str, here: list[str]) -> AttributeError:
    """Says what to use for something of pyvips that is not here."""
    if name in INSTEAD:
        return AttributeError(f"{what} has no {name!r} here: use {INSTEAD[name]}")
    ops = _kal.ops()
    if name in ops:
        return AttributeError(f"{what} has no {name!r} here: use image.kal.{name}(...), kallitype's own")
    return AttributeError(f"{what} has no {name!r} here; image.kal is kallitype's image, with all its ops{nearest(name, [*here, *ops])}")
