"""python -m tests.bench: run stages, write docs/benchmarks.md."""

from __future__ import annotations

import shlex
import sys
import tempfile
from functools import partial
from pathlib import Path

import click

from tests.bench import builds, calibration, encode, explore, neighbours, queries, recompute, start
from tests.bench.harness import FULL, QUICK, ROOT, Bench, Figure, Size, write_section

STAGES = {
    stage.name: stage
    for stage in (
        *builds.STAGES, recompute.STAGE, queries.STAGE, explore.STAGE, neighbours.STAGE, encode.STAGE, start.STAGE, builds.SCALE,
        calibration.STAGE,
    )
}  # fmt: skip


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.argument("names", nargs=-1, metavar="[STAGE]...")
@click.option("--features", default=FULL.features, show_default=True)
@click.option("--prompts", default=FULL.prompts, show_default=True)
@click.option("--explained", default=FULL.explained, show_default=True)
@click.option("--quick", is_flag=True, help="Sizes of a smoke test; the page is left alone.")
@click.option(
    "--scratch",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the data here and use it again; otherwise a temporary directory.",
)
@click.option(
    "--real",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A built data directory: its window texts are embedded, not the sample's.",
)
@click.option(
    "--page",
    type=click.Path(path_type=Path, dir_okay=False),
    default=ROOT / "docs" / "benchmarks.md",
    help="The page to write into.",
)
def main(
    names: tuple[str, ...], features: int, prompts: int, explained: int, quick: bool,
    scratch: Path | None, real: Path | None, page: Path,
) -> None:  # fmt: skip
    """Measure the named stages, by default all but the long ones.

    \b
    Stages: whole, increments, recompute, queries, explore, neighbours, encode, start; scale, calibrate (long)
    Example:
      python -m tests.bench whole queries --scratch scratch
    """
    unknown = [name for name in names if name not in STAGES]
    if unknown:
        raise click.UsageError(f'there is no stage "{unknown[0]}"; stages: {", ".join(STAGES)}')
    chosen = [STAGES[n] for n in names] or [s for s in STAGES.values() if not s.long]
    size = QUICK if quick else Size(features, prompts, explained, FULL.width)
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        place = scratch or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        say = partial(click.echo, err=True)
        bench = Bench(place.resolve(), size, quick, real and real.resolve(), say)
        for stage in chosen:
            click.echo(f"{stage.name}: {stage.title}", err=True)
            found = stage.run(bench)
            for figure in (f for f in found if isinstance(f, Figure)):
                click.echo(
                    f"  {figure.what}: {figure.value:.4g} {figure.unit}  {figure.target}  {figure.verdict}"
                )
            if not quick:
                options = [w for w in sys.argv[1:] if w not in STAGES]
                command = shlex.join(["python", "-m", "tests.bench", stage.name, *_shown(options)])
                write_section(page, stage, found, command)


def _shown(options: list[str]) -> list[str]:
    """Options that decide what is measured: places on this machine are nobody's business."""
    kept = iter(options)
    return [w for w in kept if w not in ("--scratch", "--page", "--real") or (next(kept), False)[1]]


if __name__ == "__main__":
    main()
