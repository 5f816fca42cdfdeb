"""The models that the workflows of a repository may use."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from swamp_driver.errors import HostError, Problem, WorkflowError
from swamp_driver.host._entry_points import FoundEntryPoint, find_entry_points
from swamp_driver.host._repository import find_repository
from swamp_driver.host._settings import HostSettings
from swamp_driver.host.models._files import SOURCES, read_definitions, read_sources
from swamp_driver.spec import Json
from swamp_driver.workflow import ModelDefinition, ModelType, parse_definition

if TYPE_CHECKING:
    from swamp_driver.host.models._survey import Answer

ENTRY_POINT_GROUP = "swamp.models"


class RepositoryModels:
    """The `ModelCatalog` of a repository: its own models, and those that are installed.

    Nothing is read before it is asked for, and each thing once. Not thread-safe.
    """

    def __init__(self, repository: Path) -> None:
        self._repository = repository

    def types(self) -> Sequence[ModelType]:
        """Return all types that can be described, those of the repository first.

        Raises:
            WorkflowError: a file of the repository cannot be read, or two classes have one type.
        """
        types = self._described[0]
        by_name: dict[str, ModelType] = {}
        for found in types:
            if (other := by_name.setdefault(found.type, found)) is not found:
                what = f"the model type '{found.type}' is defined twice: in {other.found_in} "
                raise WorkflowError([Problem(what=f"{what}and in {found.found_in}")])
        return types

    def broken(self) -> Sequence[str]:
        """Return what could not be described, in words, with the place."""
        return self._described[1]

    def definitions(self) -> Sequence[ModelDefinition]:
        """Return the definitions of the repository.

        Raises:
            WorkflowError: one cannot be read or is wrong, or two have one name; all problems.
        """
        return self._definitions

    @functools.cached_property
    def _described(self) -> tuple[list[ModelType], list[str]]:
        types: list[ModelType] = []
        broken: list[str] = []
        for answer, where, sources in (*self._of_repository(), *_installed()):
            types += [_model_type(one, where, sources) for one in answer.models]
            broken += [f"{where}: {error}" for error in answer.errors]
        return types, broken

    def _of_repository(self) -> Iterator[tuple[Answer, str, dict[str, str]]]:
        sources = read_sources(self._repository)
        files = [path for path in sources if "/" not in path and not path.startswith("_")]
        if not files:
            return
        # Not every plan of a repository asks for models, and each start of a command counts.
        from swamp_driver.host.models._cache import (  # noqa: PLC0415
            content_key,
            keep_answers,
            load_answers,
        )
        from swamp_driver.host.models._survey import survey  # noqa: PLC0415

        folder = self._repository / SOURCES
        directory, key = _cache_directory(), content_key(folder, sources)
        answers = load_answers(directory, key)
        if answers is None:
            answers = survey(folder, files, [])
            keep_answers(directory, key, answers)
        for answer in answers:
            yield answer, f"{SOURCES.as_posix()}/{answer.item}", sources

    @functools.cached_property
    def _definitions(self) -> list[ModelDefinition]:
        found: list[ModelDefinition] = []
        problems: list[Problem] = []
        for source, text in read_definitions(self._repository):
            try:
                found.append(parse_definition(text, source=source))
            except WorkflowError as error:
                problems += error.problems
        problems += _twice(found)
        if problems:
            raise WorkflowError(problems)
        return found


def catalog_of(directory: Path) -> RepositoryModels:
    """Return the models that a workflow file in `directory` may use; nothing is read yet."""
    return RepositoryModels(find_repository(directory.absolute()))


def _twice(definitions: Sequence[ModelDefinition]) -> Iterator[Problem]:
    """Yield a problem for each definition with a name or id that another one has."""
    seen: dict[str, ModelDefinition] = {}
    for one in definitions:
        for word in dict.fromkeys((one.name, one.id)):
            if (other := seen.setdefault(word, one)) is not one:
                what = f"the model {word!r} is defined in '{other.source}' too"
                yield Problem(what=what, file=one.source, line=1, column=1)


def _installed() -> Iterator[tuple[Answer, str, dict[str, str]]]:
    """Yield what is offered by entry points; their sources come with the answers."""
    found: list[FoundEntryPoint] = list(find_entry_points(ENTRY_POINT_GROUP))
    if not found:
        return
    from swamp_driver.host.models._survey import survey  # noqa: PLC0415 - as above

    answers = survey(Path(), [], [one.value for one in found])
    for one, answer in zip(found, answers, strict=True):
        package = " ".join(part for part in (one.distribution, one.version) if part)
        yield answer, f"{package}, {one.value}", {}


def _model_type(found: dict[str, Json], where: str, sources: dict[str, str]) -> ModelType:
    description, origin = found["description"], found["origin"]
    own = found.get("sources") or sources
    assert isinstance(description, dict)
    assert isinstance(origin, dict)
    assert isinstance(own, dict)
    return ModelType(
        type=str(description["type"]),
        version=str(description["version"]),
        found_in=where,
        origin={key: str(value) for key, value in origin.items()},
        description=description,
        sources={key: str(value) for key, value in own.items()},
    )


def _cache_directory() -> Path | None:
    try:
        return HostSettings.from_environment().state_dir / "models"
    except HostError:
        return None  # told where the directory is really needed
