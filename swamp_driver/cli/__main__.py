"""Run as `python -m swamp_driver.cli`."""

import sys

from swamp_driver.cli._main import main

sys.exit(main())
