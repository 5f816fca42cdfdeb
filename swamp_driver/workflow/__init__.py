"""Text -> Workflow -> Plan -> bound steps: pure, without a process, a clock or a disk."""

from typing import TYPE_CHECKING

from swamp_driver._lazy import load_on_use
from swamp_driver.workflow._assignments import AssignedText, parse_assignments
from swamp_driver.workflow._bind import BoundStep, bind_config, bind_step
from swamp_driver.workflow._bind_data import BoundData, BoundKind
from swamp_driver.workflow._bind_service import BoundReadiness, BoundService
from swamp_driver.workflow._bind_tasks import BoundCall, BoundQuestion, bind_call, bind_question
from swamp_driver.workflow._cel import pattern_matches
from swamp_driver.workflow._commands import (
    ApprovalCommand,
    Command,
    ConfigTree,
    MethodCommand,
    PlannedTier,
    ShellCommand,
    WorkflowCommand,
    command_trees,
)
from swamp_driver.workflow._condition import (
    Condition,
    GroupCondition,
    NotCondition,
    SimpleCondition,
    aggregate,
    condition_holds,
    runs_after_failure,
)
from swamp_driver.workflow._drivers import DriverCatalog, DriverSelection
from swamp_driver.workflow._for_each import Iteration, expand_for_each
from swamp_driver.workflow._known import KnownTree, known_tree, waits_for
from swamp_driver.workflow._load import parse_workflow
from swamp_driver.workflow._model import Job, Workflow
from swamp_driver.workflow._model_catalog import (
    ModelCatalog,
    ModelDefinition,
    ModelType,
    NoModels,
)
from swamp_driver.workflow._model_step import Step
from swamp_driver.workflow._nesting import WorkflowFinder, WorkflowNotFoundError, literal
from swamp_driver.workflow._outputs import OutputsError, parse_outputs
from swamp_driver.workflow._plan import plan_nested, plan_text, plan_workflow
from swamp_driver.workflow._planned import (
    PLAN_SCHEMA,
    Nesting,
    Plan,
    PlannedBackground,
    PlannedBinding,
    PlannedData,
    PlannedDependency,
    PlannedForEach,
    PlannedJob,
    PlannedModel,
    PlannedOutput,
    PlannedReadiness,
    PlannedStep,
    PlannedWorkspace,
    Preserve,
    Sharing,
    TakenOutput,
    WorkflowFile,
)
from swamp_driver.workflow._reports import FoundReports, PlannedReport, ReportCatalog, ReportScope
from swamp_driver.workflow._scope import RunScope, StepView, self_of
from swamp_driver.workflow._step_ids import id_of_path, step_path
from swamp_driver.workflow._template import Template

if TYPE_CHECKING:
    from swamp_driver.workflow._answers import Answers
    from swamp_driver.workflow._cel import ExpressionError
    from swamp_driver.workflow._definition_file import parse_definition
    from swamp_driver.workflow._evaluate import to_text
    from swamp_driver.workflow._json_schema import FileKind, json_schema
    from swamp_driver.workflow._keeping import (
        GARBAGE_WORDS,
        KEPT_VERSIONS,
        LIFETIME_WORDS,
        GarbageRule,
        Lifetime,
        parse_garbage_rule,
        parse_lifetime,
        varied_name,
    )
    from swamp_driver.workflow._plan_json import plan_from_json, plan_to_json
    from swamp_driver.workflow._predicate import (
        compile_predicate,
        predicate_holds,
        select_value,
        wants_all_versions,
    )
    from swamp_driver.workflow._repository_file import (
        REPOSITORY_FILE,
        RepositoryFile,
        VaultDeclaration,
        parse_repository_file,
    )
    from swamp_driver.workflow._yaml_values import parse_yaml_values
else:  # what runs do not need
    __getattr__, __dir__ = load_on_use(
        __name__,
        {
            "_definition_file": ("parse_definition",),
            "_answers": ("Answers",),
            "_cel": ("ExpressionError",),
            "_evaluate": ("to_text",),
            "_json_schema": ("FileKind", "json_schema"),
            "_keeping": (
                "GARBAGE_WORDS",
                "KEPT_VERSIONS",
                "LIFETIME_WORDS",
                "GarbageRule",
                "Lifetime",
                "parse_garbage_rule",
                "parse_lifetime",
                "varied_name",
            ),
            "_plan_json": ("plan_from_json", "plan_to_json"),
            "_predicate": (
                "compile_predicate",
                "predicate_holds",
                "select_value",
                "wants_all_versions",
            ),
            "_repository_file": (
                "REPOSITORY_FILE",
                "RepositoryFile",
                "VaultDeclaration",
                "parse_repository_file",
            ),
            "_yaml_values": ("parse_yaml_values",),
        },
    )

__all__ = [
    "GARBAGE_WORDS",
    "KEPT_VERSIONS",
    "LIFETIME_WORDS",
    "PLAN_SCHEMA",
    "REPOSITORY_FILE",
    "Answers",
    "ApprovalCommand",
    "AssignedText",
    "BoundCall",
    "BoundData",
    "BoundKind",
    "BoundQuestion",
    "BoundReadiness",
    "BoundService",
    "BoundStep",
    "Command",
    "Condition",
    "ConfigTree",
    "DriverCatalog",
    "DriverSelection",
    "ExpressionError",
    "FileKind",
    "FoundReports",
    "GarbageRule",
    "GroupCondition",
    "Iteration",
    "Job",
    "KnownTree",
    "Lifetime",
    "MethodCommand",
    "ModelCatalog",
    "ModelDefinition",
    "ModelType",
    "Nesting",
    "NoModels",
    "NotCondition",
    "OutputsError",
    "Plan",
    "PlannedBackground",
    "PlannedBinding",
    "PlannedData",
    "PlannedDependency",
    "PlannedForEach",
    "PlannedJob",
    "PlannedModel",
    "PlannedOutput",
    "PlannedReadiness",
    "PlannedReport",
    "PlannedStep",
    "PlannedTier",
    "PlannedWorkspace",
    "Preserve",
    "ReportCatalog",
    "ReportScope",
    "RepositoryFile",
    "RunScope",
    "Sharing",
    "ShellCommand",
    "SimpleCondition",
    "Step",
    "StepView",
    "TakenOutput",
    "Template",
    "VaultDeclaration",
    "Workflow",
    "WorkflowCommand",
    "WorkflowFile",
    "WorkflowFinder",
    "WorkflowNotFoundError",
    "aggregate",
    "bind_call",
    "bind_config",
    "bind_question",
    "bind_step",
    "command_trees",
    "compile_predicate",
    "condition_holds",
    "expand_for_each",
    "id_of_path",
    "json_schema",
    "known_tree",
    "literal",
    "parse_assignments",
    "parse_definition",
    "parse_garbage_rule",
    "parse_lifetime",
    "parse_outputs",
    "parse_repository_file",
    "parse_workflow",
    "parse_yaml_values",
    "pattern_matches",
    "plan_from_json",
    "plan_nested",
    "plan_text",
    "plan_to_json",
    "plan_workflow",
    "predicate_holds",
    "runs_after_failure",
    "select_value",
    "self_of",
    "step_path",
    "to_text",
    "varied_name",
    "waits_for",
    "wants_all_versions",
]
