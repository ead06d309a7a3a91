"""The libraries of the extra `embed`: a build needs them, looking at a built warehouse does not."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from warehouse.errors import WarehouseError


def installed(library: str) -> str:
    """The library with its version, 'scipy 1.17.1'; without one when it is not installed."""
    try:
        return f"{library} {version(library)}"
    except PackageNotFoundError:
        return library


def assert_installed(*libraries: str) -> None:
    """WarehouseError that names those which are not installed."""
    absent = [library for library in libraries if installed(library) == library]
    if absent:
        raise WarehouseError(
            f"a build needs {' and '.join(absent)}, which this installation lacks",
            "pip install 'sae-feature-warehouse[embed]'; in a checkout: pip install -e '.[embed]'",
        )
