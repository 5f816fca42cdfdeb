"""The `ssh` driver: steps run on another machine, over OpenSSH."""

from swamp_driver_ssh._driver import SshDriver

__all__ = ["SshDriver"]
