"""Models as the host finds them: described in a child process, whatever they do there."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from swamp_driver.errors import WorkflowError
from swamp_driver.host.models import RepositoryModels
from swamp_driver.host.models._survey import Answer, survey

GOOD = """
from swamp_driver.models import Model, method
import _shared

class Good(Model):
    type = "test/good"

    @method
    def go(self, word: str = _shared.WORD) -> None: ...
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name a state directory that nobody else uses; return it."""
    path = tmp_path / "state"
    monkeypatch.setenv("SWAMP_DRIVER_STATE", str(path))
    return path


def repository(tmp_path: Path, **files: str) -> Path:
    """Return a repository with models: file names without the ending."""
    folder = tmp_path / "repository" / "extensions" / "models"
    folder.mkdir(parents=True)
    for name, text in {"_shared": "WORD = 'x'", **files}.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text))
    return tmp_path / "repository"


def test_a_model_is_described_with_its_helpers(tmp_path: Path) -> None:
    """What travels with it is the whole folder; what begins with '_' is no model."""
    models = RepositoryModels(repository(tmp_path, good=GOOD))
    (found,) = models.types()
    assert (found.type, found.found_in) == ("test/good", "extensions/models/good.py")
    assert found.origin == {"file": "good.py", "class": "Good"}
    assert sorted(found.sources) == ["_shared.py", "good.py"]
    inputs: Any = found.methods["go"]["inputs"]
    assert inputs["properties"] == {"word": {"type": "string", "default": "x"}}
    assert models.broken() == []


def test_a_model_named_like_a_standard_module_is_no_rival_of_it(tmp_path: Path) -> None:
    """`json.py` is a fine name for a model about JSON."""
    models = RepositoryModels(repository(tmp_path, json=GOOD))
    assert [one.type for one in models.types()] == ["test/good"]


def test_broken_models_are_told_and_keep_no_other_from_being_found(tmp_path: Path) -> None:
    """One unfinished file must not stop every workflow of a repository."""
    models = RepositoryModels(
        repository(
            tmp_path,
            a_syntax="def f(:\n",
            b_import="\n\nimport no_such_package\n",
            c_exit="import os\nos._exit(3)\n",
            d_system_exit="raise SystemExit('no')\n",
            e_type="""
                from swamp_driver.models import Model
                class Bad(Model):
                    type = "Bad Type"
            """,
            f_good=GOOD,
            g_killed="import os\nos.kill(os.getpid(), 9)\n",
            h_prints="print('junk' * 100000)\n",
        )
    )
    assert [one.type for one in models.types()] == ["test/good"]
    told = [text.replace("extensions/models/", "") for text in models.broken()]
    syntax, *others = told
    assert syntax.startswith("a_syntax.py: SyntaxError: invalid syntax (")
    assert others == [
        "b_import.py: line 3: ModuleNotFoundError: No module named 'no_such_package'",
        "c_exit.py: importing it ended the process (exit code 3)",
        "d_system_exit.py: line 1: SystemExit: no",
        "e_type.py: Bad: 'type' must be a text such as 'ci/git', found 'Bad Type'",
        "g_killed.py: importing it ended the process (exit code -9)",
    ]


def test_a_model_that_hangs_is_given_up(tmp_path: Path) -> None:
    """The command line must not hang because a file does."""
    folder = repository(tmp_path, hangs="import time\ntime.sleep(3600)\n") / "extensions/models"
    assert survey(folder, ["hangs.py"], [], limit_s=2.0) == [
        Answer(item="hangs.py", errors=("importing it takes too long",))
    ]


def test_what_was_described_is_not_asked_again(tmp_path: Path, state: Path) -> None:
    """A child process costs as much as a short command."""
    root = repository(tmp_path, good=GOOD)
    first = RepositoryModels(root).types()
    (kept,) = (state / "models").iterdir()
    kept.write_text(kept.read_text().replace("test/good", "test/kept"))
    assert [one.type for one in RepositoryModels(root).types()] == ["test/kept"]
    (root / "extensions/models/_shared.py").write_text("WORD = 'y'")
    assert [one.type for one in RepositoryModels(root).types()] == [one.type for one in first]


def test_a_damaged_answer_is_asked_again(tmp_path: Path, state: Path) -> None:
    """A cache is never a reason to fail."""
    root = repository(tmp_path, good=GOOD)
    RepositoryModels(root).types()
    (kept,) = (state / "models").iterdir()
    kept.write_text("[{}]")
    assert [one.type for one in RepositoryModels(root).types()] == ["test/good"]


def test_one_type_in_two_files_is_refused(tmp_path: Path) -> None:
    """Which of the two is meant is nothing to guess."""
    models = RepositoryModels(repository(tmp_path, one=GOOD, two=GOOD))
    with pytest.raises(WorkflowError) as caught:
        models.types()
    assert [one.what for one in caught.value.problems] == [
        (
            "the model type 'test/good' is defined twice: in extensions/models/one.py and in "
            "extensions/models/two.py"
        )
    ]


def test_definitions_are_read_at_any_depth_and_all_mistakes_told(tmp_path: Path) -> None:
    """Two definitions of one name, and a wrong key, in one round."""
    folder = tmp_path / "models" / "team"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text("type: ci/git\nname: a\n")
    assert [one.source for one in RepositoryModels(tmp_path).definitions()] == [
        "models/team/a.yaml"
    ]
    (folder / "b.yml").write_text("type: ci/git\nname: b\nid: a\n")
    (folder / "c.yaml").write_text("type: ci/git\nname: c\nkind: x\n")
    with pytest.raises(WorkflowError) as caught:
        RepositoryModels(tmp_path).definitions()
    assert [f"{one.file}: {one.what}" for one in caught.value.problems] == [
        "models/team/c.yaml: unknown key 'kind'",
        "models/team/b.yml: the model 'a' is defined in 'models/team/a.yaml' too",
    ]


def test_a_pipe_among_definitions_is_not_waited_for(tmp_path: Path) -> None:
    """A repository is other people's files."""
    import os

    (tmp_path / "models").mkdir()
    os.mkfifo(tmp_path / "models" / "pipe.yaml")
    with pytest.raises(WorkflowError, match="it is no file"):
        RepositoryModels(tmp_path).definitions()


def test_an_installed_model_is_found_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models of a team live in a package; its sources travel whole."""
    site = tmp_path / "site"
    (site / "acme_models").mkdir(parents=True)
    (site / "acme_models/__init__.py").write_text("WORD = 'acme'\n")
    (site / "acme_models/git.py").write_text(
        GOOD.replace("import _shared", "import acme_models as _shared")
    )
    info = site / "acme_models-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-models\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[swamp.models]\ngood = acme_models.git:Good\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", str(site))
    models = RepositoryModels(tmp_path)
    assert models.broken() == []
    (found,) = models.types()
    assert (found.type, found.found_in) == ("test/good", "acme-models 1.2, acme_models.git:Good")
    assert found.origin == {"module": "acme_models.git", "class": "Good"}
    assert sorted(found.sources) == ["acme_models/__init__.py", "acme_models/git.py"]
