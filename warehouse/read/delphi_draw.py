"""Which windows of a latent Delphi shows to its explainer and to its scorers, by their ranks.

Delphi cuts the prompts of its cache into windows, orders those that a latent fires in by their
largest activation, and draws from equal slices of that order (`delphi/latents/samplers.py`). Both
draws begin with the same seed, so the same windows are drawn twice. Which ranks are drawn depends on
the number of windows alone.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SEED = 22  # samplers.py: the default of split_quantiles and train; the run's own seed is not used


@dataclass(frozen=True)
class Draw:
    """What a run says of its draws: its `constructor_cfg` and `sampler_cfg`."""

    window: int  # tokens of a window
    min_windows: int
    num_train: int
    num_test: int
    quantiles: int
    train_type: str
    ratio_top: float

    @classmethod
    def of(cls, config: str) -> Draw | None:
        """The draws of a run_config.json; None where the file does not tell, or tells of others.

        Windows that are moved around their maximum (`center_examples` off) are others.
        """
        try:
            told = json.loads(config)
            constructor, sampler = told["constructor_cfg"], told["sampler_cfg"]
            draw = cls(
                int(constructor["example_ctx_len"]),
                int(constructor.get("min_examples", 200)),
                int(sampler["n_examples_train"]),
                int(sampler["n_examples_test"]),
                int(sampler.get("n_quantiles", 10)),
                str(sampler.get("train_type", "quantiles")),
                float(sampler.get("ratio_top", 0.2)),
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        known = draw.train_type in ("top", "random", "quantiles", "mix")
        tests = sampler.get("test_type", "quantiles") == "quantiles"
        small = 0 < draw.window <= 65_536 and 0 < draw.quantiles <= 10_000
        few = 0 <= draw.num_train <= 100_000 and 0 <= draw.num_test <= 100_000
        centred = constructor.get("center_examples", True) is True
        return draw if known and tests and small and few and centred else None

    def ranks(self, windows: int) -> Mapping[str, Sequence[int]]:
        """0-based ranks that are drawn of so many windows: `train` for the explainer, `test`."""
        return {
            "train": self._train(windows),
            "test": self._quantiles(range(windows), self.num_test),
        }

    def _train(self, windows: int) -> Sequence[int]:
        every = range(windows)
        if self.train_type == "top":
            return every[: self.num_train]
        if self.train_type == "random":
            if windows < self.num_train:
                return every
            return random.Random(_SEED).sample(every, self.num_train)  # noqa: S311 - Delphi's own
        if self.train_type == "mix":
            top = int(self.num_train * self.ratio_top)
            others = int(self.num_train * (1 - self.ratio_top))
            return [*every[:top], *self._quantiles(every[top:], others)]
        return self._quantiles(every, self.num_train)

    def _quantiles(self, ranks: Sequence[int], count: int) -> list[int]:
        """As many of each equal slice, by Python's own generator, as Delphi's split_quantiles."""
        chance = random.Random(_SEED)  # noqa: S311
        size, each = len(ranks) // self.quantiles, count // self.quantiles
        drawn: list[int] = []
        for i in range(self.quantiles):
            part = ranks[i * size : (i + 1) * size]
            drawn += part if len(part) < each else chance.sample(part, each)
        return drawn
