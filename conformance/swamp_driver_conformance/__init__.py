"""The conformance suite for drivers of swamp-drivers: clauses, tests, and drivers that prove them.

It judges drivers and nothing else: it imports the contract (`swamp_driver.spec` and
`swamp_driver.errors`) and never the host. `swamp-driver conformance` and the pytest plug-in
`swamp_driver_conformance.plugin` are the two ways to run it.
"""
