"""Models on the host: where they are found, and what they say of themselves."""

from swamp_driver.host.models._catalog import RepositoryModels, catalog_of

__all__ = ["RepositoryModels", "catalog_of"]
