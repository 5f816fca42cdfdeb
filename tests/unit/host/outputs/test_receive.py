"""Archives come from where steps ran: what is right is kept, what is not is refused in words."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tracemalloc
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from swamp_driver.host._blobs import BlobStore
from swamp_driver.host.outputs._errors import HandOverError
from swamp_driver.host.outputs._limits import Limits
from swamp_driver.host.outputs._receive import receive
from tests.unit.host.outputs.archives import archive, directory, link, member, take


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_files_directories_and_symlinks_arrive_whatever_the_format(
    tmp_path: Path, form: int
) -> None:
    """Every image has another `tar`."""
    data = archive(
        directory("./dist", 0o555),
        member("./dist/run", b"#!/bin/sh\n", mode=0o6755),
        directory("./dist/empty"),
        link("./dist/latest", "run"),
        form=form,
    )
    found = take(data, tmp_path, "dist")
    assert [(e.path, e.kind, oct(e.mode), e.mtime) for e in found.entries] == [
        ("dist", "directory", "0o555", 1_000_000_000),
        ("dist/empty", "directory", "0o755", 1_000_000_000),
        ("dist/latest", "symlink", "0o0", 1_000_000_000),
        ("dist/run", "file", "0o755", 1_000_000_000),
    ]
    assert found.entries[2].content == "run"
    with BlobStore(tmp_path).open(found.entries[3].content) as blob:
        assert blob.read() == b"#!/bin/sh\n"
    assert (found.size_bytes, found.files) == (10, 2)


@pytest.mark.parametrize("program", ["tar", "busybox"])
@pytest.mark.parametrize("form", ["--format=gnu", "--format=posix"])
def test_real_archives_are_read(tmp_path: Path, program: str, form: str) -> None:
    """Long names, names that are no text, and hard links, as programs write them."""
    tree = tmp_path / "tree"
    long = Path("n" * 120, "m" * 120)
    (tree / long).mkdir(parents=True)
    (tree / long / "file").write_text("long")
    (tree / "link").symlink_to("t" * 300)
    (tree / "twin").hardlink_to(tree / long / "file")
    (tree / "caf\udce9\n").write_bytes(b"odd")
    command = ["busybox", "tar"] if program == "busybox" else ["tar", form]
    done = subprocess.run([*command, "-cf", "-", "."], cwd=tree, check=True, capture_output=True)
    found = {entry.path: entry for entry in take(done.stdout, tmp_path / "blobs").entries}
    assert set(found) == {
        ".",
        long.parts[0],
        str(long),
        f"{long}/file",
        "link",
        "twin",
        "caf\udce9\n",
    }
    assert found["link"].content == "t" * 300
    assert found["twin"].content == found[f"{long}/file"].content
    assert found["twin"].size_bytes == 4


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([member("/etc/passwd")], "the archive has '/etc/passwd' in it, which leads elsewhere"),
        ([member("../x")], "the archive has '../x' in it, which leads elsewhere"),
        ([member("dist/../../x")], "the archive has 'dist/../../x' in it, which leads elsewhere"),
        ([member("other")], "the archive has 'other' in it, which was not asked for"),
        ([member("distant")], "the archive has 'distant' in it, which was not asked for"),
        (
            [directory("dist"), member("dist/a"), member("./dist//a")],
            "the archive has 'dist/a' in it twice",
        ),
        (
            [directory("dist"), link("dist/d", "/etc"), member("dist/d/passwd")],
            "the archive has 'dist/d/passwd' in it, but no directory 'dist/d'",
        ),
        (
            [link("dist", "/etc"), member("dist/passwd")],
            "the archive has 'dist/passwd' in it, but no directory 'dist'",
        ),
        ([member("dist/a")], "the archive has 'dist/a' in it, but no directory 'dist'"),
        (
            [directory("dist"), link("dist/h", "/etc/shadow", tarfile.LNKTYPE)],
            "the archive has '/etc/shadow' in it, which leads elsewhere",
        ),
        (
            [directory("dist"), link("dist/h", "dist/later", tarfile.LNKTYPE)],
            "'dist/h' is a link to 'dist/later', which is no file here",
        ),
        (
            [directory("dist"), link("dist/s", "x"), link("dist/h", "dist/s", tarfile.LNKTYPE)],
            "'dist/h' is a link to 'dist/s', which is no file here",
        ),
        ([directory("dist"), link("dist/s", "")], "the symlink 'dist/s' points nowhere"),
        (
            [member("dist", None, type=tarfile.CHRTYPE)],
            "'dist' is a device, which cannot be handed on",
        ),
        (
            [member("dist", None, type=tarfile.BLKTYPE)],
            "'dist' is a device, which cannot be handed on",
        ),
        (
            [member("dist", None, type=tarfile.FIFOTYPE)],
            "'dist' is a FIFO, which cannot be handed on",
        ),
        (
            [member("dist", None, type=b"?")],
            "'dist' is of an unknown kind, which cannot be handed on",
        ),
        (
            [member("dist", b"content", type=tarfile.DIRTYPE)],
            "the archive says that 'dist/', a directory, has content",
        ),
    ],
)
def test_what_could_lead_elsewhere_is_refused(
    tmp_path: Path, members: list[tuple[tarfile.TarInfo, bytes]], message: str
) -> None:
    """An image may have any program for its `tar`."""
    with pytest.raises(HandOverError) as caught:
        take(archive(*members), tmp_path, "dist")
    assert str(caught.value) == message


def test_a_symlink_may_point_anywhere_as_long_as_nothing_goes_through_it(tmp_path: Path) -> None:
    """Virtual environments point into the image; a symlink is text until someone follows it."""
    found = take(archive(directory("env"), link("env/python", "/usr/bin/python3")), tmp_path, "env")
    assert found.entries[1].content == "/usr/bin/python3"


def test_an_archive_that_is_cut_off_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    """A `tar` that was killed must not look like one that was done."""
    whole = archive(directory("d"), member("d/f", bytes(700)))
    for length in range(0, 5 * 512, 100):
        with pytest.raises(HandOverError) as caught:
            take(whole[:length], tmp_path)
        assert str(caught.value) == "the archive is cut off"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((0, b"X"), "the archive is broken: a header does not have its checksum"),
        ((148, b"zzzzzz"), "the archive is broken: a header has a number that is none"),
    ],
)
def test_a_broken_header_is_refused(
    tmp_path: Path, change: tuple[int, bytes], message: str
) -> None:
    """Output that is no archive at all, for one."""
    data = bytearray(archive(member("f")))
    data[change[0] : change[0] + len(change[1])] = change[1]
    with pytest.raises(HandOverError) as caught:
        take(bytes(data), tmp_path)
    assert str(caught.value) == message


class Endless(io.RawIOBase):
    """A header, and bytes without end."""

    def __init__(self, first: bytes) -> None:
        self._first = first
        self.served = 0

    def read(self, size: int = -1) -> bytes:
        """Return what was asked for."""
        data, self._first = self._first[:size], self._first[size:]
        data += bytes(size - len(data))
        self.served += len(data)
        return data


def header(kind: bytes, size: int) -> bytes:
    """Return the header of an entry that is followed by so much content."""
    info = tarfile.TarInfo("f")
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (b"L", "the archive has a name in it that is too long"),
        (b"K", "the archive has a name in it that is too long"),
        (b"x", "the archive has a name in it that is too long"),
        (b"g", "the archive has a name in it that is too long"),
        (b"S", "'f' is a sparse file, which cannot be handed on"),
        (b"0", "the outputs are larger than 5000000 bytes"),
    ],
)
def test_sizes_that_would_fill_memory_or_disk_are_refused(
    tmp_path: Path, kind: bytes, message: str
) -> None:
    """An archive says how long it is: that need not be true, or good."""
    source = Endless(header(kind, 1 << 40))
    limits = Limits(size_bytes=5_000_000)
    tracemalloc.start()
    with pytest.raises(HandOverError) as caught:
        receive(cast("BinaryIO", source), ["."], BlobStore(tmp_path), limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(caught.value) == message
    assert source.served < 6_000_000
    assert peak < 2_000_000
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_more_entries_than_allowed_are_refused(tmp_path: Path) -> None:
    """Each of them is remembered."""
    data = archive(directory("d"), *(member(f"d/{number}", b"") for number in range(10)))
    with pytest.raises(HandOverError) as caught:
        take(data, tmp_path, limits=Limits(entries=10))
    assert str(caught.value) == "the outputs are more than 10 files"


@pytest.mark.parametrize(
    "body",
    [b"nonsense", b"99 path=x\n", b"3 a", b"9 path=x\n" + b"0 =", b"10 noequal\n"],
)
def test_an_extended_header_that_cannot_be_read_is_refused(tmp_path: Path, body: bytes) -> None:
    """Its lengths are numbers that anyone can write."""
    data = header(b"x", len(body)) + body + bytes(-len(body) % 512) + archive(member("f"))
    with pytest.raises(HandOverError) as caught:
        take(data, tmp_path)
    assert str(caught.value) == "the archive is broken: an extended header cannot be read"


def test_sparse_files_of_pax_are_refused(tmp_path: Path) -> None:
    """They have a second format inside, which nobody needs here."""
    info, content = member("f", b"1\n0\n1\n")
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
    with pytest.raises(HandOverError) as caught:
        take(archive((info, content), form=tarfile.PAX_FORMAT), tmp_path)
    assert str(caught.value) == "'f' is a sparse file, which cannot be handed on"


def test_memory_does_not_grow_with_the_size_of_files(tmp_path: Path) -> None:
    """Outputs of half a gigabyte are common."""
    size = 64_000_000
    source = Endless(header(b"0", size))
    # Without an end it runs into the bound, after the whole file has been kept.
    limits = Limits(size_bytes=size + 2000)
    tracemalloc.start()
    with pytest.raises(HandOverError, match="larger than"):
        receive(cast("BinaryIO", source), ["."], BlobStore(tmp_path), limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000
