"""The vector store: parquet parts under `vectors/<model fingerprint>/`, keyed by a hash of the text.

A part appears whole or not at all (temporary name, fsync, rename) and is never changed, so any
reader, and a build that was interrupted, can rely on every part that is there. Hashes tell nothing
of where a vector lies, so each row also has a `place`: ascending in a part and in its small row
groups, whose statistics lead a reader of some places to them and past all others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import duckdb

from warehouse.database import all_in_data, is_in_place, run
from warehouse.files import write_durably
from warehouse.sqltext import digest, literal

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PART_TEXTS = 4096  # texts per part: what an interruption can cost
CHUNK_TEXTS = 512  # texts between two progress reports
# Measured on 208,000 vectors of 768, 20 of them asked for, 2026-11-24: groups of 64, 128, 256 rows
# 60, 29, 24 ms; of 2,048, which is the least that DuckDB writes, 77 ms.
_ROW_GROUP = 256
_FORM = 2  # parts of form 1 have no places
_ROW_BITS = 16  # of a place: the row in its part; the others say which part


@dataclass(frozen=True)
class Batch:
    """The texts of one part that is still to be made, with their keys as UUID texts."""

    keys: list[str]
    texts: list[str]

    def encode(
        self,
        encode: Callable[[list[str]], np.ndarray],
        progress: Callable[[list[str]], None],
        cost: Callable[[list[str]], list[int]],
    ) -> np.ndarray:
        """float32 (texts, dimension), a row for each text in its order.

        The costliest are encoded first, because texts of like cost share a batch; `progress(texts)`
        gets each chunk when it is encoded.
        """
        import numpy as np

        costs = cost(self.texts)
        order = sorted(range(len(costs)), key=lambda i: -costs[i])
        chunks = []
        for at in range(0, len(order), CHUNK_TEXTS):
            texts = [self.texts[i] for i in order[at : at + CHUNK_TEXTS]]
            chunks.append(encode(texts))
            progress(texts)
        return np.concatenate(chunks)[np.argsort(order)]


class Missing(NamedTuple):
    """How much a store lacks."""

    texts: int
    characters: int


@dataclass(frozen=True)
class VectorStore:
    """One model's vectors in `directory`.

    Columns: text_key UUID (md5 of the text), place BIGINT (unique in the store), vector FLOAT[].
    """

    directory: Path

    def parts(self) -> list[Path]:
        return sorted(self.directory.glob("part-*.parquet"))

    def describe(self, facts: Mapping[str, object]) -> None:
        """Write `model.json`: which model these vectors are of."""
        path = self.directory / "model.json"
        if not path.exists():
            text = json.dumps({**facts, "form": _FORM}, indent=2) + "\n"
            write_durably(path, lambda p: p.write_text(text, encoding="utf-8"))

    def set_aside_damaged(self) -> list[Path]:
        """Rename the parts that cannot be read, or whose pages have another checksum; their new paths.

        Every part is read, some gigabyte per second: no vector of a damaged one is ever served.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        found = []
        for part in self.parts():
            try:
                with pq.ParquetFile(part, page_checksum_verification=True) as file:
                    for _ in file.iter_batches(_ROW_GROUP):
                        pass
            except (OSError, pa.ArrowException):
                aside = part.with_name(f"damaged-{part.name}")
                part.replace(aside)
                found.append(aside)
        return found

    def renew(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Give places to the parts of a store that an earlier version wrote; no vector changes."""
        import pyarrow as pa

        path = self.directory / "model.json"
        facts = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"form": _FORM}
        if facts.get("form") == _FORM:
            return
        for part in self.parts():
            rows = connection.sql(
                f"""SELECT unhex(replace(text_key::VARCHAR, '-', '')) AS key, vector
                FROM {_scan([part])}"""
            ).to_arrow_table()
            keys = rows["key"].combine_chunks().cast(pa.binary(16))
            _write_part(part, keys, rows["vector"].combine_chunks())
        path.unlink()
        self.describe(facts)

    def part_of(self, batch: Batch) -> Path:
        """Where the part of these texts in this order lies, or will lie."""
        return self.directory / f"part-{digest(*batch.keys)}.parquet"

    def append(self, batch: Batch, vectors: np.ndarray) -> Path:
        """Add the part of `batch`; `vectors`: float32 (texts, dimension)."""
        import pyarrow as pa

        rows, dimension = vectors.shape
        offsets = pa.array(range(0, (rows + 1) * dimension, dimension), pa.int32())
        path = self.part_of(batch)
        _write_part(
            path,
            pa.array([UUID(key).bytes for key in batch.keys], pa.binary(16)),
            pa.ListArray.from_arrays(offsets, pa.array(vectors.reshape(-1))),
        )
        return path

    def select(
        self, connection: duckdb.DuckDBPyConnection, texts: str, model: str, places: str
    ) -> str:
        """A SELECT of model, text_key and vector of the relation `texts`.

        It finds them by the table `places` (model, text_key, place), which gets their rows.
        """
        parts = self.parts()
        if not parts:
            return "SELECT NULL::VARCHAR AS model, NULL::UUID AS text_key, NULL::FLOAT[] AS vector WHERE false"
        # A text that two parts hold (one of a build that died) has one place.
        run(
            connection,
            f"""INSERT INTO {places}
            SELECT {literal(model)}, text_key, min(place) FROM {_scan(parts)}
            WHERE text_key IN (SELECT text_key FROM {texts}) GROUP BY text_key""",
        )
        sql = f"SELECT DISTINCT place >> {_ROW_BITS} FROM {places} WHERE model = {literal(model)}"
        wanted = {number for (number,) in run(connection, sql)}
        files = [p for p in parts if _part_number(p) in wanted] or parts[:1]
        data = self.directory.parent.parent
        paths = all_in_data(data, [str(part.relative_to(data)) for part in files])
        # Places on the right: they are few, and the vectors pass by them.
        return f"""SELECT p.model, p.text_key, v.vector FROM read_parquet({paths}) v
            JOIN (FROM {places} WHERE model = {literal(model)} AND {is_in_place(data)}) p
            ON p.place = v.place"""

    def find_missing(self, connection: duckdb.DuckDBPyConnection, texts: str) -> Missing:
        """Fill TEMP TABLE _missing (i, text_key, text): `texts` without a vector, feature by feature.

        So a feature's vectors lie together, in one part and few row groups. The order depends on the
        texts alone, so an interrupted job goes on at its next part with the very batches that it
        would have made.
        """
        for left in self.directory.glob(".*.tmp"):  # of a job that died while it wrote
            left.unlink()
        run(
            connection,
            f"""CREATE OR REPLACE TEMP TABLE _missing AS
            SELECT row_number() OVER (ORDER BY first_feature, text_key) - 1 AS i, text_key, text
            FROM ({self._missing(texts)})""",
        )
        return Missing(*_measure(connection, "_missing"))

    def count_missing(self, connection: duckdb.DuckDBPyConnection, texts: str) -> Missing:
        """What `find_missing` would find. Changes nothing."""
        return Missing(*_measure(connection, f"({self._missing(texts)})"))

    def _missing(self, texts: str) -> str:
        """A SELECT of text_key, text and first_feature: `texts` without a vector."""
        parts = self.parts()
        known = f"SELECT text_key FROM {_scan(parts)}" if parts else "SELECT NULL::UUID WHERE false"
        return f"""SELECT text_key, any_value(text) AS text, min(feature_id) AS first_feature
            FROM {texts}
            WHERE text_key NOT IN ({known})
            GROUP BY text_key"""

    def batches(self, connection: duckdb.DuckDBPyConnection) -> Iterator[Batch]:
        """What is in _missing, a part at a time.

        Each batch holds what it would hold if the ones before it were not made yet, so parts can be
        made in any order and by anybody.
        """
        start = 0
        while rows := run(
            connection,
            "SELECT text_key::VARCHAR, text FROM _missing WHERE i >= ? AND i < ? ORDER BY i",
            [start, start + PART_TEXTS],
        ):
            yield Batch([key for key, _ in rows], [text for _, text in rows])
            start += PART_TEXTS


def _measure(connection: duckdb.DuckDBPyConnection, texts: str) -> tuple[int, int]:
    sql = f"SELECT count(*), coalesce(sum(length(text)), 0)::BIGINT FROM {texts}"
    return run(connection, sql)[0]


def _write_part(path: Path, keys: pa.Array, vectors: pa.Array) -> None:
    """Write a part: keys binary(16), vectors lists of float32; places and checksums of pages too."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    first = _part_number(path) << _ROW_BITS
    part = pa.table(
        {
            "text_key": pa.ExtensionArray.from_storage(pa.uuid(), keys),
            "place": pa.array(range(first, first + len(keys)), pa.int64()),
            "vector": vectors,
        }
    )
    write_durably(
        path,
        lambda p: pq.write_table(
            part,
            p,
            row_group_size=_ROW_GROUP,
            compression="none",
            use_dictionary=False,
            write_statistics=["place"],
            write_page_checksum=True,
            store_schema=False,
        ),
        alone=False,
    )


def _part_number(path: Path) -> int:
    """What all places of a part begin with: as good as unique, from its name."""
    return int(digest(path.stem), 16) % (1 << (63 - _ROW_BITS))


def _scan(parts: list[Path]) -> str:
    return f"read_parquet({literal([str(p.resolve()) for p in parts])})"
