"""The identity of a run's owner: never a stranger's."""

from __future__ import annotations

import os
import subprocess
import sys

import attrs

from swamp_driver.spec import Owner


def test_the_calling_process_is_alive() -> None:
    """A run that goes on must not be cleaned up by another process that looks."""
    assert Owner.current().is_alive() is True
    assert Owner.current() == Owner.current()


def test_it_is_plain_data() -> None:
    """It goes into container labels and records as it is."""
    owner = Owner.current()
    assert owner.pid == os.getpid()
    assert {type(value) for value in attrs.asdict(owner).values()} == {str, int}
    assert owner.boot_id
    assert owner.start_time


def test_another_process_sees_the_same_identity() -> None:
    """The clean-up runs in another process than the one that wrote the label."""
    code = (
        "import sys; from swamp_driver.spec import Owner\n"
        "host, boot_id, pid, start_time = sys.argv[1:]\n"
        "owner = Owner(host=host, boot_id=boot_id, pid=int(pid), start_time=start_time)\n"
        "sys.exit(0 if owner.is_alive() is True else 1)"
    )
    argv = [str(value) for value in attrs.asdict(Owner.current()).values()]
    subprocess.run([sys.executable, "-c", code, *argv], check=True)


def test_a_process_that_ended_is_dead() -> None:
    """Its things are leftovers, also while nobody has waited for it."""
    code = "from swamp_driver.spec import Owner; print(Owner.current().start_time)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    start_time = process.communicate()[0].strip()
    owner = attrs.evolve(Owner.current(), pid=process.pid, start_time=start_time)
    assert owner.is_alive() is False


def test_a_process_that_nobody_waited_for_is_dead() -> None:
    """A zombie holds nothing and cleans up nothing."""
    code = "from swamp_driver.spec import Owner; print(Owner.current().start_time)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as ended:
        assert ended.stdout is not None
        start_time = ended.stdout.read().strip()
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        owner = attrs.evolve(Owner.current(), pid=ended.pid, start_time=start_time)
        assert owner.is_alive() is False


def test_a_reused_pid_is_not_the_owner() -> None:
    """Pids come round; the process that has it now started at another time."""
    assert attrs.evolve(Owner.current(), start_time="1").is_alive() is False


def test_after_a_reboot_nobody_is_alive() -> None:
    """Pid and start time can be the same in two boots of one machine."""
    assert attrs.evolve(Owner.current(), boot_id="another boot").is_alive() is False


def test_an_owner_elsewhere_is_not_known() -> None:
    """On a shared file system or engine, what belongs to another machine is left alone."""
    owner = attrs.evolve(Owner.current(), host="elsewhere.example")
    assert not owner.is_here
    assert owner.is_alive() is None
