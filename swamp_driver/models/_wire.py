"""The files that a method's process is given and leaves, in the step's exchange directory.

::

    method.pyz     the runtime and the model's source
    request.json   {"schema": 1, "origin": {...}, "method", "model": {"name", "id", "type"},
                    "run": {"id", "job", "step"}, "arguments", "inputs", "workspace"}
    results.jsonl  a line for each result, as they come:
                     {"kind": "resource", "spec", "name", "attributes", "tags"}
                     {"kind": "file", "spec", "name", "offset", "size", "contentType", "tags"}
    files.bin      the content of the files, one after the other
    outcome.json   {"outcome", "message"}: absent where the process died
"""

from __future__ import annotations

import re

SCHEMA = 1
PROGRAM = "method.pyz"
REQUEST = "request.json"
RESULTS = "results.jsonl"
FILES = "files.bin"
OUTCOME = "outcome.json"

OK = "ok"
FAILED = "failed"
WRONG_SCHEMA = "wrong-schema"
CANCELLED = "cancelled"
OUTCOMES = (OK, FAILED, WRONG_SCHEMA, CANCELLED)

MOST_RESULTS = 1000
"""How many results one method may write."""
MOST_ATTRIBUTES_BYTES = 4 * 1024 * 1024
"""How large the attributes of one resource may be, as JSON."""
MOST_RESULTS_BYTES = 16 * 1024 * 1024
MOST_FILES_BYTES = 64 * 1024 * 1024
"""How large all files of one method may be together."""
MOST_MESSAGE = 4000

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@:+-]{0,127}")
"""The names of data."""
TYPE = re.compile(r"(?=.{1,128}$)@?[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
"""The types of models."""
CONTENT_TYPE = re.compile(r"[a-z0-9.+-]{1,64}/[A-Za-z0-9.+-]{1,64}(; ?[a-z]+=[A-Za-z0-9-]+)?")
