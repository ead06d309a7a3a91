"""What docs/scale.md calculates with beside the builds: embedding, and pairing two SAEs' latents."""

from __future__ import annotations

import time
from pathlib import Path

from tests.bench.encode import BATCH, MODEL, window_texts
from tests.bench.harness import forget_peak, peak_mb

TEXTS = 512
ROWS, WIDTH = 16_384, 2304  # of each of the two decoders


def embed_texts(directory: str, count: int = TEXTS) -> float:
    """Texts per processor second of the real model in float32, over a built sample's windows."""
    from embed.encoder import SentenceEncoder
    from embed.model_files import locate
    from warehouse.settings_file import load

    settings = load(Path(directory), ("embedding.precision=float32",))
    encoder, texts = SentenceEncoder.load(settings, locate(MODEL)), window_texts(directory, count)
    encoder.encode(texts[:BATCH])  # what is done once
    started = time.process_time()
    for at in range(0, len(texts), BATCH):
        encoder.encode(texts[at : at + BATCH])
    return len(texts) / (time.process_time() - started)


def pair_random_latents(rows: int = ROWS, width: int = WIDTH) -> tuple[float, float]:
    """Processor seconds of pairing two SAEs of random rows, and MB that it takes beside these."""
    import torch

    from embed.latent_pairs import mutual_nearest

    torch.manual_seed(0)
    left, right = torch.randn(rows, width), torch.randn(rows, width)
    mutual_nearest(left[:8], right[:8])  # what is done once
    forget_peak()
    held, started = peak_mb(), time.process_time()
    mutual_nearest(left, right)
    return time.process_time() - started, peak_mb() - held
