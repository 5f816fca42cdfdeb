"""Files that steps hand on where they share nothing: in containers, volumes and other engines."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

import pytest

from swamp_driver.spec import Json, RunStatus
from tests.engine.place import BUSYBOX, DEBIAN, HOSTILE, MODES, docker
from tests.engine.tls import tls_engine
from tests.run.host import HostForTests, a_host, statuses

pytestmark = pytest.mark.engine

_WORKFLOW = """
driver: docker
driverConfig: OPTIONS
workspace: {enabled: false}
jobs:
  - name: build
    steps:
      - name: make
        run: |
          mkdir -p dist/empty dist/closed
          head -c 20000000 /dev/urandom > dist/big; chmod 751 dist/big; ln -s big dist/latest
          echo x > dist/closed/x; chmod 0555 dist/closed
          sha256sum < dist/big
        outputs: [{path: dist, makeAvailableTo: [use]}, {path: missing, makeAvailableTo: [last]}]
        allowFailure: true
      - name: use
        dependsOn: [{step: make, condition: {type: failed}}]
        run: |
          sha256sum < dist/latest
          for name in dist dist/*; do stat -c '%n %a' "$name"; done
          cat dist/closed/x; id -u; stat -c %u dist/closed/x
          ls ..
          mkdir -p made; echo "$SWAMP_STEP_ID" > made/id
        outputs: [{path: made/id, makeAvailableTo: [last]}]
      - name: last
        dependsOn: [{step: use, condition: {type: succeeded}}]
        run: cat made/id; ls
"""


def run_with(host: HostForTests, options: Mapping[str, Json]) -> None:
    """Run the workflow with these options, and see that all arrives and nothing stays."""
    options = {"image": BUSYBOX, "pull": "never", **options}
    record = host.run(_WORKFLOW.replace("OPTIONS", json.dumps(options)))
    assert record.errors == ()
    assert statuses(record) == {"make": "failed", "use": "succeeded", "last": "succeeded"}
    assert record.status is RunStatus.SUCCEEDED
    assert record.steps[0].detail == "the output 'missing' is not there"
    (made,) = record.steps[0].handed_on
    assert (made.path, made.files, made.size_bytes) == ("dist", 3, 20_000_002)
    sum_made = host.output("make")
    user = "1000" if options["image"] == HOSTILE and options.get("user") == "image" else None
    lines = host.output("use").splitlines()
    assert lines[0] + "\n" == sum_made
    assert lines[1:7] == [
        "dist 755",
        "dist/big 751",
        "dist/closed 555",
        "dist/empty 755",
        "dist/latest 777",
        "x",
    ]
    assert lines[7] == lines[8]
    assert user in (None, lines[7])
    # Of the step before only the directory is left that it failed in.
    assert lines[9:] == ["s1", "s2"]
    assert host.output("last") == "s2\nmade\n"
    assert host.left == []
    assert not list(host.settings.state_dir.glob("runs/*/outputs"))
    label = f"label=swamp-driver.run={record.run_id}"
    assert docker("ps", "--all", "--filter", label, "--format", "{{.Names}}") == ""
    assert docker("volume", "ls", "--filter", label, "--format", "{{.Name}}") == ""


@pytest.mark.parametrize("storage", ["directory", "volume"])
@pytest.mark.parametrize("mode", MODES)
def test_files_arrive_in_every_mode_and_storage(tmp_path: Path, mode: str, storage: str) -> None:
    """BusyBox has the smallest `tar` there is; a volume is not seen from here."""
    run_with(a_host(tmp_path), {"mode": mode, "storage": storage})


def test_files_arrive_with_another_tar(tmp_path: Path) -> None:
    """GNU's sets the owners that it reads, unless it is told not to."""
    run_with(a_host(tmp_path), {"mode": "session", "image": DEBIAN})


@pytest.mark.parametrize("storage", ["directory", "volume"])
def test_files_belong_to_the_user_of_the_image(tmp_path: Path, storage: str) -> None:
    """Who runs the step must be able to change what it was given."""
    run_with(a_host(tmp_path), {"image": HOSTILE, "user": "image", "storage": storage})


@pytest.mark.parametrize("mode", MODES)
def test_files_arrive_through_an_engine_elsewhere(tmp_path: Path, certs: Path, mode: str) -> None:
    """Everything goes over the connection that steps go over."""
    with tls_engine(certs) as url:
        run_with(a_host(tmp_path), {"mode": mode, "host": url, "certPath": str(certs)})


@pytest.mark.parametrize("mode", MODES)
def test_outputs_in_a_shared_volume_are_looked_at_there(tmp_path: Path, mode: str) -> None:
    """The host does not see them, and must not take them for missing, or for there."""
    host = a_host(tmp_path)
    options = {"image": BUSYBOX, "pull": "never", "mode": mode, "storage": "volume"}
    record = host.run(
        f"""
        driver: docker
        driverConfig: {json.dumps(options)}
        jobs:
          - name: j
            steps:
              - name: fine
                run: mkdir out; ln -s out latest
                outputs: [{{path: latest, makeAvailableTo: [use]}}]
              - name: use
                dependsOn: [{{step: fine, condition: {{type: succeeded}}}}]
                run: ln -s /etc/passwd away; ln -s nowhere dangling; ls -d latest
                outputs:
                  - {{path: away, makeAvailableTo: [last]}}
                  - {{path: dangling, makeAvailableTo: [last]}}
                  - {{path: out, makeAvailableTo: [last]}}
              - name: last
                dependsOn: [{{step: use, condition: {{type: succeeded}}}}]
                run: ls
        """
    )
    assert statuses(record) == {"fine": "succeeded", "use": "failed", "last": "skipped"}
    assert record.steps[1].detail == (
        "the output 'away' is outside of the workspace: a symlink leads there; "
        "the output 'dangling' is not there"
    )


def test_an_image_without_tar_is_named(tmp_path: Path) -> None:
    """There is something to do about it."""
    name = f"no-tar-{secrets.token_hex(4)}"
    tag = f"swamp-test/{name}"
    docker("run", "--name", name, DEBIAN, "rm", "-f", "/bin/tar", "/usr/bin/tar")
    try:
        docker("commit", name, tag)
        record = a_host(tmp_path).run(
            f"""
            driver: docker
            driverConfig: {{image: {tag}, pull: never}}
            workspace: {{enabled: false}}
            jobs:
              - name: j
                steps:
                  - name: make
                    run: touch out
                    outputs: [{{path: out, makeAvailableTo: [use]}}]
                  - name: use
                    dependsOn: [{{step: make, condition: {{type: succeeded}}}}]
                    run: ls
            """
        )
    finally:
        docker("rm", name)
        docker("rmi", "--force", tag)
    assert record.status is RunStatus.FAILED
    assert record.steps[0].detail == (
        "there is no 'tar' where the step runs, and files cannot be handed on without it: "
        "add it to the image, or let the steps share a workspace"
    )
