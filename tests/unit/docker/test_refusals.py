"""What engines and registries say, and the error that it becomes."""

from __future__ import annotations

import pytest

from swamp_driver.errors import ConfigError, UnavailableError, WorkspaceError
from swamp_driver_docker_ws._refusals import (
    explain_pull,
    explain_refusal,
    explain_unreachable,
    without_credentials,
)

RUN_DIR = "/r/rabcdefghijk"


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("No such image: no/such:1", "image"),
        ("invalid reference format: repository name must be lowercase", "image"),
        (
            "image with reference a was found but does not match the specified platform: wanted x",
            "image",
        ),
        ("Minimum memory limit allowed is 6MB", "memory"),
        ("Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available", "cpus"),
        ("unable to find user nobodyhere: no matching entries in passwd file", "user"),
        ("uids and gids must be in range 0-2147483647", "user"),
        ("network nosuchnet not found", "network"),
        ("No such container: nosuch", "network"),
        (
            'invalid mount config for type "bind": bind source path does not exist: /no/such',
            "volumes",
        ),
        ("Duplicate mount point: /x", "volumes"),
        ('invalid CapAdd: unknown capability: "CAP_FOO"', "extraArgs"),
        ("runc create failed: wrong rlimit value: RLIMIT_FOO: unknown", "extraArgs"),
        ("Unknown runtime specified nope", "extraArgs"),
        ('sysctl "foo.bar" is not in a separate kernel namespace: unknown', "extraArgs"),
        ('could not select device driver "" with capabilities: [[gpu]]', "extraArgs"),
        ("Minimum memoryswap limit should be larger than memory limit, see usage", "extraArgs"),
        ("Decoding seccomp profile failed: invalid character", "extraArgs"),
    ],
)
def test_a_value_that_the_engine_refuses_is_an_error_at_the_option(text: str, option: str) -> None:
    """The host puts the place in the file before it, so a person can go there."""
    error = explain_refusal(text, run_dir=RUN_DIR)
    assert isinstance(error, ConfigError)
    assert [problem.path for problem in error.problems] == [option]
    assert text in error.problems[0].what


@pytest.mark.parametrize(
    "text",
    [
        f'invalid mount config for type "bind": bind source path does not exist: {RUN_DIR}',
        f"mounts denied: the path {RUN_DIR} is not shared from the host",
        f'exec: "{RUN_DIR}/.agent-b/agent": stat {RUN_DIR}/.agent-b/agent: no such file',
    ],
)
def test_a_run_directory_that_is_not_shared_names_the_likely_causes(text: str) -> None:
    """It is no mistake in the file, and the reason is outside of both programs."""
    error = explain_refusal(text, run_dir=RUN_DIR)
    assert isinstance(error, WorkspaceError)
    assert all(cause in str(error) for cause in (RUN_DIR, "snap", "virtual machine", "container"))


def test_a_missing_bridge_is_explained() -> None:
    """The engine's own text speaks of an interface that nobody has named."""
    error = explain_refusal("could not find bridge docker0: route ip+net: no such", run_dir="")
    assert isinstance(error, UnavailableError)
    assert "network: host" in str(error.fix)


def test_a_refusal_of_an_unknown_kind_keeps_its_text() -> None:
    """Engines will say new things."""
    error = explain_refusal("the moon is full", run_dir="")
    assert isinstance(error, UnavailableError)
    assert "the moon is full" in str(error)


@pytest.mark.parametrize(
    ("text", "reason", "retryable"),
    [
        ("manifest for a:b not found: manifest unknown", "does not exist", False),
        (
            "pull access denied for x, repository does not exist or may require 'docker login'",
            "refuses access",
            False,
        ),
        ("unauthorized: authentication required", "refuses access", False),
        ("no basic auth credentials", "refuses access", False),
        ("toomanyrequests: You have reached your pull rate limit", "rate limit", True),
        ("no matching manifest for linux/arm64/v8 in the manifest list", "platform", False),
        ("write /var/lib/x: no space left on device", "disk is full", False),
        ("dial tcp 127.0.0.1:5999: connect: connection refused", "cannot be reached", True),
        ("lookup nosuchhost.invalid: no such host", "cannot be reached", True),
        ("net/http: TLS handshake timeout", "cannot be reached", True),
        ("received unexpected HTTP status: 503 Service Unavailable", "cannot be reached", True),
    ],
)
def test_failed_pulls_are_told_apart(text: str, reason: str, *, retryable: bool) -> None:
    """Each needs another cure, and only some of them another try."""
    error = explain_pull(text, image="me/tool:1")
    assert isinstance(error, UnavailableError)
    assert reason in error.reason
    assert "me/tool:1" in error.reason
    assert error.retryable is retryable


def test_credentials_are_not_repeated() -> None:
    """Engines put whole addresses into their texts, and errors go into logs."""
    text = 'Get "https://me:hunter2@reg.invalid/v2/?token=hunter3": denied: no'
    assert "hunter" not in without_credentials(text)
    assert "hunter" not in str(explain_pull(text, image="a"))
    assert "hunter" not in str(explain_refusal(text, run_dir=""))


@pytest.mark.parametrize(
    ("text", "words", "retryable"),
    [
        ("UnixHTTPConnectionPool(...): Read timed out. (read timeout=5)", "not answer", True),
        ("('Connection aborted.', PermissionError(13, 'Permission denied'))", "this user", False),
        ("('Connection aborted.', FileNotFoundError(2, 'No such file'))", "be reached", True),
    ],
)
def test_an_engine_that_cannot_be_talked_to(text: str, words: str, *, retryable: bool) -> None:
    """Down, silent and forbidden are three different things."""
    error = explain_unreachable(text, url="unix:///x.sock")
    assert words in error.reason
    assert "unix:///x.sock" in error.reason
    assert (error.fix is not None, error.retryable) == (True, retryable)
