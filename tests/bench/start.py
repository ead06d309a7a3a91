"""How soon the command line answers, and that it loads no torch."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench import data
from tests.bench.harness import QUICK, Bench, Figure, Stage

_TORCH = """import sys
try:
    import cli
    cli.main(sys.argv[1:], prog_name="cli.py")
finally:
    print("torch" in sys.modules, file=sys.stderr)"""


def run(bench: Bench) -> list[Figure]:
    directory = _small(bench)
    commands = {"--help": ("--help",), "plan": ("--data", str(directory), "plan")}
    figures = []
    for (name, words), limit in zip(commands.items(), (0.3, 1), strict=True):
        seconds = min(bench.command(*words).seconds for _ in range(1 if bench.quick else 5))
        loaded = bench.run([sys.executable, "-c", _TORCH, *words]).output.endswith("True\n")
        what = name if name == "--help" else f"{name}, a sample of 60 features, unchanged"
        figures += [
            Figure(what, seconds, "s", f"< {limit}"),
            Figure(f"{name}: imports torch", int(loaded), "", "<= 0"),
        ]
    return figures


def _small(bench: Bench) -> Path:
    directory = data.full(bench, QUICK)
    bench.command("--data", str(directory), "build")
    return directory


STAGE = Stage("start", "Start-up", run)
