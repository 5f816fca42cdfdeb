"""The realistic image: this machine's system with git, Python, and a current Node.js."""

from __future__ import annotations

import os
import platform
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path

from engine_setup import _images, _node
from engine_setup._daemon import cache_dir

NAME = "swamp-test/debian"
_PACKAGES = ("git", "python3", "ca-certificates", "libatomic1")


def ensure_debian_image() -> bool:
    """Make the image unless it is there; build its root file system once and keep it in the cache.

    Node.js comes as the wheel that carries its official binaries: pip is there wherever this
    project is, npm is not.
    """
    return _images.ensure_image(
        NAME,
        _recipe(),
        _rootfs,
        changes=(
            "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            'CMD ["/bin/bash"]',
        ),
    )


def _system() -> tuple[str, str]:
    """Return whose system this machine runs (`Debian`) and the name of its release."""
    system = platform.freedesktop_os_release()
    return system["ID"].capitalize(), system["VERSION_CODENAME"]


def _recipe() -> str:
    return f"debian 3 {' '.join(_system())} {' '.join(_PACKAGES)} {_node.WHEEL}"


def _rootfs() -> Path:
    cached = cache_dir() / f"debian-{sha256(_recipe().encode()).hexdigest()[:16]}.tar"
    if not cached.exists():
        with tempfile.TemporaryDirectory(dir=cache_dir()) as scratch:
            built = Path(scratch) / "rootfs.tar"
            _bootstrap(built, node=_node.fetch_node(Path(scratch)))
            built.rename(cached)
    return cached


def _bootstrap(tar: Path, *, node: Path) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".list") as sources:
        sources.write(_package_sources())
        sources.flush()
        subprocess.run(
            [
                "mmdebstrap",
                "--quiet",
                "--variant=minbase",
                f"--include={','.join(_PACKAGES)}",
                "--aptopt=Acquire::Check-Valid-Until false",
                "--aptopt=Acquire::Languages none",
                "--dpkgopt=force-unsafe-io",
                "--dpkgopt=path-exclude=/usr/share/doc/*",
                "--dpkgopt=path-exclude=/usr/share/man/*",
                f"--customize-hook=copy-in {node / 'bin'} {node / 'lib'} /usr/local",
                *(f"--customize-hook={command}" for command in _npm_links()),
                '--customize-hook=chroot "$1" useradd --create-home --uid 1000 user',
                '--customize-hook=rm -rf "$1"/var/lib/apt/lists/*',
                _system()[1],
                str(tar),
                sources.name,
            ],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=os.environ | {"TMPDIR": str(cache_dir()), "LC_ALL": "C.UTF-8"},
        )


def _npm_links() -> list[str]:
    # A wheel cannot hold symlinks, so its `npm` is a copy that does not find the modules beside it.
    modules = "/usr/local/lib/node_modules/npm/bin"
    return [f'ln -sf {modules}/{name}-cli.js "$1"/usr/local/bin/{name}' for name in ("npm", "npx")]


def _package_sources() -> str:
    """Return this machine's own package sources, one line each: those of its system only."""
    origin, suite = _system()
    for attempt in ("as it is", "after an update"):
        if attempt != "as it is":
            subprocess.run(["apt-get", "update", "-q"], check=True, stdout=subprocess.DEVNULL)
        listed = subprocess.run(
            [
                "apt-get",
                "indextargets",
                "--format",
                "deb $(REPO_URI) $(RELEASE) $(COMPONENT)",
                "Created-By: Packages",
                f"Origin: {origin}",
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        lines = sorted({line for line in listed.splitlines() if f" {suite}" in line})
        if lines:
            return "\n".join(lines) + "\n"
    message = f"no package source for {origin} {suite} is configured on this machine"
    raise SystemExit(message)
