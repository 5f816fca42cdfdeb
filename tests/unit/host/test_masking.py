"""Secrets never come out, whole or split."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from swamp_driver.host._masking import Masker, looks_secret, mask_text, maskable, too_short


def _masked(secrets: frozenset[bytes], pieces: list[bytes]) -> bytes:
    masker = Masker(secrets)
    return b"".join(masker.feed(piece) for piece in pieces) + masker.flush()


def test_a_secret_split_over_two_reads_is_masked() -> None:
    """The kernel cuts output where it likes, so a mask per read would leak."""
    assert _masked(frozenset({b"hunter22"}), [b"say hunt", b"er22!"]) == b"say ***!"


def test_what_cannot_be_a_secret_is_not_held_back() -> None:
    """Output must be seen at once: only a possible beginning of a secret waits."""
    masker = Masker(frozenset({b"hunter22"}))
    assert masker.feed(b"hello hun") == b"hello "
    assert masker.feed(b"gry\n") == b"hungry\n"


def test_the_longer_of_two_secrets_wins() -> None:
    """Masking the shorter one first would show the rest of the longer one."""
    assert _masked(frozenset({b"abcd", b"abcdefgh"}), [b"abcdefgh"]) == b"***"


def test_each_line_of_a_secret_of_several_lines_is_masked() -> None:
    """A private key is printed line by line."""
    secrets = maskable(["-----BEGIN\nline-one\nab\n"])
    assert secrets == {b"-----BEGIN", b"line-one"}


def test_short_values_are_named_and_not_masked() -> None:
    """Masking 'on' would blot out half of the output, so it is said instead."""
    assert maskable(["on"]) == frozenset()
    assert too_short({"A_TOKEN": "on", "B_TOKEN": "long enough", "EMPTY": ""}) == ("A_TOKEN",)


def test_names_that_carry_secrets_are_known() -> None:
    """What is forwarded under such a name is masked without being asked."""
    assert looks_secret("GITHUB_TOKEN")
    assert looks_secret("npm_config__password")
    assert not looks_secret("KEYBOARD")
    assert not looks_secret("PATH")


def test_text_is_masked_as_output_is() -> None:
    """Errors and commands are shown too."""
    assert mask_text("curl -u me:hunter22", frozenset({b"hunter22"})) == "curl -u me:***"


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([b"hunter22", b"hunt", b"er22", b"xhun", b"abab", b"ab", b"\n"])),
    st.data(),
)
def test_no_cut_lets_a_secret_out(words: list[bytes], data: st.DataObject) -> None:
    """Wherever the output is cut, the result is that of the uncut output."""
    secrets = frozenset({b"hunter22", b"ababab"})
    text = b"".join(words)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    edges = [0, *cuts, len(text)]
    pieces = [text[a:b] for a, b in pairwise(edges)]
    assert _masked(secrets, pieces) == _masked(secrets, [text])
    assert not any(secret in _masked(secrets, pieces) for secret in secrets)
