"""Where things lie in a data directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import UsageError


@dataclass(frozen=True)
class Layout:
    """The rooms of one data directory. UsageError when DuckDB can't work below its path."""

    data: Path

    def __post_init__(self) -> None:
        path = str(self.data.absolute())
        readable = path.encode(errors="surrogateescape").decode(errors="backslashreplace")
        if readable != path:
            raise UsageError(f'data directory "{readable}": the path is not UTF-8', "rename it")
        for character in "?\\":  # DuckDB takes them for options and for "/"
            if character in path:
                raise UsageError(
                    f'data directory "{path}": DuckDB cannot write below a "{character}"',
                    "rename it",
                )

    @property
    def warehouse(self) -> Path:
        """The published DuckDB file."""
        return self.data / "warehouse.duckdb"

    @property
    def master(self) -> Path:
        """The exported master parquets."""
        return self.data / "master"

    @property
    def vectors(self) -> Path:
        """The vector store: one directory a model fingerprint."""
        return self.data / "vectors"

    @property
    def projections(self) -> Path:
        """Finished maps, one parquet for what was projected and how: none is computed twice."""
        return self.data / "projections"

    @property
    def history(self) -> Path:
        """Results of earlier builds, kept for `diff`: `<build id>.duckdb`."""
        return self.data / ".history"

    @property
    def work(self) -> Path:
        """Builds in progress; whatever is left here by a dead build is swept by the next."""
        return self.data / ".build"

    @property
    def lock(self) -> Path:
        return self.work / "lock"
