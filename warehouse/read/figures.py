"""Files of a user's own figures and tags as JSON records: JSON lines as they are, CSV and Parquet by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from warehouse.errors import first_line
from warehouse.sqltext import literal

if TYPE_CHECKING:
    import pyarrow as pa

    from warehouse.read.content import InputFile

_ROWS = 10_000  # a batch


def tables(files: Sequence[InputFile], counts: dict[str, int]) -> pa.RecordBatchReader:
    """One JSON object per row of CSV and Parquet files: file, line, text, problem.

    `line` is the 1-based row, a CSV's header aside; a CSV's values are strings, empty ones left out.
    A file that cannot be read is one record with the problem.
    """
    import duckdb
    import pyarrow as pa

    schema = pa.schema(
        [("file", pa.string()), ("line", pa.int64()), ("text", pa.large_string()), ("problem", pa.string())]
    )  # fmt: skip

    def failed(file: InputFile, why: str) -> pa.RecordBatch:
        counts[file.name] = counts.get(file.name, 0) + 1
        return pa.record_batch([[file.name], [1], [""], [f"unreadable file: {why}"]], schema=schema)

    def batches() -> Iterator[pa.RecordBatch]:
        for file in files:
            if file.status == "unreadable":
                yield failed(file, file.note)
                continue
            path = literal(str(file.path.absolute()))
            source = (
                f"read_csv({path}, header = true, all_varchar = true)"
                if file.path.suffix == ".csv"
                else f"read_parquet({path})"
            )
            done = 0
            try:
                with duckdb.connect() as connection:
                    reader = connection.sql(
                        f"SELECT to_json(r)::VARCHAR AS text FROM {source} r"
                    ).to_arrow_reader(_ROWS)
                    for batch in reader:
                        n = batch.num_rows
                        counts[file.name] = counts.get(file.name, 0) + n
                        yield pa.record_batch(
                            [
                                pa.repeat(pa.scalar(file.name), n),
                                pa.array(range(done + 1, done + n + 1), pa.int64()),
                                batch.column(0).cast(pa.large_string()),
                                pa.nulls(n, pa.string()),
                            ],
                            schema=schema,
                        )
                        done += n
            except duckdb.Error as error:
                yield failed(file, first_line(error))

    return pa.RecordBatchReader.from_batches(schema, batches())
