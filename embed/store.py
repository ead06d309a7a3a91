"""The vector store: parquet parts under `vectors/<model fingerprint>/`, keyed by a hash of the text.

A part appears whole or not at all (temporary name, fsync, rename) and is never changed, so any
reader, and a build that was interrupted, can rely on every part that is there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from warehouse.catalog import run
from warehouse.models import digest, literal

if TYPE_CHECKING:
    import numpy as np

PART_TEXTS = 4096  # texts a part: what an interruption can cost
CHUNK_TEXTS = 512  # texts between two progress reports
_ROW_GROUP = 2048


@dataclass(frozen=True)
class VectorStore:
    """One model's vectors in `directory`; columns text_key UUID (md5 of the text), vector FLOAT[]."""

    directory: Path

    def parts(self) -> list[Path]:
        return sorted(self.directory.glob("part-*.parquet"))

    def describe(self, facts: dict[str, object]) -> None:
        """Write `model.json`: which model these vectors are of."""
        path = self.directory / "model.json"
        if not path.exists():
            write_whole(
                path, lambda p: p.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
            )

    def append(
        self, connection: duckdb.DuckDBPyConnection, keys: list[str], vectors: np.ndarray
    ) -> None:
        """Add a part: `keys` as UUID texts, `vectors` float32 (len(keys), dimension)."""
        import pyarrow as pa

        flat = pa.array(vectors.reshape(-1))
        part = pa.table(
            {"text_key": keys, "vector": pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])}
        )
        connection.register("_part", part)
        path = self.directory / f"part-{digest(*keys)}.parquet"
        write_whole(
            path,
            lambda p: run(
                connection,
                f"""COPY (SELECT text_key::UUID AS text_key, vector::FLOAT[] AS vector FROM _part)
                TO {literal(str(p))}
                (FORMAT parquet, ROW_GROUP_SIZE {_ROW_GROUP}, COMPRESSION uncompressed)""",
            ),
        )
        connection.unregister("_part")

    def select(self, connection: duckdb.DuckDBPyConnection, texts: str) -> str:
        """A SELECT over just the parts that hold a text_key of the relation `texts`."""
        parts = self.parts()
        if parts:
            rows = run(
                connection,
                f"""SELECT DISTINCT filename FROM {_scan(parts, "filename = true")}
                WHERE text_key IN (SELECT text_key FROM {texts})""",
            )
            parts = sorted(Path(row[0]) for row in rows)
        if not parts:
            return "SELECT NULL::UUID AS text_key, NULL::FLOAT[] AS vector WHERE false"
        return f"SELECT text_key, vector FROM {_scan(parts)}"

    def find_missing(self, connection: duckdb.DuckDBPyConnection, texts: str) -> int:
        """Fill TEMP TABLE _missing (i, text_key, text): `texts` without a vector, longest first.

        The order depends on the texts alone, so an interrupted job goes on at its next part with
        the very batches that it would have made.
        """
        for left in self.directory.glob(".*.tmp"):  # of a job that died while it wrote
            left.unlink()
        parts = self.parts()
        known = f"SELECT text_key FROM {_scan(parts)}" if parts else "SELECT NULL::UUID WHERE false"
        run(
            connection,
            f"""CREATE OR REPLACE TEMP TABLE _missing AS
            SELECT row_number() OVER (ORDER BY length(text) DESC, text_key) - 1 AS i, text_key, text
            FROM (SELECT text_key, any_value(text) AS text FROM {texts} GROUP BY text_key)
            WHERE text_key NOT IN ({known})""",
        )
        return run(connection, "SELECT count(*) FROM _missing")[0][0]

    def fill(
        self,
        connection: duckdb.DuckDBPyConnection,
        total: int,
        encode: Callable[[list[str]], np.ndarray],
        progress: Callable[[int, int], None],
        cost: Callable[[list[str]], list[int]] = lambda texts: [0] * len(texts),
    ) -> None:
        """Encode all of _missing, a part at a time; `progress(done, total)` after each chunk.

        Texts of like `cost` go together. A part is written while the next one is encoded.
        """
        import numpy as np

        with connection.cursor() as cursor, ThreadPoolExecutor(1) as writer:
            written: Future[None] | None = None
            for start in range(0, total, PART_TEXTS):
                rows = run(
                    connection,
                    "SELECT text_key::VARCHAR, text FROM _missing WHERE i >= ? AND i < ? ORDER BY i",
                    [start, start + PART_TEXTS],
                )
                costs = cost([text for _, text in rows])
                rows = [rows[i] for i in sorted(range(len(rows)), key=lambda i: -costs[i])]
                chunks = []
                for at in range(0, len(rows), CHUNK_TEXTS):
                    chunks.append(encode([text for _, text in rows[at : at + CHUNK_TEXTS]]))
                    progress(start + min(at + CHUNK_TEXTS, len(rows)), total)
                if written:
                    written.result()
                keys = [key for key, _ in rows]
                written = writer.submit(self.append, cursor, keys, np.concatenate(chunks))
            if written:
                written.result()


def _scan(parts: list[Path], *options: str) -> str:
    # Absolute paths: a view over them answers from any working directory.
    files = literal([str(p.resolve()) for p in parts])
    return f"read_parquet({', '.join([files, *options])})"


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file beside `path`, then put it there by one rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    write(temporary)
    with temporary.open("rb") as stream:
        os.fsync(stream.fileno())
    temporary.replace(path)
