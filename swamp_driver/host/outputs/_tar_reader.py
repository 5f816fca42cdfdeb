"""Reading a tar stream that is not to be trusted, in memory that does not grow with it.

The formats are ustar, GNU and pax, as `tar` of GNU, BSD and BusyBox write them. The reader of the
standard library takes what an archive says about an entry into memory whatever its length, and
follows extensions (sparse files) that no `tar -c` writes unasked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO, Literal

import attrs

from swamp_driver.host.outputs._errors import HandOverError, named
from swamp_driver.host.outputs._limits import Limits

BLOCK = 512
_CHUNK = 1 << 18
_EMPTY = bytes(BLOCK)

MemberKind = Literal["file", "directory", "symlink", "hard link"]
_KINDS: dict[bytes, MemberKind] = {
    b"0": "file",
    b"\0": "file",
    b"7": "file",
    b"1": "hard link",
    b"2": "symlink",
    b"5": "directory",
}
_REFUSED = {
    b"3": "a device",
    b"4": "a device",
    b"6": "a FIFO",
    b"S": "a sparse file",
    b"M": "a file in parts",
}
_EXTENSIONS = frozenset(b"LKxg")


@attrs.frozen(kw_only=True)
class Member:
    """One entry of an archive, as it says of itself."""

    name: str
    kind: MemberKind
    mode: int
    mtime: int
    link: str
    content: BinaryIO
    """Of a file: to be read before the next member is taken."""


def read_tar(source: BinaryIO, limits: Limits) -> Iterator[Member]:
    """Yield what is in an archive, in its order; read `source` to its end.

    Names are as they stand there: nothing is checked of them but that they are no longer than
    `limits.header_bytes`.

    Raises:
        HandOverError: It is broken, cut off or too large, or holds what cannot be handed on.
    """
    stream = _Stream(source, limits.size_bytes)
    more: dict[str, str] = {}
    while (block := stream.read_exactly(BLOCK)) != _EMPTY:
        header = _Header(block)
        if header.flag[0] in _EXTENSIONS:
            if header.size > limits.header_bytes:
                raise HandOverError("the archive has a name in it that is too long")
            more |= _extension(header, stream.read_exactly(header.size))
            stream.skip(-header.size % BLOCK)
            continue
        name = more.get("path") or header.name
        size = _number(more["size"]) if "size" in more else header.size
        kind = _kind(header, name, more)
        if kind != "file" and size:
            raise HandOverError(f"the archive says that {named(name)}, a {kind}, has content")
        content = _Content(stream, size)
        yield Member(
            name=name,
            kind=kind,
            mode=header.mode,
            mtime=_number(more.get("mtime", "").partition(".")[0] or str(header.mtime)),
            link=more.get("linkpath") or header.link,
            content=content,  # type: ignore[arg-type]
        )
        stream.skip(content.left + -size % BLOCK)
        more = {}
    stream.drain()


def _kind(header: _Header, name: str, more: Mapping[str, str]) -> MemberKind:
    if any(key.startswith("GNU.sparse") for key in more):
        raise HandOverError(f"{named(name)} is a sparse file, which cannot be handed on")
    kind = _KINDS.get(header.flag)
    if kind is None:
        what = _REFUSED.get(header.flag, "of an unknown kind")
        raise HandOverError(f"{named(name)} is {what}, which cannot be handed on")
    # In the oldest format a name that ends in a slash is a directory.
    return "directory" if kind == "file" and name.endswith("/") else kind


def _extension(header: _Header, data: bytes) -> dict[str, str]:
    match header.flag:
        case b"L":
            return {"path": _text(data)}
        case b"K":
            return {"linkpath": _text(data)}
        case b"x":
            return dict(_records(data))
        case _:  # what holds for all that follows: nothing that we need
            return {}


def _records(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the records of a pax header: `<length> <key>=<value>` and a line feed each."""
    while data:
        length, space, _ = data.partition(b" ")
        if not space or not length.isdigit() or not len(length) + 3 <= int(length) <= len(data):
            raise HandOverError("the archive is broken: an extended header cannot be read")
        record = data[len(length) + 1 : int(length)]
        key, equals, value = record.removesuffix(b"\n").partition(b"=")
        if not equals:
            raise HandOverError("the archive is broken: an extended header cannot be read")
        yield _text(key), value.decode("utf-8", "surrogateescape")
        data = data[int(length) :]


class _Header:
    """The fields of a header block."""

    def __init__(self, block: bytes) -> None:
        if _octal(block[148:156]) != sum(block[:148]) + sum(block[156:]) + 8 * ord(" "):
            raise HandOverError("the archive is broken: a header does not have its checksum")
        self.flag = block[156:157]
        self.name = _text(block[:100])
        if block[257:263] == b"ustar\0" and block[345]:
            self.name = f"{_text(block[345:500])}/{self.name}"
        self.mode = _octal(block[100:108])
        self.size = _octal(block[124:136])
        self.mtime = _octal(block[136:148])
        self.link = _text(block[157:257])


def _octal(field: bytes) -> int:
    """Return a number as GNU and POSIX write it: octal digits, or binary where it is too large."""
    if field[0] in (0x80, 0xFF):  # negative ones are times before 1970
        value = int.from_bytes(field[1:])
        return value if field[0] == 0x80 else value - (1 << 8 * (len(field) - 1))  # noqa: PLR2004
    digits = field.split(b"\0", 1)[0].strip()
    if not digits:
        return 0
    if not digits.isdigit() or b"8" in digits or b"9" in digits:
        raise HandOverError("the archive is broken: a header has a number that is none")
    return int(digits, 8)


def _number(text: str) -> int:
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 20:  # noqa: PLR2004
        raise HandOverError("the archive is broken: a header has a number that is none")
    return int(text)


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("utf-8", "surrogateescape")


class _Stream:
    """The bytes of an archive, counted."""

    def __init__(self, source: BinaryIO, limit: int) -> None:
        self._source = source
        self._limit = limit
        self._left = limit

    def read(self, size: int) -> bytes:
        """Return at least one byte of the next `size`, which are there."""
        data = self._source.read(min(size, _CHUNK)) if size > 0 else b""
        self._left -= len(data)
        if self._left < 0:
            raise HandOverError(f"the outputs are larger than {self._limit} bytes")
        if size > 0 and not data:
            raise HandOverError("the archive is cut off")
        return data

    def read_exactly(self, size: int) -> bytes:
        """Return the next `size` bytes, all of them."""
        parts = []
        while size > 0:
            parts.append(self.read(size))
            size -= len(parts[-1])
        return b"".join(parts)

    def skip(self, size: int) -> None:
        """Pass over the next `size` bytes."""
        while size > 0:
            size -= len(self.read(size))

    def drain(self) -> None:
        """Read what follows the end: the writer pads, and must be able to end."""
        while data := self._source.read(_CHUNK):
            self._left -= len(data)
            if self._left < 0:
                raise HandOverError(f"the outputs are larger than {self._limit} bytes")


class _Content:
    """The content of one file, for `BlobStore.put`."""

    def __init__(self, stream: _Stream, size: int) -> None:
        if size < 0:
            raise HandOverError("the archive is broken: a file has a negative size")
        self._stream = stream
        self.left = size

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, none at the end."""
        wanted = self.left if size < 0 else min(size, self.left)
        data = self._stream.read(wanted)
        self.left -= len(data)
        return data
