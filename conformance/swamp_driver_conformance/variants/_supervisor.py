"""A process that runs one program and outlives none of its descendants. Run as a script (Linux).

Arguments: descriptor to report to, descriptor to be told by, working directory, file with the
namespace to join or "", program, arguments. It reports `started`, then `ended <status>`, or `error
<errno>`; it is told `T` (TERM) and `K` (KILL), and kills everything where the teller has gone.
"""

import ctypes
import os
import select
import signal
import sys

PR_SET_CHILD_SUBREAPER = 36
CLONE_NEWNS = 0x00020000


def main() -> None:
    """Run the program that the arguments name."""
    report_fd, control_fd = int(sys.argv[1]), int(sys.argv[2])
    cwd, namespace, argv = sys.argv[3], sys.argv[4], sys.argv[5:]
    os.set_inheritable(report_fd, False)  # noqa: FBT003 - its only argument
    os.set_inheritable(control_fd, False)  # noqa: FBT003 - its only argument
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if namespace:
        fd = os.open(namespace, os.O_RDONLY)
        libc.setns(fd, CLONE_NEWNS)
        os.close(fd)
    started_r, started_w = os.pipe()
    leader = os.fork()
    if leader == 0:
        _become(argv, cwd, started_w)
    os.close(started_w)
    with open(started_r, "rb") as pipe:  # noqa: PTH123 - a descriptor
        if error := pipe.read():
            os.waitpid(leader, 0)
            os.write(report_fd, b"error " + error + b"\n")
            return
    os.write(report_fd, b"started\n")
    status = watch(leader, control_fd)
    os.write(report_fd, f"ended {status}\n".encode())


def _become(argv: list[str], cwd: str, started_w: int) -> None:
    """Turn this process into the program; say what went wrong if that fails."""
    try:
        os.setsid()
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)
        os.umask(0o022)
        os.chdir(cwd)
        os.execvpe(argv[0], argv, os.environ)  # noqa: S606 - that is what it is for
    except OSError as error:
        os.write(started_w, str(error.errno).encode())
    os._exit(127)


def watch(leader: int, control_fd: int) -> int:
    """See the leader end, then everything else; return the leader's status."""
    while True:
        ready, _, _ = select.select([control_fd], [], [], 0.004)
        if ready:
            told = os.read(control_fd, 1)
            if told == b"T":
                os.killpg(leader, signal.SIGTERM)
            else:
                kill_descendants()
            if not told:
                control_fd = os.open(os.devnull, os.O_WRONLY)  # never ready to be read
        # The leader is not reaped before the rest is dead: its number names its group.
        if os.waitid(os.P_PID, leader, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return end_all(leader)
        reap(leader)


def reap(leader: int) -> None:
    """Reap orphans that have ended; the leader stays."""
    while True:
        try:
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if found is None or found.si_pid == leader:
            return
        os.waitpid(found.si_pid, 0)


def end_all(leader: int) -> int:
    """Kill until there is no descendant; return the leader's status."""
    _, status = os.waitpid(leader, 0)
    while True:
        kill_descendants()
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return status


def kill_descendants() -> None:
    """Kill everything below this process."""
    waiting = [os.getpid()]
    while waiting:
        parent = waiting.pop()
        try:
            path = f"/proc/{parent}/task/{parent}/children"
            with open(path, encoding="ascii") as file:  # noqa: PTH123 - pathlib is slow to import
                found = [int(pid) for pid in file.read().split()]
        except OSError:
            continue
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        waiting += found


if __name__ == "__main__":
    main()
