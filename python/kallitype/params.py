# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Parameters of a computation as immutable dicts and lists with a key.

    params = kal.ParamDict(image=img, prompt="a lake", seed=42, sizes=[1, 2])
    params.key          # 32 hex digits, the same in every process and on every machine

Two are equal when their keys are. The order of names does not count, that of a list does; so do kinds: 1, 1.0, True and "1" are four,
and an array of 2×3 is none of 3×2. What stands for what:

    None, bool, int, float, str, bytes      themselves; NaN is refused, -0.0 is 0.0
    dict, list, tuple                       ParamDict and ParamList (a tuple counts as a list)
    Image, Encoded, Value                   what they are made of: nothing is computed
    img.content()                           the pixels
    a NumPy array, a torch tensor, a buffer its type, shape and elements, copied
    a number of NumPy                       the number
    a Pillow image                          the image of its pixels
    pathlib.Path                            the bytes of the file, read when the key is asked for; a str is a text, whatever it says
    Box, Points, ImageSize                  their numbers, and that they are a box, points, a size
    a member of an Enum, a dataclass        the class by its name, with the member's name (of flags, the number) or the fields and what else it was given, but for names that begin with _

Whatever has a method `__kal_params__` stands for what that gives. All else is refused with the place where it is.
"""

from __future__ import annotations

import enum
import functools
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from . import _kal, naming
from .box import Box

# Kinds that the extension knows and nobody can change. Exactly these: a member of an IntEnum is no int here.
_SIMPLE = frozenset({type(None), bool, float, bytes})
_ELEMENTS = "biuf"


def key_of(plain: dict[str, Any]) -> str:
    """The key of a dict of what `plain_of` gives."""
    return str(_kal.map_key(plain, None, False))


def _no(where: str, value: object, why: str = "") -> TypeError:
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return TypeError(f"{where or 'a parameter'}: a {name} has no key{why or '; give what it is made of'}")


def _text(value: str, where: str) -> str:
    if "\0" in value:
        raise ValueError(f"{where or 'a parameter'}: a text with a NUL has no key; give it as bytes")
    return value


def _is_unicode(value: str) -> bool:
    """A name of a file that is no UTF-8 has halves of letters in Python."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _name(name: object, where: str) -> str:
    if not isinstance(name, str):
        raise TypeError(f"{where or 'parameters'}: names are texts, not {name!r}")
    if not _is_unicode(name):
        raise ValueError(f"{where or 'parameters'}: the name {name!r} is no Unicode")
    return _text(str(name), where)


def _array(value: Any, where: str) -> Any:
    """A NumPy array of its own that nobody can write to."""
    import numpy

    if type(value) not in (numpy.ndarray, numpy.memmap):   # a mask, or another meaning of *, is part of it
        raise _no(where, value, ": give numpy.asarray of it, if that is all there is to it")
    value = numpy.asarray(value)
    if value.dtype.kind not in _ELEMENTS or value.dtype.itemsize > 8:
        raise _no(where, value, f" when its elements are {value.dtype}")
    value = value.astype(value.dtype.newbyteorder("="), order="C", copy=False)
    return numpy.frombuffer(value.tobytes(), value.dtype).reshape(value.shape)


def _buffer(value: Any, where: str) -> Any:
    view = memoryview(value)
    if view.ndim == 1 and view.format == "B":
        return bytes(view)
    if not view.c_contiguous:
        raise _no(where, value, " when its elements do not lie behind each other")
    copy: Any = memoryview(view.tobytes())
    return copy.cast(view.format, view.shape) if view.ndim else copy.cast(view.format)


def freeze(value: Any, where: str = "", dicts: type[ParamDict] | None = None, lists: type[ParamList] | None = None) -> Any:
    """The value, or what stands for it and cannot change."""
    if type(value) in _SIMPLE or isinstance(value, (_kal.Node, ParamDict, ParamList)):
        return value
    if isinstance(value, enum.Enum):
        return value
    if isinstance(value, str):
        return _text(str(value), where)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        return (dicts or ParamDict)._made(value, where)
    if isinstance(value, (list, tuple)) and not hasattr(value, "__kal_params__"):
        return (lists or ParamList)._made(value, where)
    return _freeze_object(value, where, dicts or ParamDict)


def _freeze_object(value: Any, where: str, dicts: type[ParamDict]) -> Any:
    top = type(value).__module__.partition(".")[0]
    if "numpy" in sys.modules:
        import numpy

        if isinstance(value, numpy.ndarray):
            return _array(value, where)
        if isinstance(value, numpy.generic):
            return freeze(_scalar(value, where), where)
    if isinstance(value, float):
        return float(value)
    if hasattr(value, "__kal_params__") or isinstance(value, (Box, os.PathLike)) or _is_content(value):
        return value
    if top in ("torch", "PIL"):
        return dicts._foreign(value, where)
    if _is_record(value):
        return _Record(value, where)
    try:
        return _buffer(value, where)
    except TypeError as error:
        if "has no key" in str(error):
            raise
        raise _no(where, value) from None


def _scalar(value: Any, where: str) -> Any:
    if value.dtype.kind not in _ELEMENTS + "US" or value.dtype.itemsize > 8 and value.dtype.kind == "f":
        raise _no(where, value)
    return value.item()


def _is_content(value: object) -> bool:
    from .image import Content

    return isinstance(value, Content)


def foreign(value: Any, where: str) -> Any:
    """A tensor as an array, a Pillow image as an Image: copies."""
    if type(value).__module__.partition(".")[0] == "torch":
        return _array(value.detach().cpu().numpy(), where)
    from .opening import open as open_

    return open_(value)


def _is_record(value: object) -> bool:
    return hasattr(type(value), "__dataclass_fields__") and not isinstance(value, type)


def _fields(value: Any) -> dict[str, Any]:
    """Of a dataclass: its fields, and what else it was given, by __post_init__ or by a class made of it; not what begins with _, and what is computed once and kept."""
    import dataclasses

    names = [field.name for field in dataclasses.fields(value)]
    more = [*getattr(value, "__dict__", ()), *(name for kind in type(value).__mro__ for name in _slots(kind) if hasattr(value, name))]
    return {name: getattr(value, name)
            for name in dict.fromkeys([*names, *(n for n in more if n[:1] != "_" and not isinstance(getattr(type(value), n, None), functools.cached_property))])}


def _slots(kind: type) -> tuple[str, ...]:
    slots = kind.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _member(value: enum.Enum) -> dict[str, Any]:
    """By its name; flags, of which several together have none, by their number."""
    named = {"$enum": naming.of_class(type(value))}
    return {**named, "value": plain_of(int(value.value))} if isinstance(value, enum.Flag) else {**named, "name": value.name}


class _Record:
    """A dataclass as it was when it was given."""

    __slots__ = ("value",)

    def __init__(self, value: Any, where: str) -> None:
        fields = {name: freeze(item, f"{where}.{name}" if where else name) for name, item in _fields(value).items()}
        self.value = ParamDict({"$class": naming.of_class(type(value)), "fields": fields})

    def __kal_params__(self) -> ParamDict:
        return self.value

    def __repr__(self) -> str:
        inner = ", ".join(f"{k}={v!r}" for k, v in self.value["fields"].items())
        return f"{self.value['$class'].rpartition('.')[2]}({inner})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _record, (self.value,)


def _record(value: ParamDict) -> _Record:
    record = _Record.__new__(_Record)
    record.value = value
    return record


def plain_of(value: Any, where: str = "") -> Any:
    """What the extension knows, for anything that has a key: dicts, lists, numbers, texts, bytes, buffers, nodes."""
    kind = type(value)
    if kind in _SIMPLE or isinstance(value, _kal.Node):
        return value
    if kind is int:
        return value if -1 << 63 <= value < 1 << 63 else {"$int": str(value)}
    if kind is str:
        return _text(value, where) if value.isascii() or _is_unicode(value) else {"$text": value.encode("utf-8", "surrogatepass")}
    if isinstance(value, (ParamDict, ParamList)):
        return value._plain()
    if isinstance(value, enum.Enum):
        return _member(value)
    if kind is dict:
        return {_name(name, where): plain_of(item, f"{where}.{name}" if where else str(name)) for name, item in value.items()}
    if kind is list or kind is tuple:
        return [plain_of(item, f"{where}[{i}]") for i, item in enumerate(value)]
    return _plain_object(value, where)


def _plain_object(value: Any, where: str) -> Any:
    if isinstance(value, Box):
        return {"$box": [float(x) for x in value], "relative": bool(value.relative)}
    if isinstance(value, os.PathLike):
        return value   # the bytes of its file, which the library digests without holding them
    if _is_content(value):
        return {"$content": value.key}
    if hasattr(value, "__kal_params__"):
        return plain_of(value.__kal_params__(), where)
    if type(value).__module__ == "numpy" and hasattr(value, "ndim") and _is_array(value):
        return value if value.flags.c_contiguous and value.dtype.kind in _ELEMENTS and value.dtype.isnative and value.dtype.itemsize <= 8 \
            else _array(value, where)
    if type(value) is memoryview:
        return value
    return plain_of(freeze(value, where), where)


def _is_array(value: Any) -> bool:
    import numpy

    return type(value) is numpy.ndarray


def _out(value: Any) -> Any:
    """A value for a caller to keep: private copies of what can be written to."""
    if isinstance(value, ParamDict):
        return value.to_dict()
    if isinstance(value, ParamList):
        return value.to_list()
    if hasattr(value, "flags") and hasattr(value, "copy"):
        return value.copy()
    return value


class _Keyed:
    __slots__ = ()
    _key: str | None

    def _plain(self) -> Any:
        raise NotImplementedError

    @property
    def key(self) -> str:
        """What it is, as 32 hex digits: the same in every process, on every machine."""
        if self._key is None:
            object.__setattr__(self, "_key", key_of(self._whole()))
        return self._key   # type: ignore[return-value]

    @property
    def recipe(self) -> str:
        """What the key is made of, as JSON."""
        return str(_kal.map_key(self._whole(), None, True)[1])

    def _whole(self) -> dict[str, Any]:
        plain = self._plain()
        return plain if isinstance(plain, dict) else {"$list": plain}

    def __hash__(self) -> int:
        return int(self.key[:15], 16)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a {type(self).__name__} does not change; make another")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a {type(self).__name__} does not change; make another")

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: object) -> Any:
        return self

    def __dask_tokenize__(self) -> str:
        return self.key


class ParamDict(_Keyed, Mapping[str, Any]):
    """An immutable dict of parameters, equal and hashed by its key. It keeps the order in which it was filled, which does not count:
    where order matters to what you compute, give a list of pairs."""

    __slots__ = ("_items", "_key")
    _items: dict[str, Any]

    def __init__(self, data: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), /, **more: Any) -> None:
        self._fill({**dict(data), **more}, "")

    def _fill(self, data: Mapping[Any, Any], where: str) -> None:
        items = {_name(k, where): freeze(v, f"{where}.{k}" if where else str(k), type(self), self._lists()) for k, v in data.items()}
        object.__setattr__(self, "_items", items)
        object.__setattr__(self, "_key", None)

    @classmethod
    def _made(cls, data: Mapping[Any, Any], where: str) -> ParamDict:
        new = cls.__new__(cls)
        new._fill(data, where)
        return new

    @classmethod
    def _lists(cls) -> type[ParamList]:
        return ParamList

    _foreign = staticmethod(foreign)

    def _plain(self) -> dict[str, Any]:
        return {k: plain_of(v, k) for k, v in self._items.items()}

    def __getitem__(self, name: str) -> Any:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, ParamDict):
            return NotImplemented
        return self.key == other.key

    __hash__ = _Keyed.__hash__

    def __or__(self, other: Mapping[str, Any]) -> ParamDict:
        if not isinstance(other, Mapping):
            return NotImplemented
        return type(self)._made({**self._items, **other}, "")

    def to_dict(self) -> dict[str, Any]:
        """A plain dict, deep, of your own."""
        return {k: _out(v) for k, v in self._items.items()}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._items!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self._items),)


class ParamList(_Keyed, Sequence[Any]):
    """An immutable list of parameters, equal and hashed by its key. Order and repetition count."""

    __slots__ = ("_items", "_key")
    _items: tuple[Any, ...]

    def __init__(self, data: Iterable[Any] = (), /) -> None:
        self._fill(data, "")

    def _fill(self, data: Iterable[Any], where: str) -> None:
        if isinstance(data, (str, bytes, Mapping)):
            raise TypeError(f"{where or 'parameters'}: a list is made of items, not of a {type(data).__name__}")
        object.__setattr__(self, "_items", tuple(freeze(v, f"{where}[{i}]", self._dicts(), type(self)) for i, v in enumerate(data)))
        object.__setattr__(self, "_key", None)

    @classmethod
    def _made(cls, data: Iterable[Any], where: str) -> ParamList:
        new = cls.__new__(cls)
        new._fill(data, where)
        return new

    @classmethod
    def _dicts(cls) -> type[ParamDict]:
        return ParamDict

    def _plain(self) -> list[Any]:
        return [plain_of(v, f"[{i}]") for i, v in enumerate(self._items)]

    def __getitem__(self, i: Any) -> Any:
        return type(self)._made(self._items[i], "") if isinstance(i, slice) else self._items[i]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, ParamList):
            return NotImplemented
        return self.key == other.key

    __hash__ = _Keyed.__hash__

    def __add__(self, other: Iterable[Any]) -> ParamList:
        if not isinstance(other, (list, tuple, ParamList)):
            return NotImplemented
        return type(self)._made((*self._items, *other), "")

    def __mul__(self, n: int) -> ParamList:
        if not isinstance(n, int):
            return NotImplemented
        return type(self)._made(self._items * n, "")

    __rmul__ = __mul__

    def to_list(self) -> list[Any]:
        """A plain list, deep, of your own."""
        return [_out(v) for v in self._items]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self._items)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (list(self._items),)
