"""The command line: up, images, status, down."""

from __future__ import annotations

import argparse
import sys
import time

from engine_setup import _api, _daemon, _debian, _images, _node

_DESCRIPTION = """\
up      use the engine that answers, else install and start one; then make the images
images  make the images only (in an engine that answers)
node    print a directory with a current node, npm and npx, downloaded once
status  say what is there; exit code 0 where an engine answers
down    stop the engine, if `up` started it
"""


def main() -> int:
    """Do what the command line asks; print what was done."""
    parser = argparse.ArgumentParser(
        prog="tests/tools/engine",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=("up", "images", "node", "status", "down"))
    return {
        "up": _up,
        "images": _make_images,
        "node": _print_node,
        "status": _status,
        "down": _down,
    }[parser.parse_args().command]()


def _say(text: str) -> None:
    sys.stdout.write(f"engine: {text}\n")
    sys.stdout.flush()


def _up() -> int:
    if installed := _daemon.install_packages():
        _say(f"installed {', '.join(installed)}")
    if version := _api.version():
        _say(f"Docker {version} answers on {_api.socket_path()}")
    else:
        _say(f"started Docker {_daemon.start()} (pid {_daemon.own_pid()})")
    return _make_images()


def _make_images() -> int:
    if _api.version() is None:
        _say(f"no engine answers on {_api.socket_path()}")
        return 1
    began = time.monotonic()
    made = _images.ensure_small_images()
    if _debian.ensure_debian_image():
        made.append(_debian.NAME)
    took = f"{time.monotonic() - began:.1f} s"
    _say(f"made {', '.join(made)} in {took}" if made else "all images are there")
    return 0


def _print_node() -> int:
    sys.stdout.write(f"{_node.ensure_node()}\n")
    return 0


def _status() -> int:
    version = _api.version()
    if version is None:
        _say(f"no engine answers on {_api.socket_path()}")
        return 1
    pid = _daemon.own_pid()
    _say(f"Docker {version} on {_api.socket_path()}" + (f", started here: pid {pid}" * bool(pid)))
    for name in ("busybox", "hostile", "scratch", "debian"):
        there = _api.image_labels(f"swamp-test/{name}") is not None
        _say(f"swamp-test/{name}: {'there' if there else 'missing'}")
    return 0


def _down() -> int:
    _say("stopped" if _daemon.stop() else "nothing to stop: no engine was started here")
    return 0


if __name__ == "__main__":
    sys.exit(main())
