"""What to write instead of keys and values that people bring from elsewhere."""

from __future__ import annotations

_NEWER = "'{}' belongs to a newer version of the format than this one; "
_INSTEAD = {
    "assertions": "write a step 'run: test ...' in place of each",
    "autoResume": "remove it: 'swamp-driver approve RUN' goes on with the run",
    "guard": "write a condition in 'dependsOn', or a test in the script",
    "queueTimeout": "remove it: steps wait for no worker here",
    "vaults": "remove it: the vaults are those of '.swamp-driver.yaml'",
}

NEWER_KEYS = {
    key: _NEWER.format(key) + _INSTEAD.get(key, "remove it")
    for key in (*_INSTEAD, "affinity", "labels", "platform", "target", "writes")
}

_EVERYWHERE = {
    **NEWER_KEYS,
    "depends_on": "write 'dependsOn: [{job: NAME, condition: {type: succeeded}}]'",
    "needs": "write 'dependsOn: [{job: NAME, condition: {type: succeeded}}]'",
    "if": "write a condition in 'dependsOn'",
    "when": "write a condition in 'dependsOn'",
    "runs-on": "write 'driver:' to choose where steps run",
    "container": "write 'driver: docker' and 'driverConfig: {image: NAME}'",
    "image": "write 'driver: docker' and 'driverConfig: {image: NAME}'",
    "continue-on-error": "write 'allowFailure: true'",
    "timeout-minutes": "write 'timeout: 10m' at the step",
    "working-directory": "write 'workingDir:'",
    "cwd": "write 'workingDir:'",
    "strategy": "write 'forEach: {item: NAME, in: [...]}' at a step",
    "matrix": "write 'forEach: {item: NAME, in: [...]}' at a step",
    "parallel": "steps without 'dependsOn' run in parallel already; 'concurrency' bounds them",
}

WORKFLOW_KEYS = {
    **_EVERYWHERE,
    "on": "write 'trigger: {schedule: ...}'",
    "steps": "steps belong to a job: write 'jobs: [{name: NAME, steps: [...]}]'",
    "env": "write 'env:' at the steps",
}
JOB_KEYS = {
    **_EVERYWHERE,
    "env": "write 'env:' at the steps",
    "run": "write 'steps: [{name: NAME, run: ...}]'",
    "task": "write 'steps: [{name: NAME, task: ...}]'",
    "forEach": "'forEach' belongs to a step",
    "allowFailure": "'allowFailure' belongs to a step",
}
STEP_KEYS = {
    **_EVERYWHERE,
    "depends_on": "write 'dependsOn: [{step: NAME, condition: {type: succeeded}}]'",
    "needs": "write 'dependsOn: [{step: NAME, condition: {type: succeeded}}]'",
    "uses": "there are no shared actions: write 'run:' with the commands",
    "with": "write the values into 'env:'",
    "script": "write 'run:'",
    "command": "write 'run:'",
    "shell": "a script runs under '/bin/sh -e'; for another shell, write 'run: bash -c ...'",
    "inputs": "write them into 'task: {..., inputs: ...}', or 'env:' beside 'run:'",
    "arguments": "write 'task: {..., inputs: ...}'",
    "ignoreExitCode": "write 'allowFailure: true', or a command/shell task with 'ignoreExitCode'",
}
TASK_KEYS = {
    **NEWER_KEYS,
    "arguments": "write 'inputs:'",
    "args": "write 'inputs:'",
    "with": "write 'inputs:'",
    "run": "write 'inputs: {run: ...}', or 'run:' at the step in place of 'task'",
    "model": "write 'modelIdOrName:', or 'modelType:' and 'modelName:'",
    "method": "write 'methodName:'",
}
TASK_TYPES = {
    **dict.fromkeys(
        ("shell", "command", "run", "script", "bash", "command/shell"),
        "write 'run: ...' at the step in place of 'task'",
    ),
    "assert": f"{_NEWER.format('assert')}write 'run: test ...' in place of 'task'",
}
INPUT_KEYS = {
    **dict.fromkeys(
        ("allOf", "anyOf", "not", "oneOf"), "write the types in one: what 'type' and 'enum' allow"
    ),
    "choices": "write 'enum: [...]'",
    "const": "write 'enum: [VALUE]'",
    "exclusiveMaximum": "write 'maximum:'",
    "exclusiveMinimum": "write 'minimum:'",
    "nullable": "an input that may be absent is one that is not required",
    "optional": "write 'required: false' at an input of a map of names",
    "options": "write 'enum: [...]'",
    "value": "write 'default:'",
}
SHELL_INPUTS = {
    "command": "write 'run:'",
    "script": "write 'run:'",
    "cwd": "write 'workingDir:'",
}
JOBS_AS_MAPPING = {"a mapping": "jobs are a list: write '- name: NAME' before the keys of each"}
STEPS_AS_MAPPING = {"a mapping": "steps are a list: write '- name: NAME' before the keys of each"}
STEP_AS_TEXT = {"text": "write '- name: NAME' and 'run: ...'"}
DRIVER_AS_MAPPING = {
    "a mapping": "write 'driver: NAME' and, beside it, 'driverConfig: {...}'",
    "a list": "write 'driver: NAME' and, beside it, 'driverConfig: {...}'",
}


def dependency_as_text(kind: str) -> dict[str, str]:
    """Return advice for a name in a `dependsOn` of jobs or steps (`kind`)."""
    hint = f"write '- {{{kind}: NAME, condition: {{type: succeeded}}}}'"
    return {"text": hint, "a mapping": f"'dependsOn' is a list: {hint}"}


CONDITION_AS_TEXT = {"text": "write '{type: succeeded}'"}
CONDITION_WORDS = {
    "success": "write 'succeeded'",
    "failure": "write 'failed'",
    "error": "write 'failed'",
    "any": "write 'always', or 'completed' for succeeded or failed",
    "finished": "write 'completed' for succeeded or failed",
    "done": "write 'completed' for succeeded or failed",
}
WORKSPACE_AS_FLAG = {
    "'true'": "write '{enabled: true}'",
    "'false'": "write '{enabled: false}'",
}
