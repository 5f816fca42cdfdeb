"""The `swamp-driver` command: the only code that prints."""
