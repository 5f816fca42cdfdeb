"""Reports of the cases: they are never made."""

from swamp_driver.reports import report


@report(scope="workflow")
def summary(request: object) -> str:
    """Tell what was done."""
    return f"# {request}"


@report(scope="method", model_types=["@team/store"])
def items(request: object) -> str:
    """Tell what is kept."""
    return f"# {request}"
