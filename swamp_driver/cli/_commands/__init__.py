"""The commands: one module each, with a `command`; loaded when it is used (see `_group`)."""
