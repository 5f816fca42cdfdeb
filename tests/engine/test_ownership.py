"""Whose the files of a run are afterwards, whoever the image's user is and whoever calls."""

from __future__ import annotations

import grp
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engine.place import BUSYBOX, HOSTILE, MODES

pytestmark = pytest.mark.engine

CALLER = 1000
USERS = {
    "root": {"image": BUSYBOX, "user": "image"},
    "1000": {"image": HOSTILE, "user": "image"},
    "unknown": {"image": BUSYBOX, "user": "4242:4243"},
    "caller": {"image": BUSYBOX},
}
MAKE = """
id -u > id
mkdir -p deep/er && echo x > deep/er/file && chmod 0 deep/er/file && chmod 0555 deep/er
ln -s /etc/passwd link
echo x > "$HOME/at-home"
touch -d @0 old
"""


def as_user(uid: int, base: Path, options: dict[str, Any], *, remove: bool) -> dict[str, Any]:
    """Run a step in a process of that user and return what it saw."""
    # An interpreter below /root must be readable; nothing else is allowed to this user.
    become = [
        *("setpriv", f"--reuid={uid}", f"--regid={uid}"),
        f"--groups={grp.getgrnam('docker').gr_gid}",
        *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--"),
    ]
    done = subprocess.run(
        [
            *(become if uid else ()),
            sys.executable,
            "-m",
            "tests.engine.one_step",
            str(base),
            json.dumps(options),
            MAKE,
            "remove" if remove else "keep",
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": str(base)},
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def a_base(tmp_path: Path, uid: int) -> Path:
    """Return a directory of that user; the directories above it must let it through."""
    for directory in (tmp_path, *tmp_path.parents):
        if directory.stat().st_mode & 0o005 != 0o005:
            directory.chmod(directory.stat().st_mode | 0o005)
    base = tmp_path / "base"
    base.mkdir(mode=0o700)
    os.chown(base, uid, uid)
    return base


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become other users")
@pytest.mark.parametrize("uid", [0, CALLER])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("user", sorted(USERS))
def test_all_files_belong_to_the_caller(tmp_path: Path, user: str, mode: str, uid: int) -> None:
    """They can be read, changed and deleted without a privilege; nothing outside was touched."""
    base = a_base(tmp_path, uid)
    before = Path("/etc/passwd").stat()
    seen = as_user(uid, base, {**USERS[user], "mode": mode}, remove=False)
    assert seen["end"] == "succeeded"
    assert seen["errors"] == []
    wanted = {"root": "0", "1000": "1000", "unknown": "4242", "caller": str(uid)}
    assert seen["id"] == wanted[user]
    found = {path: path.lstat().st_uid for path in Path(seen["run_dir"]).rglob("*")}
    assert len(found) >= 8
    assert set(found.values()) == {uid}
    assert Path("/etc/passwd").stat() == before


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become other users")
@pytest.mark.parametrize("uid", [0, CALLER])
@pytest.mark.parametrize("user", sorted(USERS))
def test_a_run_of_any_user_is_removed_whole(tmp_path: Path, user: str, uid: int) -> None:
    """Files of other users would need root to be deleted."""
    base = a_base(tmp_path, uid)
    seen = as_user(uid, base, USERS[user], remove=True)
    assert (seen["end"], seen["errors"]) == ("succeeded", [])
    assert list(base.iterdir()) == []
