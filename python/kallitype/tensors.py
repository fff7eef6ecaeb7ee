# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""torch tensors in and out: channels first, in the samples' own type. Nothing is scaled."""

from __future__ import annotations


from .image import Image
from .opening import array

TYPE_CHECKING = False   # typing takes as long to import as all of this
if TYPE_CHECKING:
    from typing import Any


def from_tensor(tensor: Any, *, model: str | None = None, alpha: bool | None = None, copy: bool = True) -> Image:
    """An image of a tensor (C, H, W), (1, C, H, W) or (H, W), of uint8, uint16, float32 or bool (a mask). float32 stays as it is, 0 to 1 for pictures."""
    t = tensor.detach().cpu()
    if t.ndim == 4:
        if t.shape[0] != 1:
            raise ValueError(f"a batch of {t.shape[0]} is not one image: open each")
        t = t[0]
    if t.ndim not in (2, 3):
        raise ValueError(f"an image is a tensor (C, H, W), (1, C, H, W) or (H, W), not {tuple(tensor.shape)}")
    if t.ndim == 3:
        t = t.permute(1, 2, 0)
        if t.shape[2] == 1:
            t = t[:, :, 0]
    return array(t.numpy(), model=model, alpha=alpha, copy=copy)


def to_tensor(image: Image, shared: bool) -> Any:
    """A tensor (C, H, W)."""
    import warnings

    import torch

    if shared:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")   # that it cannot be written to: the docstring says so
            t = torch.from_numpy(image.numpy_view())
    else:
        t = torch.from_numpy(image.numpy())
    return t.permute(2, 0, 1) if t.ndim == 3 else t[None]
