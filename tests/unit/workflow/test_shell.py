"""Values in scripts: always one word, never code."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swamp_driver.workflow import Template
from swamp_driver.workflow._evaluate import TemplateError
from swamp_driver.workflow._shell import write_script

SHELLS = [shell for shell in ("sh", "dash", "bash", "busybox") if shutil.which(shell)]

HOSTILE = [
    "",
    " ",
    "plain",
    "two words",
    "  blanks  ",
    "line\nbreak",
    "end\n",
    "$HOME",
    "${HOME}",
    "$(touch owned)",
    "`touch owned`",
    "'; touch owned; '",
    '"; touch owned; "',
    "'\"'\"'; touch owned",
    "&& touch owned",
    "| touch owned",
    "; touch owned #",
    "a[$(touch owned)]",
    "\\",
    "\\'",
    '\\"',
    "\\$(touch owned)",
    "EOF\ntouch owned\n",
    "\nEOF\ntouch owned",
    "*",
    "~",
    "-n",
    "%s%n",
    "#",
    "!",
    "{a,b}",
    "é😀",
    "\x01\x7f",
    "${SWAMP_EXPR_1}",
    "${{ inputs.x }}",
]

# script, and what it prints for a value
PLACES = {
    "unquoted": ("printf '<%s>' ${{ x }}", "<{}>"),
    "double": ("printf '<%s>' \"${{ x }}\"", "<{}>"),
    "double with text": ("printf '<%s>' \"a ${{ x }} b\"", "<a {} b>"),
    "single": ("printf '<%s>' '${{ x }}'", "<{}>"),
    "single with text": ("printf '<%s>' '$a \"${{ x }}\" b'", '<$a "{}" b>'),
    "assignment": ("v=${{ x }}; printf '<%s>' \"$v\"", "<{}>"),
    "after quotes": ("printf '<%s>' ''${{ x }}\"\"", "<{}>"),
    "substitution": ("printf '<%s>' \"$(printf '%s.' ${{ x }})\"", "<{}.>"),
    "quoted in substitution": ("printf '<%s>' \"$(printf '%s.' \"${{ x }}\")\"", "<{}.>"),
    "single in substitution": ("printf '<%s>' \"$(printf '%s.' '${{ x }}')\"", "<{}.>"),
    "backticks": ("v=`printf '%s.' ${{ x }}`; printf '<%s>' \"$v\"", "<{}.>"),
    "backticks in quotes": ("printf '<%s>' \"`printf '%s.' ${{ x }}`\"", "<{}.>"),
    "subshell": ("(printf '<%s>' ${{ x }})", "<{}>"),
    "group": ("{ printf '<%s>' ${{ x }}; }", "<{}>"),
    "default": ("unset u; printf '<%s>' \"${u:-${{ x }}}\"", "<{}>"),
    "unquoted default": ("unset u; printf '<%s>' ${u:-${{ x }}}", "<{}>"),
    "for": ("for v in ${{ x }}; do printf '<%s>' \"$v\"; done", "<{}>"),
    "case": ("case ${{ x }} in ${{ x }}) printf '<%s>' ${{ x }} ;; *) echo no ;; esac", "<{}>"),
    "case in substitution": (
        "printf '<%s>' \"$(case a in (b) ;; a) printf '%s.' ${{ x }} ;; esac)\"",
        "<{}.>",
    ),
    "here-document": ('cat <<EOF\nit\'s "${{ x }}" .\nEOF', 'it\'s "{}" .\n'),
    "substitution in a here-document": (
        "cat <<EOF\n$(printf '%s.' ${{ x }} '${{ x }}')\nEOF\n",
        "{0}.{0}.\n",
    ),
    "here-document with tabs": ("\tcat <<-EOF\n\ta${{ x }}b\n\tEOF\n", "a{}b\n"),
    "here-document in a substitution": (
        "printf '<%s>' \"$(cat <<EOF\n${{ x }}.\nEOF\n)\" '${{ x }}'",
        "<{0}.><{0}>",
    ),
    "after a here-document": (
        "cat <<EOF >/dev/null\nit's \"text\nEOF\nprintf '<%s>' ${{ x }}",
        "<{}>",
    ),
    "after two here-documents": (
        "cat <<A <<-'B' >/dev/null\n$(echo \"a)\")\nA\n\tb' $\n\tB\nprintf '<%s>' \"${{ x }}\"",
        "<{}>",
    ),
    "after a comment": ("# don't\nprintf '<%s>' ${{ x }} # ${{ x }} isn't\n:", "<{}>"),
    "argument of a function": ("f() { printf '<%s>' \"$1\"; }; f ${{ x }}", "<{}>"),
    "after escapes": ("printf '<%s>' \\\\${{ x }}\\'", "<\\{}'>"),
    "after a dollar": ("printf '<%s>' \\$${{ x }} \"\\$${{ x }}\"", "<${0}><${0}>"),
    "after a hash": ("printf '<%s>' a#${{ x }}", "<a#{}>"),
    "after arithmetic": ("printf '<%s>' $((1 + (2)))${{ x }}", "<3{}>"),
    "after quoted quotes": ("printf '<%s>' \"$(printf '%s' '\"')\"${{ x }}", '<"{}>'),
}


def _run(
    shell: str, script: str, value: str, directory: Path
) -> subprocess.CompletedProcess[bytes]:
    written = write_script(Template(script))
    env = {name: value for name, _ in written.expressions}
    program = [shell, "sh"] if shell == "busybox" else [shell]
    return subprocess.run(
        [*program, "-e", "-c", written.text],
        env={"PATH": os.environ["PATH"], "HOME": "/nowhere", "LC_ALL": "C.UTF-8", **env},
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )


def _check(shell: str, place: str, value: str, directory: Path) -> None:
    script, printed = PLACES[place]
    ended = _run(shell, script, value, directory)

    assert ended.stdout.decode() == printed.format(value), ended
    assert ended.returncode == 0
    assert list(directory.iterdir()) == []


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("place", PLACES)
def test_a_value_is_one_word_at_every_place_of_a_script(
    shell: str, place: str, tmp_path: Path
) -> None:
    """A hostile value must arrive as it is and run nothing: the promise of the format."""
    for value in HOSTILE:
        _check(shell, place, value, tmp_path)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    place=st.sampled_from(list(PLACES)),
    value=st.text(
        st.one_of(
            st.sampled_from("'\"`$(){}\\;&|<>#\n\t *?[]!~EOF"),
            st.characters(exclude_characters="\0", exclude_categories=["Cs"]),
        ),
        max_size=20,
    ),
)
def test_any_value_is_one_word(place: str, value: str, tmp_path: Path) -> None:
    """What the list of hostile values forgot."""
    _check("sh", place, value, tmp_path)


_PIECES = st.sampled_from(
    [
        *(
            "'",
            '"',
            "`",
            "$(",
            ")",
            "(",
            "${a:-",
            "}",
            "\\",
            "#",
            "a",
            ";",
            "$((",
            "))",
            "$",
            "esac",
        ),
        *("\n", " ", "<<E\n", "E\n", "case a in ", "${{ x }}", "${{ x }}"),
    ]
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(pieces=st.lists(_PIECES, max_size=12))
def test_no_script_runs_what_a_value_says(pieces: list[str], tmp_path: Path) -> None:
    """Whatever an author writes around it, right or wrong, the value is never read as code."""
    script = "".join(pieces)
    try:
        write_script(Template(script))
    except TemplateError:
        return
    for value in ("$(>owned)", "`>owned`", "';>owned;'", '";>owned;"', "\n>owned\n", ");>owned"):
        _run("sh", f"set -f +e\n{script}", value, tmp_path)
        assert list(tmp_path.glob("owned")) == [], (script, value)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("cat <<'E'\n${{ x }}\nE", "quoted delimiter"),
        ('cat <<"E"\n${{ x }}\nE', "quoted delimiter"),
        ("cat <<\\E\n${{ x }}\nE", "quoted delimiter"),
        ("cat <<${{ x }}", "delimiter of a here-document"),
        ("cat <<E${{ x }}", "delimiter of a here-document"),
        ("cat <<E\n\\${{ x }}\nE", "backslash"),
        ("echo \\${{ x }}", "backslash"),
        ('echo "\\${{ x }}"', "backslash"),
        ('echo "${a:-\\${{ x }}}"', "backslash"),
        ("echo $${{ x }}", "directly before"),
        ('echo "$${{ x }}"', "directly before"),
        ("echo $((${{ x }}))", "arithmetic"),
        ("echo $((1 + $(echo 1) + (${a}) + `b` + ${{ x }}))", "arithmetic"),
        ("((${{ x }} > 1))", "arithmetic"),
        ("echo ${${{ x }}}", "name of a parameter"),
        ("echo ${#${{ x }}}", "name of a parameter"),
        ("echo $'${{ x }}'", r"within \$'"),
        ("echo $'a\\'${{ x }}'", "not certain"),
        ("echo `echo \\` ${{ x }}`", "not certain"),
        ("echo `echo '`' ${{ x }}`", "not certain"),
        ("echo \"${a:-'${{ x }}'}\"", "not certain"),
        ("echo $(()${{ x }}", "arithmetic"),
        ("echo $(() $(echo ${{ x }}))", "not certain"),
        ("echo \0 ${{ x }}", "NUL"),
    ],
)
def test_a_place_where_no_value_can_go_is_refused(script: str, message: str) -> None:
    """Rather a clear message than a script that does something else."""
    with pytest.raises(TemplateError, match=message) as caught:
        write_script(Template(script))
    assert script.startswith(("${{", "\0"), caught.value.start)


def test_the_same_expression_has_one_variable() -> None:
    """The environment is not without bounds."""
    script = write_script(Template("echo ${{ a }} ${{ b }} ${{ a }}"))

    assert script.text == 'echo "${SWAMP_EXPR_1}" "${SWAMP_EXPR_2}" "${SWAMP_EXPR_1}"'
    assert [(name, part.text) for name, part in script.expressions] == [
        ("SWAMP_EXPR_1", "a"),
        ("SWAMP_EXPR_2", "b"),
    ]


@pytest.mark.parametrize(
    "script",
    [
        "plain",
        "cat <<<word",
        "a=$(( 1 ))",
        "echo $",
        "echo 'open",
        "",
        "echo ) ; esac",
    ],
)
def test_a_script_without_expressions_is_left_alone(script: str) -> None:
    """What is not understood must not be changed."""
    assert write_script(Template(script)).text == script


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("cat <<<${{ x }}", 'cat <<<"${SWAMP_EXPR_1}"'),
        ("cat <f ${{ x }}", 'cat <f "${SWAMP_EXPR_1}"'),
        ("echo '${{ x }}", "echo ''\"${SWAMP_EXPR_1}\"'"),
        ("echo \"`a` ${{ x }}\"", 'echo "`a` ${SWAMP_EXPR_1}"'),
        ("echo \"$((1)) ${{ x }}\"", 'echo "$((1)) ${SWAMP_EXPR_1}"'),
        ("case x in esac; echo ${{ x }}", 'case x in esac; echo "${SWAMP_EXPR_1}"'),
        ("echo $$${{ x }}", 'echo $$"${SWAMP_EXPR_1}"'),
        ("$(cat <<E)\n${{ x }}\nE", "$(cat <<E)\n${SWAMP_EXPR_1}\nE"),
        ("cat <<E\n${a:-${{ x }}}\nE", "cat <<E\n${a:-${SWAMP_EXPR_1}}\nE"),
    ],
)  # fmt: skip
def test_rare_places_have_their_reference_too(script: str, text: str) -> None:
    """Shell has more corners than are run above."""
    assert write_script(Template(script)).text == text
