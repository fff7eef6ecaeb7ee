# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Functions whose results are kept: in memory, and in the folder of `options(memo_dir=…)`.

    @kal.memo(version=1)
    def features(image, *, layers=4):
        return model(image.numpy(), layers)     # raise version when this gives something else

    features(img)                               # computed once for an image and its parameters, by whoever comes first
    features.key(img)                           # the name of that result

The key is made of the function's name, its version and its arguments with their defaults (kallitype.params says what stands for
what; an Image is what it is made of, and img.content() its pixels). What a function reads besides, globals, the clock, files whose
names are texts, is not in it: make it an argument. Code is never looked at: the version says when it changed. (In a notebook and at a prompt, where functions of other notebooks are
called the same, it is part of the name.) A script's functions are called by its name without the folder; where another script of that name has the same memo, give name=.

Results are images, NumPy arrays and their numbers, bytes, str, int, float, complex, bool, None, and tuples, lists and dicts of those;
they come back as what they were, as objects of your own. Of an image its pixels and its colour profile are kept. What raises is
raised, and nothing is kept.
"""

from __future__ import annotations

import functools
import inspect
import os
import struct
import sys
import types
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

from . import _kal, naming
from .errors import ChangedError, MissingFileError
from .image import Encoded, Image, Value
from .params import _SIMPLE, plain_of

P = ParamSpec("P")
R = TypeVar("R")
_AS_IS = _SIMPLE | {Image, Value, Encoded}
_CODE = (types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type)


def memo(function: None = None, /, *, version: int | str | None = None, name: str | None = None) -> Callable[[Callable[P, R]], Memoized[P, R]]:
    """Decorates a function whose results are kept.

    version: of its code, an int or a text; raise it when the function gives something else for the same arguments.
    name: in place of module and qualified name, for a function that moves or has none.
    """
    if function is not None or version is None:
        raise TypeError("memo wants the version of your code, which it cannot see: @memo(version=1)")
    if isinstance(version, bool) or not isinstance(version, (int, str)):
        raise TypeError(f"memo: a version is an int or a text, not {version!r}")
    of: int | str = version
    return lambda wrapped: _memoized(wrapped, of, name)


def _memoized(wrapped: Any, version: int | str, name: str | None) -> Memoized[Any, Any]:
    """Of a method of an object, or an object that is called, the object is the first argument."""
    bound: Any = None
    if isinstance(wrapped, types.MethodType):
        if isinstance(wrapped.__self__, type):
            return Memoized(wrapped, version, name or f"{naming.of_class(wrapped.__self__)}.{wrapped.__name__}")
        bound = _Bound(Memoized(wrapped.__func__, version, name), wrapped.__self__)
    elif isinstance(wrapped, functools.partial):
        raise TypeError("memo: of a partial function what is bound is not in the key; put memo on the function itself")
    elif isinstance(wrapped, types.BuiltinMethodType) and not isinstance(wrapped.__self__, (types.ModuleType, type(None))):
        raise TypeError(f"memo: {wrapped.__qualname__} is a method of an object that is not in the key; call it in a function of your own")
    elif not hasattr(wrapped, "__qualname__") and callable(wrapped):
        call = inspect.getattr_static(type(wrapped), "__call__")
        if isinstance(call, (staticmethod, classmethod)):
            return Memoized(wrapped.__call__, version, name or naming.of_class(type(wrapped)))
        bound = _Bound(Memoized(type(wrapped).__call__, version, name), wrapped)
    return Memoized(wrapped, version, name) if bound is None else bound   # type: ignore[no-any-return]


class Memoized(Generic[P, R]):
    """A function whose results are kept. `__wrapped__` is the function itself."""

    __name__: str
    __qualname__: str
    version: int | str
    name: str
    __wrapped__: Callable[P, R]

    def __init__(self, function: Callable[P, R], version: int | str, name: str | None = None) -> None:
        if isinstance(function, (staticmethod, classmethod)):
            raise TypeError("memo: put it below @staticmethod or @classmethod, next to the function")
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"memo: {function.__qualname__} is a coroutine or a generator; a result can be kept only of a function that returns it")
        self.name = name or _name_of(function)
        self.version = version
        functools.update_wrapper(self, function)
        self._signature = inspect.signature(function)
        self._bind_fast = _binder(self._signature)
        self._code = getattr(function, "__code__", None)

    def _arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        if (bound := self._bind_fast(args, kwargs)) is None:
            full = self._signature.bind(*args, **kwargs)   # its TypeError is the function's own
            full.apply_defaults()
            bound = full.arguments
        return {name: value if type(value) in _AS_IS else plain_of(value, f"{self.__name__}: {name}") for name, value in bound.items()}

    def _plain(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        plain: dict[str, Any] = {"function": self.name, "version": self.version, "arguments": self._arguments(args, kwargs)}
        if self._code is not None and self._code.co_freevars:   # each time: what is around it may be another by now
            plain["around"] = _Around(self.__wrapped__).entries
        return plain

    def key(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """The key of the result for these arguments; nothing is computed."""
        return str(_kal.map_key(self._plain(args, kwargs), None, False))

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        plain = self._plain(args, kwargs)
        key, recipe = _kal.map_key(plain, None, True)

        def make() -> bytes:
            made = encode(self.__wrapped__(*args, **kwargs), self.__name__)
            if _names_file(plain["arguments"]) and _is_another(plain, key):
                raise ChangedError(f"{self.__name__}: a file that it was given changed while it ran")
            return made

        data, _ = _kal.blob(key, recipe, make)
        return decode(data)   # type: ignore[no-any-return]

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else _Bound(self, instance)

    def __repr__(self) -> str:
        return f"<memo {self.name} version {self.version!r}>"

    def __reduce__(self) -> str:
        return self.__qualname__   # by its name, as functions are


class _Bound:
    """A memoized function as a method; its first argument is the object, which needs a key as any other. All else is the function's."""

    __slots__ = ("__func__", "__self__")

    def __init__(self, function: Memoized[..., Any], instance: Any) -> None:
        self.__func__, self.__self__ = function, instance

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__func__(self.__self__, *args, **kwargs)

    def key(self, *args: Any, **kwargs: Any) -> str:
        return self.__func__.key(self.__self__, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__func__, name)

    @property
    def __signature__(self) -> inspect.Signature:
        whole = self.__func__._signature
        return whole.replace(parameters=list(whole.parameters.values())[1:])

    def __repr__(self) -> str:
        return f"<memo {self.__func__.name} version {self.__func__.version!r} of {self.__self__!r}>"


def _name_of(function: Callable[..., Any]) -> str:
    if "<lambda>" in function.__qualname__:
        raise TypeError("memo: a lambda has no name of its own; give name=")
    return naming.of_function(function)


class _Around:
    """What a function uses from the one around it, and what that uses. Functions, classes and modules go by their names, as itself does; anything else is refused. A list, since functions
    that are made in each other's company use one another in any way: `uses` names a place in it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.entries: list[Any] = []
        self._places: dict[int, int] = {}
        self._number(function, lambda: {"uses": self._uses(function)})

    def _number(self, value: Any, describe: Callable[[], dict[str, Any]]) -> dict[str, int]:
        if id(value) not in self._places:
            place = self._places[id(value)] = len(self.entries)
            self.entries.append(None)
            self.entries[place] = describe()
        return {"at": self._places[id(value)]}

    def _uses(self, function: Callable[..., Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        code = getattr(function, "__code__", None)
        for name, cell in zip(code.co_freevars if code else (), getattr(function, "__closure__", None) or ()):
            where = f"memo: {function.__qualname__} uses {name!r} from the function around it"
            try:
                value = cell.cell_contents
            except ValueError:
                raise TypeError(f"{where}, where it is not set yet; make it an argument") from None
            out[name] = self._of(value, where)
        return out

    def _of(self, value: Any, where: str) -> Any:
        if isinstance(value, types.ModuleType):
            return value.__name__
        if isinstance(value, Memoized):
            return self._number(value.__wrapped__, lambda: {"function": value.name, "version": value.version, "uses": self._uses(value.__wrapped__)})
        if not isinstance(value, _CODE) or isinstance(value, types.BuiltinFunctionType) and not isinstance(value.__self__, (types.ModuleType, type(None))):
            raise TypeError(f"{where}, which is not in the key; make it an argument")
        if isinstance(value, type):
            return self._number(value, lambda: self._class(value)) if "<locals>" in value.__qualname__ else naming.of_class(value)
        if "<lambda>" in value.__qualname__:
            raise TypeError(f"{where}, a lambda, which no name tells from another; give it one, by def")
        return self._number(value, lambda: self._function(value, where))

    def _function(self, function: Any, where: str) -> dict[str, Any]:
        defaults = {part: plain_of(getattr(function, part), f"{where}: its defaults") for part in ("__defaults__", "__kwdefaults__") if getattr(function, part, None)}
        return {"function": naming.of_function(function), "uses": self._uses(function), **defaults}

    def _class(self, kind: type) -> dict[str, Any]:
        """One that was made in a function: its methods may use what stands around it, too."""
        methods = {name: getattr(item, "__func__", getattr(item, "fget", item)) for name, item in vars(kind).items()}
        return {"class": naming.of_class(kind),
                "methods": {name: self._of(item, f"memo: {item.__qualname__}") for name, item in methods.items() if isinstance(item, types.FunctionType)}}


def _is_another(plain: dict[str, Any], key: Any) -> bool:
    """What was there when it began; a file that it took away was."""
    try:
        return bool(_kal.map_key(plain, None, False) != key)
    except MissingFileError:
        return False


def _names_file(plain: Any) -> bool:
    if isinstance(plain, dict):
        return any(map(_names_file, plain.values()))
    return any(map(_names_file, plain)) if isinstance(plain, list) else isinstance(plain, os.PathLike)


def _binder(signature: inspect.Signature) -> Callable[[tuple[Any, ...], dict[str, Any]], dict[str, Any] | None]:
    """Arguments by name with their defaults, as Signature.bind does in ten times the time; None where that has to look."""
    kinds = {p.kind for p in signature.parameters.values()}
    if kinds - {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}:
        return lambda args, kwargs: None
    names = [p.name for p in signature.parameters.values() if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    every = len(signature.parameters)
    defaults = {p.name: p.default for p in signature.parameters.values() if p.default is not inspect.Parameter.empty}
    known = frozenset(signature.parameters)

    def bind(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any] | None:
        if len(args) > len(names):
            return None
        given = dict(zip(names, args))
        if kwargs:
            if not known.issuperset(kwargs) or not given.keys().isdisjoint(kwargs):
                return None
            given.update(kwargs)
        if len(given) != every:
            given = {**defaults, **given}
        return given if len(given) == every else None

    return bind


# ---- what results are in ------------------------------------------------------------------------------
#
# "kalv1", then one value: a letter, and what it takes. Numbers are little-endian, sizes are of 8 bytes.
#   N none   T true   F false   i size, a signed number   d double   c two doubles   s size, UTF-8   b size, bytes
#   t l m size, values: a tuple, a list, a dict of names and values in turn
#   a g array and number of NumPy: s its type, 8 bytes of dimensions, sizes of them, then its elements
#   H a HashableImage of kallitype.compat.pixelcache: s its mode, then an image
#   I image: s model, T or F alpha, b a small file with its colour profile or none, then an array

_MAGIC = b"kalv1"
_size = struct.Struct("<Q")
_double = struct.Struct("<d")
_complex = struct.Struct("<dd")
_ARRAYS = "biufcSUmM"


def _sized(letter: bytes, data: bytes) -> list[Any]:
    return [letter, _size.pack(len(data)), data]


def encode(value: Any, where: str = "result") -> bytes:
    """A result as bytes. TypeError for what is none, with its place."""
    out: list[Any] = [_MAGIC]
    _put(out, value, where, 0)
    return b"".join(out)


def _put(out: list[Any], value: Any, where: str, depth: int) -> None:
    kind = type(value)
    if value is None or kind is bool:
        out.append(b"N" if value is None else b"T" if value else b"F")
    elif kind is int:
        out += _sized(b"i", value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True))
    elif kind is float:
        out += (b"d", _double.pack(value))
    elif kind is complex:
        out += (b"c", _complex.pack(value.real, value.imag))
    elif kind is str:
        out += _sized(b"s", value.encode("utf-8", "surrogatepass"))
    elif kind is bytes:
        out += _sized(b"b", value)
    elif kind in (tuple, list, dict):
        if depth > 64:
            raise ValueError(f"{where} is nested more than 64 deep")
        out += (b"t" if kind is tuple else b"l" if kind is list else b"m", _size.pack(len(value)))
        for i, item in value.items() if kind is dict else enumerate(value):
            if kind is dict:
                _put(out, i, f"a name in {where}", depth + 1)
            _put(out, item, f"{where}[{i!r}]", depth + 1)
    else:
        _put_object(out, value, where)


def _put_object(out: list[Any], value: Any, where: str) -> None:
    if isinstance(value, Image):
        return _put_image(out, value, where)
    compat = sys.modules.get("kallitype.compat.pixelcache")
    if compat is not None and type(value) is compat.HashableImage:
        out += _sized(b"H", value.mode.encode())
        return _put_image(out, value.image, where)
    if type(value).__module__ == "numpy":
        import numpy

        if type(value) is numpy.ndarray or isinstance(value, numpy.generic):
            return _put_array(out, value, b"a" if type(value) is numpy.ndarray else b"g", where)
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    raise TypeError(f"{where} is a {name}, which memo does not keep: it keeps images, NumPy arrays, bytes, str, numbers, None, and tuples, "
                    "lists and dicts of those")


def _put_array(out: list[Any], value: Any, letter: bytes, where: str) -> None:
    import numpy

    value = numpy.asarray(value)
    if value.dtype.kind not in _ARRAYS:
        raise TypeError(f"{where} is a NumPy array of {value.dtype}, which memo does not keep")
    value = value.astype(value.dtype.newbyteorder("<"), order="C", copy=False)
    out += _sized(letter, value.dtype.str.encode())
    out.append(_size.pack(value.ndim))
    out += [_size.pack(n) for n in value.shape]
    out.append(value.tobytes())


def _put_image(out: list[Any], image: Any, where: str) -> None:
    pixels = image.fetch()   # first: what goes wrong is said by whoever computes
    profile = b""
    if image.meta("icc"):
        profile = image.crop(x=0, y=0, width=1, height=1).encode("tiff")
    view: Any = memoryview(pixels)
    out += _sized(b"I", image.model.encode())
    out.append(b"T" if image.alpha else b"F")
    out += _sized(b"b", profile)
    out += _sized(b"a", image.dtype.encode())
    out.append(_size.pack(view.ndim))
    out += [_size.pack(n) for n in view.shape]
    out.append(_little(view.tobytes(), view.format))


def _little(data: bytes, code: str) -> bytes:
    """Samples in the order of little-endian machines, from or to that of this one."""
    if sys.byteorder == "little":
        return data
    from array import array

    swapped = array(code, data)
    swapped.byteswap()
    return swapped.tobytes()


class _Reader:
    """Values out of bytes, which may be torn: a folder's files are checked by the library, and still nothing here reads past the end."""

    __slots__ = ("data", "at")

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def take(self, n: int) -> bytes:
        end = self.at + n
        if end > len(self.data):
            raise ValueError("a kept result ends too early")
        part = self.data[self.at:end]
        self.at = end
        return part

    def size(self) -> int:
        return int(_size.unpack(self.take(8))[0])

    def array(self) -> Any:
        import numpy

        kind = numpy.dtype(self.take(self.size()).decode())
        shape = [self.size() for _ in range(self.size())]
        n = kind.itemsize
        for side in shape:
            n *= side
        if self.at + n > len(self.data):
            raise ValueError("a kept result ends too early")
        flat: Any = numpy.ndarray(shape, kind, self.data, self.at)
        self.at += n
        return flat

    def value(self) -> Any:
        letter = self.take(1)
        read = _READ.get(letter)
        if read is None:
            raise ValueError(f"a kept result has a part {letter!r} that this version does not know")
        return read(self)


def _array_of(reader: _Reader) -> Any:
    shared = reader.array()
    return shared.astype(shared.dtype.newbyteorder("="), copy=True)


def _samples(reader: _Reader) -> Any:
    """The array of an image without NumPy: its samples where they lie."""
    if reader.take(1) != b"a":
        raise ValueError("a kept image has no samples")
    code: Any = {"uint8": "B", "uint16": "H", "uint32": "I", "float32": "f"}[reader.take(reader.size()).decode()]
    shape = [reader.size() for _ in range(reader.size())]
    n = struct.calcsize(code)
    for side in shape:
        n *= side
    view: Any = memoryview(reader.data)[reader.at:reader.at + n]
    reader.at += n
    if view.nbytes != n:
        raise ValueError("a kept result ends too early")
    return memoryview(_little(view.tobytes(), code) if sys.byteorder == "big" else view).cast("B").cast(code, shape)


def _image_of(reader: _Reader) -> Any:
    from .opening import array, open as open_

    model = reader.take(reader.size()).decode()
    alpha = reader.take(1) == b"T"
    reader.take(1)
    profile = reader.take(reader.size())
    image = array(_samples(reader), model=model, alpha=alpha, copy=False)   # bytes do not change
    return _kal.ops()["icc_assign"](image, open_(profile), to="like") if profile else image


def _hashable_of(reader: _Reader) -> Any:
    from .compat.pixelcache import HashableImage

    mode = reader.take(reader.size()).decode()
    return HashableImage._of(reader.value(), mode)


_READ: dict[bytes, Callable[[_Reader], Any]] = {
    b"N": lambda r: None,
    b"T": lambda r: True,
    b"F": lambda r: False,
    b"i": lambda r: int.from_bytes(r.take(r.size()), "little", signed=True),
    b"d": lambda r: _double.unpack(r.take(8))[0],
    b"c": lambda r: complex(*_complex.unpack(r.take(16))),
    b"s": lambda r: r.take(r.size()).decode("utf-8", "surrogatepass"),
    b"b": lambda r: r.take(r.size()),
    b"t": lambda r: tuple(r.value() for _ in range(r.size())),
    b"l": lambda r: [r.value() for _ in range(r.size())],
    b"m": lambda r: {r.value(): r.value() for _ in range(r.size())},
    b"a": _array_of,
    b"g": lambda r: _array_of(r)[()],
    b"H": _hashable_of,
    b"I": _image_of,
}


def decode(data: bytes) -> Any:
    """What `encode` made bytes of."""
    if data[:5] != _MAGIC:
        raise ValueError("these are not the bytes of a kept result")
    return _Reader(data, 5).value()
