"""What is in outputs: compared, united, kept, and written out again."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import attrs
import pytest

from swamp_driver.host._blobs import BlobStore
from swamp_driver.host.outputs._archive import archive_of, in_parts, modes_of
from swamp_driver.host.outputs._errors import HandOverError
from swamp_driver.host.outputs._manifest import (
    Entry,
    Manifest,
    manifest_from_bytes,
    manifest_to_bytes,
    merge,
    sorted_manifest,
)
from tests.unit.host.outputs.archives import a_directory, a_file, a_symlink, take


def of(*entries: Entry) -> Manifest:
    """Return a manifest."""
    return sorted_manifest(entries)


def test_a_manifest_survives_its_bytes() -> None:
    """It is kept while the run goes on, also across processes."""
    found = of(
        a_directory("d"), a_file("d/caf\udce9\n", size_bytes=3, mtime=-5), a_symlink("s", "d")
    )
    assert manifest_from_bytes(manifest_to_bytes(found)) == found


def test_the_digest_tells_contents_apart_and_not_times() -> None:
    """Two runs of the same build give the same digest."""
    first = of(a_directory("d"), a_file("d/f", mtime=1))
    assert first.digest == of(a_directory("d"), a_file("d/f", mtime=2)).digest
    others = [
        of(a_directory("d"), a_file("d/f", content="other")),
        of(a_directory("d"), a_file("d/f", mode=0o755)),
        of(a_directory("d"), a_file("d/g")),
        of(a_directory("d", 0o700), a_file("d/f")),
        of(a_directory("d")),
    ]
    assert len({first.digest, *(other.digest for other in others)}) == 6


def test_a_part_is_what_is_at_a_path_and_in_it() -> None:
    """Outputs may be within each other."""
    whole = of(a_directory("a"), a_file("a/b"), a_file("ab"), a_directory("a/c"), a_file("a/c/d"))
    assert [e.path for e in whole.below("a").entries] == ["a", "a/b", "a/c", "a/c/d"]
    assert [e.path for e in whole.below("a/c").entries] == ["a/c", "a/c/d"]
    assert whole.below(".") == whole
    assert whole.below("no").entries == ()


def test_directories_are_united_and_equal_files_are_one() -> None:
    """Parallel steps write reports into one directory."""
    first = of(a_directory("r", 0o700), a_file("r/a", mtime=1), a_file("r/same", mtime=1))
    second = of(a_directory("r", 0o755), a_file("r/b"), a_file("r/same", mtime=2))
    merged = merge([("one", first), ("two", second)])
    assert [e.path for e in merged.entries] == ["r", "r/a", "r/b", "r/same"]
    assert merged.entries[0].mode == 0o700
    assert merged.entries[3].mtime == 1


@pytest.mark.parametrize(
    ("first", "second", "path"),
    [
        (a_file("f"), a_file("f", content="other"), "f"),
        (a_file("f"), a_file("f", mode=0o755), "f"),
        (a_file("f"), a_directory("f"), "f"),
        (a_symlink("f", "a"), a_symlink("f", "b"), "f"),
        (a_symlink("f", "/etc"), a_file("f/passwd"), "f"),
        (a_file("d/f/g"), a_file("d/f"), "d/f"),
    ],
)
def test_steps_that_disagree_are_named(first: Entry, second: Entry, path: str) -> None:
    """The later one must not win in silence."""
    with pytest.raises(HandOverError) as caught:
        merge([("one", of(first)), ("two", of(second))])
    names = ("two", "one") if first.path.startswith(second.path + "/") else ("one", "two")
    assert str(caught.value) == (
        f"'{path}' comes from '{names[0]}' and from '{names[1]}', and is not the same: "
        "let them write to different paths, or take it from one of them"
    )


def test_an_archive_holds_all_and_can_be_read_back(tmp_path: Path) -> None:
    """What arrives is what was sent, directories above it included."""
    store = BlobStore(tmp_path)
    content = store.put(io.BytesIO(b"x" * 1000)).digest
    sent = of(
        a_directory("a/b", 0o555),
        a_file("a/b/f", content, size_bytes=1000, mtime=5, mode=0o711),
        a_file("a/b/" + "n" * 150, content, size_bytes=1000),
        a_file("a/b/caf\udce9", content, size_bytes=1000, mtime=-5),
        a_symlink("a/b/s", "t" * 150),
    )
    data = b"".join(archive_of(sent, store))
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert tar.getnames()[:2] == ["a", "a/b"]
        assert {(m.uid, m.gid, m.uname, m.gname) for m in tar} == {(0, 0, "", "")}
    got = {entry.path: entry for entry in take(data, tmp_path).entries}
    for entry in sent.entries:
        mode = entry.mode | 0o700 if entry.kind == "directory" else entry.mode
        assert got[entry.path] == attrs.evolve(entry, mode=mode, mtime=max(entry.mtime, 0))


def test_modes_that_would_be_in_the_way_are_set_last_from_the_inside() -> None:
    """Nothing can be put into a directory that is read-only."""
    found = of(a_directory("a", 0o555), a_directory("a/b", 0o500), a_directory("a/c"), a_file("f"))
    assert modes_of(found) == ((0o500, ("a/b",)), (0o555, ("a",)))


@pytest.mark.parametrize("sizes", [[], [10], [3, 3, 3], [10, 25, 1], [20], [7, 3, 10]])
def test_parts_are_of_one_size_and_the_last_is_known(sizes: list[int]) -> None:
    """A driver gets no more in one request than it must take."""
    data = bytes(range(sum(sizes)))
    chunks, position = [], 0
    for size in sizes:
        chunks.append(data[position : position + size])
        position += size
    parts = list(in_parts(iter(chunks), 10))
    assert b"".join(part for part, _ in parts) == data
    assert [len(part) for part, _ in parts[:-1]] == [10] * (len(parts) - 1)
    assert [last for _, last in parts] == [False] * (len(parts) - 1) + [True]
