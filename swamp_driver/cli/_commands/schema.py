"""`swamp-driver schema`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from swamp_driver.cli._help import TeachingCommand
from swamp_driver.cli._print import print_json
from swamp_driver.errors import HostError
from swamp_driver.workflow import FileKind, json_schema


@click.command(
    "schema",
    cls=TeachingCommand,
    examples=(
        ("write it to where an editor finds it", "swamp-driver schema -o .workflow.schema.json"),
        ("that of a definition of a model", "swamp-driver schema model"),
    ),
)
@click.argument("kind", type=click.Choice(["workflow", "model", "repository"]), default="workflow")
@click.option("--output", "-o", type=click.Path(), help="Write to this file, not to stdout.")
def command(kind: FileKind, output: str | None) -> None:
    """Print the JSON Schema of workflow files, of models' definitions, or of .swamp-driver.yaml.

    With it editors complete keys and mark mistakes. To use it, begin a workflow file with
    `# yaml-language-server: $schema=.workflow.schema.json`.
    """
    schema = json_schema(kind)
    if output is None:
        print_json(schema)
        return
    try:
        Path(output).write_text(f"{json.dumps(schema, indent=2)}\n", encoding="utf-8")
    except OSError as error:
        raise HostError(f"'{output}' cannot be written: {error.strerror}") from error
