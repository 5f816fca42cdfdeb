"""Pluggable workflow-step drivers: the same workflow and the same workspace path everywhere.

Import what you need from the part that owns it: `swamp_driver.spec` to write a driver,
`swamp_driver.host` to embed the host, `swamp_driver.errors` to catch what either raises.
"""

__version__ = "0.1.0"
