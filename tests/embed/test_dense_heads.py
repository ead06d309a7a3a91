"""A model of the default one's architecture: Gemma 3, mean pooling, two dense heads, prompts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from embed.encoder import SentenceEncoder
from embed.model_files import locate
from tests.conftest import MODEL
from warehouse.errors import WarehouseError
from warehouse.settings_file import load

TEXTS = ["the cat sat", "unbelievability", "a cat", "the jury reached its verdict"]
PROMPT = "title: none | text: "


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of a tiny model, saved as the field's tools save one."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Dense, Normalize, Pooling, Transformer
    from transformers import AutoTokenizer, Gemma3TextConfig, Gemma3TextModel

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("gemma")
    tokenizer = AutoTokenizer.from_pretrained(str(locate(MODEL).path))
    config = Gemma3TextConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, head_dim=16, use_bidirectional_attention=True,
    )  # fmt: skip
    Gemma3TextModel(config).save_pretrained(path / "base")
    tokenizer.save_pretrained(path / "base")
    modules = [
        Transformer(str(path / "base")),
        Pooling(32, "mean"),
        Dense(32, 96, bias=False, activation_function=torch.nn.Identity()),
        Dense(96, 24, bias=False, activation_function=torch.nn.Identity()),
        Normalize(),
    ]
    model = SentenceTransformer(modules=modules, device="cpu", prompts={"document": PROMPT})
    model.save_pretrained(str(path / "model"))
    return path / "model"


def encoder(directory: Path, *overrides: str) -> SentenceEncoder:
    settings = load(directory, ["embedding.device=cpu", f"embedding.model={directory}", *overrides])
    return SentenceEncoder.load(settings, locate(str(directory)))


def by_hand(directory: Path, texts: list[str]) -> np.ndarray:
    """float64 (len(texts), 24): the mean of the tokens' states through both heads, of length 1."""
    import torch
    from safetensors.numpy import load_file
    from transformers import AutoTokenizer, Gemma3TextModel

    tokenizer = AutoTokenizer.from_pretrained(str(directory))
    model = Gemma3TextModel.from_pretrained(str(directory), use_safetensors=True).eval()
    heads = [
        load_file(directory / module["path"] / "model.safetensors")["linear.weight"]
        for module in json.loads((directory / "modules.json").read_text())
        if module["type"].endswith("Dense")
    ]
    found = []
    for text in texts:  # one at a time: no padding
        with torch.no_grad():
            states = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        vector = states.numpy().astype(np.float64).mean(axis=0)
        for head in heads:
            vector = head.astype(np.float64) @ vector
        found.append(vector / np.linalg.norm(vector))
    return np.stack(found)


@pytest.mark.parametrize("prompt", ["", PROMPT])
def test_dense_heads_after_the_pooling_and_the_prompt_count(directory: Path, prompt: str) -> None:
    made = encoder(directory, f"embedding.prompt={json.dumps(prompt)}")
    assert made.dimension == 24
    vectors = made.encode(TEXTS)
    assert (vectors.dtype, vectors.shape) == (np.float32, (len(TEXTS), 24))
    expected = by_hand(directory, [prompt + text for text in TEXTS])
    np.testing.assert_allclose(vectors, expected, atol=1e-5)


def test_a_vector_that_is_no_number_is_refused_before_it_is_stored(
    directory: Path, tmp_path: Path
) -> None:
    from safetensors.numpy import load_file, save_file

    broken = Path(shutil.copytree(directory, tmp_path / "model"))
    path = next(broken.glob("*Dense*/model.safetensors"))
    weights = {name: np.full_like(w, np.inf) for name, w in load_file(path).items()}
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(WarehouseError, match="4 of 4 vectors hold what is no number") as caught:
        encoder(broken).encode(TEXTS)
    assert "embedding.precision=float32" in caught.value.hint
