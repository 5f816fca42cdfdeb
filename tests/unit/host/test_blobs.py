"""Contents are kept once, whole or not at all."""

import io
import os
import threading
from pathlib import Path

import pytest

from swamp_driver.errors import NotFoundError, StoreError
from swamp_driver.host._blobs import Blob, BlobStore

HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
OLD = 1_000_000_000.0


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return a directory that is not there yet."""
    return tmp_path / "state" / "blobs"


@pytest.fixture
def store(directory: Path) -> BlobStore:
    """Return an empty store."""
    return BlobStore(directory)


def put(store: BlobStore, data: bytes) -> Blob:
    """Keep some bytes."""
    return store.put(io.BytesIO(data))


def files_below(directory: Path) -> list[Path]:
    """Return all files, in order."""
    return sorted(path for path in directory.rglob("*") if not path.is_dir())


class BrokenSource(io.BytesIO):
    """A source that ends in an error."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return some bytes, then fail."""
        data = super().read(size)
        if not data:
            raise EOFError("cut off")
        return data


def test_what_is_kept_comes_back_by_its_sha256(store: BlobStore) -> None:
    """The name is what other tools compute too."""
    assert put(store, b"hello") == Blob(digest=HELLO, size_bytes=5)
    with store.open(HELLO) as file:
        assert file.read() == b"hello"


def test_an_empty_content_is_a_content(store: BlobStore) -> None:
    """Steps write empty files."""
    blob = put(store, b"")
    with store.open(blob.digest) as file:
        assert (blob.size_bytes, file.read()) == (0, b"")


def test_the_same_content_is_kept_once(store: BlobStore, directory: Path) -> None:
    """This is what makes it cheap to keep outputs of many runs."""
    assert put(store, b"hello") == put(store, b"hello")
    assert files_below(directory) == [directory / "2c" / HELLO]


def test_many_writers_of_the_same_content_end_with_one_whole_blob(
    store: BlobStore, directory: Path
) -> None:
    """Parallel steps produce the same files."""
    data = os.urandom(3_000_000)
    blobs: list[Blob] = []
    threads = [threading.Thread(target=lambda: blobs.append(put(store, data))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(blobs)) == 1
    assert len(blobs) == 8
    with store.open(blobs[0].digest) as file:
        assert file.read() == data
    assert len(files_below(directory)) == 1


def test_a_source_that_breaks_leaves_nothing(store: BlobStore, directory: Path) -> None:
    """Half a content must never be found under any name."""
    with pytest.raises(EOFError, match="cut off"):
        store.put(BrokenSource(b"half"))
    assert files_below(directory) == []


@pytest.mark.parametrize(
    "name", ["", "abc", "../../etc/passwd", HELLO.upper(), HELLO + "\n", f"/{HELLO}", "0" * 64]
)
def test_a_name_that_is_no_blob_is_not_found(store: BlobStore, name: str) -> None:
    """Names come out of records and must not lead elsewhere."""
    put(store, b"other")
    with pytest.raises(NotFoundError) as caught:
        store.open(name)
    assert str(caught.value) == f"there is no blob '{name}'"


def test_a_symlink_in_place_of_a_blob_is_not_followed(
    store: BlobStore, directory: Path, tmp_path: Path
) -> None:
    """A store that was tampered with does not give away other files."""
    (tmp_path / "secret").write_text("secret")
    (directory / "2c").mkdir(parents=True)
    (directory / "2c" / HELLO).symlink_to(tmp_path / "secret")
    with pytest.raises(StoreError, match=f"the blob '{HELLO}' cannot be read: "):
        store.open(HELLO)


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """A state directory that is a file is a mistake of the user."""
    (tmp_path / "state").write_text("")
    store = BlobStore(tmp_path / "state")
    with pytest.raises(StoreError) as caught:
        put(store, b"x")
    assert str(caught.value) == f"nothing can be kept in '{tmp_path}/state': Not a directory"


def test_unused_blobs_are_removed_and_counted(store: BlobStore, directory: Path) -> None:
    """What no record names any more gives its room back."""
    kept, gone = put(store, b"kept"), put(store, b"gone!")
    for path in files_below(directory):
        os.utime(path, (OLD, OLD))
    assert store.remove_unused({kept.digest}) == 5
    assert [path.name for path in files_below(directory)] == [kept.digest]
    with pytest.raises(NotFoundError):
        store.open(gone.digest)


def test_a_fresh_blob_stays_though_nothing_names_it_yet(store: BlobStore) -> None:
    """It is written before its name is recorded."""
    blob = put(store, b"fresh")
    assert store.remove_unused(()) == 0
    store.open(blob.digest).close()


def test_content_that_is_kept_again_is_fresh_again(store: BlobStore, directory: Path) -> None:
    """A second run relies on it as much as the first."""
    blob = put(store, b"again")
    os.utime(directory / blob.digest[:2] / blob.digest, (OLD, OLD))
    put(store, b"again")
    assert store.remove_unused(()) == 0


def test_an_open_blob_stays_readable_when_it_is_removed(store: BlobStore, directory: Path) -> None:
    """A clean-up beside a run must not break it."""
    blob = put(store, b"open")
    os.utime(directory / blob.digest[:2] / blob.digest, (OLD, OLD))
    with store.open(blob.digest) as file:
        assert store.remove_unused(()) == 4
        assert file.read() == b"open"


def test_abandoned_halves_go_and_foreign_files_stay(store: BlobStore, directory: Path) -> None:
    """A writer that was killed leaves a file; what is not ours is not touched."""
    put(store, b"x")
    (directory / ".part-dead").write_bytes(b"half")
    (directory / "README").write_text("mine")
    os.utime(directory / ".part-dead", (OLD, OLD))
    os.utime(directory / "README", (OLD, OLD))
    assert store.remove_unused(()) == 4
    assert (directory / "README").exists()


def test_a_store_that_was_never_used_has_nothing_to_remove(
    store: BlobStore, directory: Path
) -> None:
    """`gc` runs on machines without any outputs."""
    assert store.remove_unused(()) == 0
    assert not directory.exists()
