"""Inputs of methods in the forms that other people write them in, in whole runs."""

from __future__ import annotations

import json
from pathlib import Path

from swamp_driver.host import HostSettings, load_workflow, plan, run
from swamp_driver.host.data import open_data_store

MODEL = """
from dataclasses import dataclass

from swamp_driver.models import Model, Resource, method


class Store(Model):
    type = "@team/store"

    @dataclass
    class Arguments:
        url: str

    resources = {"put": Resource({"type": "object"})}

    @method
    def put(self, n: int, note: str = "none") -> None:
        values = {"url": self.arguments.url, "n": n, "note": note}
        self.write_resource("put", "result", values)
"""
WORKFLOW = """
name: forms
inputs:
  items:
    type: array
    default: [{all: {n: 1, url: a}}, {all: {n: 2, url: b, note: x}}]
jobs:
  - name: store
    steps:
      - name: whole-${{ self.item.all.n }}
        forEach: {item: item, in: "${{ inputs.items }}"}
        task:
          type: model_method
          modelType: "@team/store"
          modelName: whole-${{ self.item.all.n }}
          methodName: put
          inputs: ${{ self.item.all }}
      - name: routed
        task:
          type: model_method
          modelType: "@team/store"
          modelName: routed
          methodName: put
          inputs: {n: 3, url: "of ${{ run.workflowName }}"}
      - name: apart
        task:
          type: model_method
          modelType: "@team/store"
          modelName: apart
          methodName: put
          globalArgs: "${{ {'url': run.workflowName} }}"
          inputs: {n: 4}
      - name: no-mapping
        task:
          type: model_method
          modelType: "@team/store"
          modelName: never
          methodName: put
          globalArgs: "${{ [run.id] }}"
          inputs: {n: 5}
"""


def test_inputs_reach_the_model_and_the_method_whatever_their_form(tmp_path: Path) -> None:
    """One expression for all of them, those of the model among them, or both apart."""
    repository = tmp_path / "repo"
    (repository / "extensions" / "models").mkdir(parents=True)
    (repository / "extensions" / "models" / "store.py").write_text(MODEL, encoding="utf-8")
    file = repository / "forms.yaml"
    file.write_text(WORKFLOW, encoding="utf-8")
    settings = HostSettings(root=tmp_path / "root", state_dir=tmp_path / "state")

    record = run(plan(load_workflow(file)), settings=settings)

    failed = {step.step: step.detail for step in record.steps if str(step.status) != "succeeded"}
    assert list(failed) == ["no-mapping"]
    assert failed["no-mapping"].endswith("globalArgs: the expression gives no mapping")
    with open_data_store(settings, repository) as store:
        written = {one.model: json.dumps(dict(one.attributes)) for one in store.latest_of()}
    assert written == {
        "whole-1": '{"url": "a", "n": 1, "note": "none"}',
        "whole-2": '{"url": "b", "n": 2, "note": "x"}',
        "routed": '{"url": "of forms", "n": 3, "note": "none"}',
        "apart": '{"url": "forms", "n": 4, "note": "none"}',
    }
