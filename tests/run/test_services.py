"""Background steps: ready, used, stopped, and what becomes of a run where one goes wrong."""

import socket
import threading

import attrs
import pytest

from swamp_driver.errors import WorkflowError
from swamp_driver.host import RunRecord
from swamp_driver.spec import (
    CancelToken,
    JobEnded,
    RunContext,
    RunEvent,
    RunStatus,
    StepEnd,
    StepEnded,
    StepIO,
    StepReady,
    StepRequest,
    StepResult,
    StepStarted,
    hookimpl,
)
from swamp_driver.testing import RecordingObserver, ends, exits, fake_driver, hangs
from tests.run.host import HostForTests, statuses

AFTER = "dependsOn: [{step: server, condition: {type: succeeded}}]"


@pytest.fixture
def port() -> int:
    """Return a port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def detail_of(record: RunRecord, step: str) -> str:
    """Return what is said of a step."""
    return next(one.detail for one in record.steps if one.step == step)


def test_a_server_is_reached_by_later_steps_and_gone_at_the_end(
    host: HostForTests, port: int
) -> None:
    """Tests that need a server beside them are what background steps are for."""
    record = host.run(
        f"""
        jobs:
          - name: test
            concurrency: 1
            steps:
              - name: server
                background: true
                run: |
                  echo hello > index.html
                  exec python3 -m http.server --bind 127.0.0.1 {port}
                readyWhen: {{port: {port}}}
              - name: client
                {AFTER}
                run: python3 -c "from urllib.request import urlopen as o;
                  print(o('http://127.0.0.1:{port}/index.html').read().decode(), end='')"
        """
    )
    assert statuses(record) == {"server": "succeeded", "client": "succeeded"}
    assert host.output("client") == "hello\n"
    assert detail_of(record, "server") == "stopped at the end of the job"
    assert (record.status, host.left) == (RunStatus.SUCCEEDED, [])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()
    host.observer.check()


def test_services_are_stopped_the_last_started_first(host: HostForTests) -> None:
    """A server that uses a database must not see it go."""
    fake = fake_driver({"database": hangs(), "server": hangs()})
    record = host.run(
        f"""
        jobs:
          - name: test
            steps:
              - {{name: database, run: x, background: true}}
              - name: server
                run: x
                background: true
                dependsOn: [{{step: database, condition: {{type: succeeded}}}}]
              - {{name: client, run: x, {AFTER}}}
        """,
        drivers={"fake": fake},
    )
    ended = [event.step for event in host.observer.of(StepEnded)]
    assert ended == ["client", "server", "database"]
    assert record.status is RunStatus.SUCCEEDED
    fake.journal.check()


def test_ready_is_told_and_probes_are_not(host: HostForTests, port: int) -> None:
    """What looks whether a step is ready is no step of the workflow."""
    record = host.run(
        f"""
        jobs:
          - name: test
            steps:
              - name: server
                background: true
                run: exec python3 -m http.server --bind 127.0.0.1 {port}
                readyWhen: {{port: {port}}}
        """
    )
    assert [event.step_id for event in host.observer.of(StepReady)] == ["s1"]
    assert [event.step_id for event in host.observer.of(StepStarted)] == ["s1"]
    assert [step.step_id for step in record.steps] == ["s1"]
    assert record.status is RunStatus.SUCCEEDED


def test_a_step_that_needs_no_port_is_ready_when_it_says_so(host: HostForTests) -> None:
    """Its output comes in pieces, and the words are in two of them."""
    seen = threading.Event()

    def serve(_: StepRequest, io: StepIO) -> StepResult:
        io.write("stderr", b"starting\nnow lis")
        io.write("stderr", b"tening on 80\n")
        io.cancel.wait(60)
        assert seen.is_set()
        return ends(StepEnd.CANCELLED)

    def use(_: StepRequest, __: StepIO) -> StepResult:
        seen.set()
        return ends(StepEnd.SUCCEEDED)

    record = host.run(
        f"""
        jobs:
          - name: test
            steps:
              - name: server
                background: true
                run: x
                readyWhen: {{log: "^now listening on [0-9]+$"}}
              - {{name: client, run: x, {AFTER}}}
        """,
        drivers={"fake": fake_driver({"server": serve, "client": use})},
    )
    assert statuses(record) == {"server": "succeeded", "client": "succeeded"}


def test_a_command_says_that_a_step_is_ready(host: HostForTests) -> None:
    """It runs with the step's environment and directory, as often as it takes."""
    record = host.run(
        f"""
        jobs:
          - name: test
            steps:
              - name: server
                background: true
                env: {{FILE: made}}
                run: sleep 0.2; echo yes > "$FILE"; sleep 60
                readyWhen:
                  command: test "$(cat "$FILE")" = ${{{{ "yes" }}}}
              - name: client
                {AFTER}
                run: cat made
        """
    )
    assert host.output("client") == "yes\n"
    assert record.status is RunStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("script", "ready", "detail"),
    [
        (
            "echo working; sleep 60",
            "{port: PORT, timeout: 300ms}",
            "it was not ready after 0.3 s: nothing listens on port PORT; its last output: working",
        ),
        (
            "sleep 60",
            "{log: never, timeout: 300ms}",
            "it was not ready after 0.3 s: no line of its output matched 'never'",
        ),
        (
            "sleep 60",
            "{command: 'echo no luck >&2; exit 1', timeout: 400ms, interval: 10s}",
            "it was not ready after 0.4 s: its command did not succeed and said: no luck",
        ),
        (
            "echo cannot bind >&2; exit 3",
            "{port: PORT}",
            "it ended before it was ready; its last output: cannot bind",
        ),
        ("exit 0", "{log: never}", "it ended before it was ready"),
    ],
)
def test_a_step_that_does_not_become_ready_has_failed(
    host: HostForTests, port: int, script: str, ready: str, detail: str
) -> None:
    """What would use it is not run, and the message says what was waited for."""
    record = host.run(
        f"""
        jobs:
          - name: test
            steps:
              - name: server
                background: true
                run: {script}
                readyWhen: {ready.replace("PORT", str(port))}
              - {{name: client, run: x, {AFTER}}}
        """
    )
    assert statuses(record) == {"server": "failed", "client": "skipped"}
    assert detail_of(record, "server") == detail.replace("PORT", str(port))
    assert (record.status, record.exit_code, host.left) == (RunStatus.FAILED, 1, [])


def test_a_port_that_is_taken_is_found_before_the_step_starts(host: HostForTests) -> None:
    """Or the tests would use what somebody else left running there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        record = host.run(
            f"""
            jobs:
              - name: test
                steps:
                  - name: server
                    background: true
                    run: echo started; sleep 60
                    readyWhen: {{port: {port}}}
            """
        )
    assert statuses(record) == {"server": "failed"}
    assert detail_of(record, "server") == (
        f"port {port} is taken: something listened there before it started"
    )
    assert host.output("server") == ""


@pytest.mark.parametrize(
    "ready", ["{port: PORT}", '{command: "test -e index.html", interval: 50ms}']
)
def test_a_service_without_a_workspace_is_watched_all_the_same(
    host: HostForTests, port: int, ready: str
) -> None:
    """Its working directory is made with it, and the looking begins at the same time."""
    record = host.run(
        f"""
        workspace: {{enabled: false}}
        jobs:
          - name: test
            steps:
              - name: server
                background: true
                run: sleep 0.1; touch index.html; exec python3 -m http.server {port}
                readyWhen: {ready.replace("PORT", str(port))}
        """
    )
    assert (statuses(record), record.status) == ({"server": "succeeded"}, RunStatus.SUCCEEDED)


class Watcher(RecordingObserver):
    """Notes that a step has ended."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = threading.Event()

    def on_event(self, event: RunEvent) -> None:
        """Take an event."""
        super().on_event(event)
        if isinstance(event, StepEnded):
            self.ended.set()


def test_a_service_that_dies_fails_its_job(host: HostForTests) -> None:
    """Whatever its users made of it, they did not have what they needed."""
    watcher = Watcher()
    host = attrs.evolve(host, observer=watcher)

    def serve(request: StepRequest, io: StepIO) -> StepResult:
        used.wait(60)
        return exits(7, stderr=b"out of luck\n")(request, io)

    def use(_: StepRequest, __: StepIO) -> StepResult:
        used.set()
        watcher.ended.wait(60)
        return ends(StepEnd.SUCCEEDED)

    used = threading.Event()
    record = host.run(
        f"""
        jobs:
          - name: test
            steps:
              - {{name: server, run: x, background: true}}
              - {{name: client, run: x, {AFTER}}}
              - name: later
                run: x
                dependsOn: [{{step: client, condition: {{type: succeeded}}}}]
              - name: clean
                run: x
                dependsOn: [{{step: client, condition: {{type: always}}}}]
        """,
        drivers={"fake": fake_driver({"server": serve, "client": use})},
    )
    assert statuses(record) == {
        "server": "failed",
        "client": "succeeded",
        "later": "skipped",
        "clean": "succeeded",
    }
    assert detail_of(record, "server") == (
        "it ended by itself before the end of the job; its last output: out of luck"
    )
    assert record.status is RunStatus.FAILED


def test_a_service_that_ends_well_by_itself_has_succeeded(host: HostForTests) -> None:
    """A helper may know by itself when its work is done."""
    record = host.run(
        f"""
        jobs:
          - name: test
            steps:
              - {{name: server, run: x, background: true}}
              - {{name: client, run: x, {AFTER}}}
        """,
        drivers={"fake": fake_driver()},
    )
    assert statuses(record) == {"server": "succeeded", "client": "succeeded"}
    assert record.status is RunStatus.SUCCEEDED


def test_a_service_of_the_run_serves_later_jobs(host: HostForTests) -> None:
    """Its job is done for those that depend on it, and ends with the run."""
    fake = fake_driver({"server": hangs(), "local": hangs()})
    record = host.run(
        """
        jobs:
          - name: services
            steps: [{name: server, run: x, background: true, until: run}]
          - name: first
            dependsOn: [{job: services, condition: {type: succeeded}}]
            steps:
              - {name: local, run: x, background: true}
              - {name: one, run: x, dependsOn: [{step: local, condition: {type: succeeded}}]}
          - name: second
            dependsOn: [{job: first, condition: {type: succeeded}}]
            steps: [{name: two, run: x}]
        """,
        drivers={"fake": fake},
    )
    ended = [event.step for event in host.observer.of(StepEnded)]
    assert ended == ["one", "local", "two", "server"]
    assert [event.job for event in host.observer.of(JobEnded)] == ["first", "second", "services"]
    assert (record.status, detail_of(record, "server")) == (
        RunStatus.SUCCEEDED,
        "stopped at the end of the run",
    )
    fake.journal.check()


def test_every_iteration_is_a_service(host: HostForTests) -> None:
    """What depends on them goes on when all are ready."""
    fake = fake_driver({"server-a": hangs(), "server-b": hangs()})
    record = host.run(
        """
        jobs:
          - name: test
            steps:
              - name: server-${{ self.x }}
                forEach: {item: x, in: [a, b]}
                run: x
                background: true
              - name: client
                run: x
                dependsOn: [{step: "server-${{ self.x }}", condition: {type: succeeded}}]
        """,
        drivers={"fake": fake},
    )
    ended = [event.step for event in host.observer.of(StepEnded)]
    assert ended == ["client", "server-b", "server-a"]
    assert record.status is RunStatus.SUCCEEDED


def test_one_iteration_that_fails_ends_the_others(host: HostForTests) -> None:
    """What is of no use to anybody must not live for ever."""

    def fail(request: StepRequest, io: StepIO) -> StepResult:
        return exits(1)(request, io)

    record = host.run(
        """
        jobs:
          - name: test
            steps:
              - name: server-${{ self.x }}
                forEach: {item: x, in: [a, b]}
                run: x
                background: true
                readyWhen: {log: "up"}
        """,
        drivers={"fake": fake_driver({"server-a": fail, "server-b": _up})},
    )
    assert statuses(record) == {"server-a": "failed", "server-b": "succeeded"}
    assert record.status is RunStatus.FAILED


def _up(request: StepRequest, io: StepIO) -> StepResult:
    io.write("stdout", b"up\n")
    return hangs()(request, io)


def test_a_cancelled_run_ends_its_services(host: HostForTests) -> None:
    """As it ends all steps."""
    cancel = CancelToken()

    def use(request: StepRequest, io: StepIO) -> StepResult:
        cancel.cancel()
        return hangs()(request, io)

    record = host.run(
        f"""
        jobs:
          - name: test
            steps:
              - {{name: server, run: x, background: true, readyWhen: {{log: up}}}}
              - {{name: late, run: x, background: true, readyWhen: {{log: never}}}}
              - {{name: client, run: x, {AFTER}}}
        """,
        drivers={"fake": fake_driver({"server": _up, "late": hangs(), "client": use})},
        cancel=cancel,
    )
    assert statuses(record) == dict.fromkeys(("server", "late", "client"), "cancelled")
    assert record.status is RunStatus.CANCELLED


def test_steps_of_a_run_with_services_are_told_to_drivers(host: HostForTests) -> None:
    """A driver that isolates steps from each other must know before it makes anything."""
    told: list[bool] = []

    class Driver(fake_driver()):  # type: ignore[misc]
        @hookimpl
        def prepare_workspace(self, run: RunContext) -> object:
            told.append(run.services)
            return super().prepare_workspace(run)

    for key in ("", ", background: true"):
        host.run(
            f"jobs: [{{name: j, steps: [{{name: s, run: x{key}}}]}}]", drivers={"fake": Driver}
        )
    assert told == [False, True]


def test_drivers_without_loopback_are_refused_before_the_run(host: HostForTests) -> None:
    """A client that waits for a server in another network would wait for ever."""
    fake = fake_driver(capabilities=frozenset())
    with pytest.raises(WorkflowError, match="does not let the steps of a run reach each other"):
        host.run(
            "jobs: [{name: j, steps: [{name: s, run: x, background: true}]}]",
            drivers={"fake": fake},
        )


@pytest.mark.engine
@pytest.mark.parametrize("mode", ["per-step", "session"])
def test_containers_with_other_images_mean_the_same_by_loopback(
    host: HostForTests, mode: str
) -> None:
    """A workflow does not know where its steps run."""
    record = host.run(
        f"""
        driver: docker
        driverConfig: {{image: swamp-test/busybox, mode: {mode}, pull: never}}
        jobs:
          - name: test
            concurrency: 1
            steps:
              - name: server
                background: true
                run: echo hello > index.html; exec httpd -f -p 127.0.0.1:8080
                readyWhen: {{port: 8080}}
              - name: same-image
                run: wget -q -O - http://127.0.0.1:8080/
                {AFTER}
              - name: other-image
                driverConfig: {{image: swamp-test/debian, mode: {mode}, pull: never}}
                run: bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080;
                  printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3'
                {AFTER}
        """
    )
    assert set(statuses(record).values()) == {"succeeded"}
    assert host.output("same-image") == "hello\n"
    assert host.output("other-image").endswith("\r\n\r\nhello\n")
    assert host.left == []
