"""`cli.py` with the made-up model, which signals itself at a point of its build.

python -m tests.safety.build_and_die --trail FILE --at 17 --signal KILL -- --data DIR build
"""

from __future__ import annotations

import argparse
import signal
from pathlib import Path

from cli import main as command_line
from tests.safety.made_up import made_up_model
from tests.safety.points import Points


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--watch", type=Path, help="the data directory whose changes are points")
    parser.add_argument("--trail", type=Path, help="the points that were passed are written here")
    parser.add_argument("--at", type=int, help="the point")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds after it")
    parser.add_argument("--signal", default="KILL", choices=("KILL", "INT", "STOP"))
    parser.add_argument("--pause", type=float, default=0.0, help="seconds that a chunk takes")
    parser.add_argument("arguments", nargs="+")
    chosen = parser.parse_args()
    with made_up_model(chosen.pause) as encoder:
        if chosen.trail:
            number = signal.Signals[f"SIG{chosen.signal}"]
            points = Points(chosen.watch, chosen.trail, chosen.at, chosen.delay, number)
            points.install(encoder)
        command_line(chosen.arguments, prog_name="cli.py")


if __name__ == "__main__":
    main()
