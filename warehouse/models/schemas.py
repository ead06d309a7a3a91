"""What a folder under `sql/` means: one table, which the plan, the build and the docs read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Schema:
    """A folder of models.

    `meaning`: what the docs say of it, in order of the table. `rank`: of the nodes that are ready,
    those of a lower rank run first. `makes`: what its models make, where it is not what their
    headers say. `built`: whether a build makes its models; `stored`: whether they are relations of
    the warehouse. `typed`: columns have declared types, those of the exported file. `exported`: the
    ending of its models' files, unless their headers name a file; empty for what has no files. `switch`: the setting
    that leaves the files out when it is off.
    """

    meaning: str
    rank: int = 9
    makes: str = ""
    built: bool = True
    stored: bool = True
    typed: bool = False
    exported: str = ""
    switch: str = ""


def _command(meaning: str) -> Schema:
    """Queries that a command asks of a warehouse; no build makes them."""
    return Schema(meaning, makes="query", built=False, stored=False)


# Checks and what is read from raw files run early, so that a broken input is reported before hours
# of embedding; with them what is exported, as files are written beside what follows; then jobs,
# since vectors are the most to write; then the analysis.
SCHEMAS: Mapping[str, Schema] = {
    "master": Schema(
        "The eight master tables. Each is a parquet file too, with these columns and types (as Polars names them).",
        rank=2,
        typed=True,
        exported=".parquet",
    ),
    "backend": Schema(
        "What the newer backend reads beside the masters: parquet files with these columns and types, and one matrix; `export.backend = false` leaves the files out.",
        rank=3,
        typed=True,
        exported=".parquet",
        switch="export.backend",
    ),
    "analysis": Schema(
        "What the masters are made of, and flat views (`…_long`) of what they nest."
    ),
    "staging": Schema("Typed raw records.", rank=5),
    "quarantine": Schema(
        "Records that could not be taken, with file, line, reason and raw text.", rank=6
    ),
    "texts": Schema("Texts to embed.", rank=7),
    "vectors": Schema(""),
    "side": Schema("JSON files for readers of the former pipeline.", rank=4, exported=".json"),
    "report": _command(
        "What `report` draws and tabulates: read by that command, made by no build."
    ),
    "cards": _command(
        "What `feature` reads of one feature, one query per section; no part of a build."
    ),
    "audits": Schema(
        "Each a SELECT of bad rows: an error stops the build, a warning is told.",
        rank=1,
        makes="audit",
        stored=False,
    ),
    "calibration": _command(
        "What `calibrate` asks of the published warehouse; no build makes them."
    ),
    "compare": Schema(
        "How the members of a collection differ: tables of the collection's own file, made when it is built.",
        built=False,
        stored=False,
    ),
    "collection": Schema(
        "Views of a collection's own file beside the rows of its members.",
        built=False,
        stored=False,
    ),
    "latents": Schema(
        "What is asked of a part of a latents cache while it is read; no part of a build's graph.",
        built=False,
        stored=False,
    ),
    "macros": Schema(
        "Functions that models share; every DuckDB shell that opens the warehouse has them.",
        makes="macro",
        built=False,
        stored=False,
    ),
}
