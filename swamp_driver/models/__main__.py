"""`python -m swamp_driver.models RESULT`: describe the models that the request on stdin names."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from swamp_driver.models._survey import survey

if __name__ == "__main__":
    survey(json.load(sys.stdin), Path(sys.argv[1]))
