"""An independent recomputation of every figure of the eight master parquets, from SPEC.md alone.

It is a test oracle: plain and readable before fast, and written without a look at the product.
"SPEC 3 'Windows'" means: SPEC.md, section 3, the paragraph that begins with that word. Where
SPEC.md leaves room, NOTES.md beside this file says what was decided.

Rows are plain dicts in file order; the only values that are not plain Python are the vectors of
`embedding` and `embeddings`, which are float32 numpy arrays (a list of them for `embeddings`).
"""

from __future__ import annotations

import gzip
import json
import logging
import math
import re
import zlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pyarrow as pa

from tests.independent.backend_words import find_marker, natural_text

log = logging.getLogger("recompute")

Embed = Callable[[list[str]], np.ndarray]
Vectors = dict[str, np.ndarray]
Row = dict[str, Any]

DEFAULTS: dict[str, Any] = {
    "sampling.quantiles": 4,
    "sampling.per_quantile": 5,
    "windows.embedding_tokens": 32,
    "windows.ngram_tokens": 5,
    "windows.edge": "shift",
    "windows.text": "tokens",
    "tokens.marker": "auto",
    "ngrams.unit": "characters",
    "ngrams.sizes": [2, 3, 4],
    "ngrams.min_occurrences": 2,
    "neighbours.count": 10,
    "interfeature.neighbours": 4,
    "interfeature.per_quantile": 1,
    "alignment.threshold": 0.7,
    "patterns.semantic_threshold": 0.3,
    "patterns.lexical_threshold": 0.3,
    "matching.threshold": 0.6,
    "matching.ngram_examples": 5,
    "matching.contexts": 10,
    "explanation_method": "quantiles",
    "sae_id": "",
    "models": {},
    "explainers": [],
    "scorers": [],
    "sources": [],
    "scope.features": "",
}
METHODS = ("fuzz", "simulation", "detection", "embedding")  # in the order of SPEC 4, file 1
SENTINELS = {"Explanation could not be parsed.", "No explanation found", ""}
SOURCE_NAME = re.compile(r"^(.+)_e-(.+)_s$")
LATENT_FILE = re.compile(r"^.*_(?:latent|feature)([0-9]+)\.txt$", re.DOTALL)
PHRASE_BREAK = re.compile(r",|\b(?:and|or|but)\b", re.IGNORECASE)
FLOAT32_MAX = float(np.finfo(np.float32).max)
NOISE = 2e-6  # nearer than this to a threshold, float noise decides: it is logged


# ---------------------------------------------------------------------------------------------
# Small helpers


def setting(settings: dict, key: str) -> Any:
    """A named setting or its default (SPEC, preamble: every default is a named setting)."""
    return settings.get(key, DEFAULTS[key])


def f32(value: float | None) -> float | None:
    """A value as a Float32 column holds it."""
    return None if value is None else float(np.float32(value))


def is_number(value: Any) -> bool:
    """True for a JSON number; true/false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def finite(value: Any) -> float | None:
    """A JSON number as a finite float, else None."""
    if not is_number(value):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def at_least(value: float, threshold: float, what: str) -> bool:
    """value >= threshold; says so in the log when float noise may decide otherwise."""
    if abs(value - threshold) <= NOISE:
        log.warning("near threshold: %s: %.9f against %s", what, value, threshold)
    return value >= threshold


# ---------------------------------------------------------------------------------------------
# Reading (SPEC 2)


@dataclass(frozen=True)
class Example:
    """One kept activation record; values as stored (float32), in record order."""

    feature: int
    prompt: int
    pairs: list[tuple[int, float]]
    max_value: float | None
    max_position: int | None


@dataclass(frozen=True)
class Source:
    """One explainer-scorer run directory (SPEC 1 'source')."""

    name: str
    explainer: str
    scorer: str
    config: dict


@dataclass(frozen=True)
class Explanation:
    """One explanation that counts: of a feature, by an explainer, out of a source."""

    feature: int
    explainer: str
    source: str
    text: str


def parse_scope(text: str) -> Callable[[int], bool]:
    """The test for `scope.features`, e.g. "0-199,877"; an empty scope holds every feature."""
    ranges = []
    for part in (piece.strip() for piece in text.split(",")):
        if part:
            first, _, last = part.partition("-")
            ranges.append((int(first), int(last or first)))
    return lambda feature: not ranges or any(a <= feature <= b for a, b in ranges)


def read_prompts(raw: Path) -> list[list[str] | None]:
    """The prompts by id (SPEC 2 'prompts'); an entry that is no array of strings is None."""
    text = (raw / "activation_examples" / "prompts.json").read_bytes().decode("utf-8-sig")
    return [
        p if isinstance(p, list) and all(isinstance(t, str) for t in p) else None
        for p in json.loads(text)
    ]


def open_bytes(path: Path) -> Any:
    """A binary stream of a plain, .gz or .zst file."""
    if path.suffix == ".gz":
        return gzip.open(path, "rb")
    if path.suffix == ".zst":
        return pa.input_stream(str(path), compression="zstd")
    return path.open("rb")


def read_lines(path: Path) -> Iterator[bytes]:
    """The lines of a plain, .gz or .zst file, up to where it is truncated or unreadable."""
    rest = b""
    with open_bytes(path) as stream:
        while True:
            try:
                block = stream.read(1 << 20)
            except (OSError, EOFError, zlib.error, pa.ArrowInvalid):
                break
            if not block:
                break
            *lines, rest = (rest + block).split(b"\n")
            yield from lines
    if rest:
        yield rest


def parse_feature_id(value: Any) -> int | None:
    """A feature id given as a string of digits or as an integer (SPEC 2), else None."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]+", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return None


def parse_record(item: Any, prompts: list[list[str] | None]) -> Example | None:
    """One activation record, or None when SPEC 2 'Nothing is lost silently' quarantines it."""
    if not isinstance(item, dict):
        return None
    feature = parse_feature_id(item.get("index"))
    prompt = item.get("dataSetPromptId")
    if feature is None or not isinstance(prompt, int) or isinstance(prompt, bool):
        return None
    if not 0 <= prompt < len(prompts) or prompts[prompt] is None or "sparseValues" not in item:
        return None
    values = item["sparseValues"]
    if values is None:
        values = []
    if not isinstance(values, list):
        return None
    pairs: list[tuple[int, float]] = []
    for pair in values:
        if not isinstance(pair, list) or len(pair) != 2:
            return None
        position, value = pair
        if not isinstance(position, int) or isinstance(position, bool):
            return None
        number = finite(value)
        if number is None or not 0 <= number <= FLOAT32_MAX:
            return None
        if not 0 <= position < len(prompts[prompt]):
            return None
        pairs.append((position, float(np.float32(number))))
    top = max_pair(pairs)
    return Example(feature, prompt, pairs, top and top[1], None if top is None else top[0])


def max_pair(pairs: list[tuple[int, float]]) -> tuple[int, float] | None:
    """SPEC 3 'The maximum': the pair with the largest value; on a tie the first."""
    best = None
    for pair in pairs:
        if best is None or pair[1] > best[1]:
            best = pair
    return best


def read_examples(
    raw: Path, prompts: list[list[str] | None], in_scope: Callable[[int], bool]
) -> dict[int, list[Example]]:
    """The kept records by feature, sorted by prompt id; of a duplicate the first (SPEC 2)."""
    folder = raw / "activation_examples"
    names = (".jsonl", ".jsonl.gz", ".jsonl.zst")
    files = sorted(p for p in folder.iterdir() if p.name.endswith(names))
    kept: dict[tuple[int, int], Example] = {}
    for path in files:
        for number, line in enumerate(read_lines(path)):
            if not line.strip():
                continue
            try:
                item = json.loads(line.decode("utf-8-sig" if number == 0 else "utf-8"))
            except (ValueError, RecursionError):
                continue
            example = parse_record(item, prompts)
            if example is not None and in_scope(example.feature):
                kept.setdefault((example.feature, example.prompt), example)
    by_feature: dict[int, list[Example]] = {}
    for key in sorted(kept):
        by_feature.setdefault(key[0], []).append(kept[key])
    return by_feature


def read_sources(raw: Path) -> list[Source]:
    """The source directories in name order, with their run_config.json (SPEC 2 'run facts')."""
    sources = []
    for folder in sorted(raw.iterdir(), key=lambda p: p.name):
        match = SOURCE_NAME.match(folder.name)
        if not match or not folder.is_dir():
            continue
        config: Any = {}
        try:
            config = json.loads((folder / "run_config.json").read_bytes().decode("utf-8-sig"))
        except (OSError, ValueError):
            log.info("%s: no readable run_config.json", folder.name)
        config = config if isinstance(config, dict) else {}
        sources.append(Source(folder.name, match[1], match[2], config))
    return sources


def sae_id_of(sources: list[Source], settings: dict) -> str:
    """SPEC 1 'SAE id': `<sparse_model>/<hookpoint>`, from the first source that tells."""
    if setting(settings, "sae_id"):
        return setting(settings, "sae_id")
    for source in sources:
        model, hooks = source.config.get("sparse_model"), source.config.get("hookpoints")
        hook = hooks[0] if isinstance(hooks, list) and hooks else hooks
        if isinstance(model, str) and isinstance(hook, str):
            return f"{model}/{hook}"
    return ""


def full_names(sources: list[Source], settings: dict) -> dict[str, str]:
    """Short name -> full model name: settings first, then run_config.json, else itself."""
    names = dict(setting(settings, "models"))
    for source in sources:
        model = source.config.get("explainer_model")
        if not isinstance(model, str) or not model:
            continue
        known = source.scorer if source.config.get("explainer") == "none" else source.explainer
        names.setdefault(known, model)
    for source in sources:
        names.setdefault(source.explainer, source.explainer)
        names.setdefault(source.scorer, source.scorer)
    return names


def in_order(names: Iterable[str], listed: list[str]) -> list[str]:
    """Short names in settings order, those not listed after them in name order (SPEC 2)."""
    present = set(names)
    first = [name for name in dict.fromkeys(listed) if name in present]
    return first + sorted(present - set(first))


def latent_files(folder: Path) -> dict[int, list[Path]]:
    """The `*_latent<ID>.txt` / `*_feature<ID>.txt` files of a folder by id, in name order."""
    found: dict[int, list[Path]] = {}
    if folder.is_dir():
        for path in sorted(folder.iterdir(), key=lambda p: p.name):
            match = LATENT_FILE.match(path.name)
            if match:
                found.setdefault(int(match[1]), []).append(path)
    return found


def read_explanation(path: Path) -> str | None:
    """SPEC 2 'explanations': one JSON string, else plain text; None when it is no explanation."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
    try:
        decoded = json.loads(text)
    except (ValueError, RecursionError):
        decoded = None
    explanation = decoded if isinstance(decoded, str) else text.strip()
    return None if explanation.strip() in SENTINELS else explanation


def read_source_explanations(
    raw: Path, source: Source, in_scope: Callable[[int], bool]
) -> dict[int, str]:
    """The explanations of one source by feature; of two files of a feature the first counts."""
    texts = {}
    for feature, paths in latent_files(raw / source.name / "explanations").items():
        if in_scope(feature):
            found = [t for t in map(read_explanation, paths) if t is not None]
            if found:
                texts[feature] = found[0]
    return texts


def read_explanations(
    raw: Path, sources: list[Source], settings: dict
) -> dict[int, list[Explanation]]:
    """The explanations by feature, in explainer order (SPEC 2, last paragraph but one)."""
    in_scope = parse_scope(setting(settings, "scope.features"))
    named = setting(settings, "sources")
    by_name = {source.name: source for source in sources}
    chosen = [by_name[name] for name in named if name in by_name] if named else sources
    result: dict[int, list[Explanation]] = {}
    for explainer in in_order((s.explainer for s in chosen), setting(settings, "explainers")):
        seen: dict[int, Explanation] = {}
        for source in (s for s in chosen if s.explainer == explainer):
            for feature, text in read_source_explanations(raw, source, in_scope).items():
                seen.setdefault(feature, Explanation(feature, explainer, source.name, text))
            if seen and not named:
                break  # by default the first source that has explanations, and no other
        for feature in seen:
            result.setdefault(feature, []).append(seen[feature])
    return dict(sorted(result.items()))


def read_safetensors(path: Path) -> dict[str, np.ndarray]:
    """The float tensors of a .safetensors file; bf16 is the upper half of a float32."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + size]).items():
        if name == "__metadata__":
            continue
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        if entry["dtype"] == "BF16":
            halves = np.frombuffer(data[begin:end], "<u2").astype(np.uint32) << 16
            values = halves.view(np.float32)
        elif entry["dtype"] in ("F16", "F32", "F64"):
            values = np.frombuffer(data[begin:end], "<f" + str(int(entry["dtype"][1:]) // 8))
        else:
            continue
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def read_decoder(raw: Path, largest_id: int) -> np.ndarray:
    """SPEC 2 'decoder weights': (features, d_model) float32, transposed where the shape says so."""
    tensors: dict[str, np.ndarray] = {}
    for path in sorted((raw / "sae").iterdir()):
        if path.suffix == ".npz":
            with np.load(path) as archive:
                tensors = {name: archive[name] for name in archive.files}
        elif path.suffix == ".safetensors":
            tensors = read_safetensors(path)
        if "W_dec" in tensors:
            break
    weights = tensors["W_dec"].astype(np.float32)
    rows, columns = weights.shape
    if "b_enc" in tensors:
        transposed = rows != tensors["b_enc"].size == columns
    elif "b_dec" in tensors:
        transposed = columns != tensors["b_dec"].size == rows
    elif min(rows, columns) <= largest_id:
        transposed = rows <= largest_id < columns  # only one way round holds every id
    else:
        transposed = rows < columns  # an SAE has more features than dimensions
        if transposed:
            log.warning("W_dec %s: taken as transposed by its shape alone", weights.shape)
    weights = weights.T if transposed else weights
    if weights.shape[0] <= largest_id:
        raise ValueError(f"decoder has {weights.shape[0]} rows, largest feature id {largest_id}")
    return weights


# ---------------------------------------------------------------------------------------------
# Windows, samples, similarities (SPEC 3)


def window_range(position: int, length: int, size: int, edge: str) -> range:
    """SPEC 3 'Windows': `size` tokens from position - size // 2, shifted or clipped at an edge."""
    start = position - size // 2
    stop = start + size
    if edge == "shift":
        if start < 0:
            start, stop = 0, size
        if stop > length:
            start, stop = length - size, length
    return range(max(start, 0), min(stop, length))


def with_marker(settings: dict, prompts: list[list[str] | None]) -> dict:
    """The settings with the tokens' marker found (SPEC-NEXT 1 'Marker')."""
    return settings | {
        "tokens.marker": find_marker(prompts, setting(settings, "tokens.marker")),
    }


def embedding_text(example: Example, tokens: list[str], size: int, settings: dict) -> str:
    """SPEC 3 'Windows': the window's text for embedding, its tokens joined by a space.

    With `windows.text` = natural its words instead (SPEC-NEXT 6 'Window text').
    """
    edge = setting(settings, "windows.edge")
    window = window_range(example.max_position, len(tokens), size, edge)
    inside = [tokens[i] for i in window]
    if setting(settings, "windows.text") == "natural":
        return natural_text(inside, setting(settings, "tokens.marker"))
    return " ".join(inside)


def quantile_boundaries(values: list[float], quantiles: int) -> list[float]:
    """SPEC 3 'Quantile sampling': linear-interpolated quantiles 1/Q ... (Q-1)/Q, in double."""
    ordered = sorted(values)
    boundaries = []
    for k in range(1, quantiles):
        place, part = divmod((len(ordered) - 1) * k, quantiles)
        low = ordered[place]
        high = ordered[min(place + 1, len(ordered) - 1)]
        boundaries.append(low + (high - low) * (part / quantiles))
    return boundaries


def sample_feature(
    examples: list[Example], quantiles: int, per_quantile: int
) -> tuple[list[tuple[int, Example]], list[float]]:
    """SPEC 3 'Quantile sampling': [(quantile, example)] in sample order, and the boundaries."""
    active = [e for e in examples if e.pairs]
    if len(active) < quantiles:
        ascending = sorted(active, key=lambda e: (e.max_value, e.prompt))
        return list(enumerate(ascending, start=1)), []
    boundaries = quantile_boundaries([e.max_value for e in active], quantiles)
    groups: list[list[Example]] = [[] for _ in range(quantiles)]
    for example in active:
        groups[sum(example.max_value > b for b in boundaries)].append(example)
    sample = []
    for quantile, group in enumerate(groups, start=1):
        group.sort(key=lambda e: (-e.max_value, e.prompt))
        sample += [(quantile, example) for example in group[:per_quantile]]
    return sample, boundaries


def cosines(a: Iterable[np.ndarray], b: Iterable[np.ndarray]) -> np.ndarray:
    """SPEC 3 'Cosine similarity', each of `a` with each of `b`, in double; 0 for zero vectors."""
    first = np.asarray(list(a), dtype=np.float64)
    second = np.asarray(list(b), dtype=np.float64)
    dots = first @ second.T
    norms = np.outer(np.linalg.norm(first, axis=1), np.linalg.norm(second, axis=1))
    return np.divide(dots, norms, out=np.zeros_like(dots), where=norms > 0)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """The cosine similarity of two vectors."""
    return float(cosines([a], [b])[0, 0])


def pairwise_statistics(vectors: list[np.ndarray]) -> dict[str, float | None]:
    """SPEC 3 'Pairwise activation similarity': over all unordered pairs of sampled examples."""
    result: dict[str, float | None] = dict.fromkeys(("mean", "std", "min", "max"))
    if len(vectors) >= 2:
        sims = cosines(vectors, vectors)[np.triu_indices(len(vectors), k=1)]
        result["mean"], result["min"] = float(sims.mean()), float(sims.min())
        result["max"] = float(sims.max())
        if len(vectors) >= 3:
            result["std"] = float(sims.std(ddof=1))
    return result


def decoder_neighbours(
    decoder: np.ndarray, features: list[int], count: int
) -> dict[int, list[tuple[int, float]]]:
    """SPEC 3 'Decoder neighbours': (id, similarity) by descending float32 similarity, then id."""
    rows = decoder.astype(np.float64)
    norms = np.linalg.norm(rows, axis=1)
    ids = np.arange(len(rows))
    result = {}
    for feature in features:
        lengths = norms * norms[feature]
        dots = rows @ rows[feature]
        sims = np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 0)
        sims = sims.astype(np.float32)
        order = np.lexsort((ids, -sims))
        order = order[order != feature][:count]
        result[feature] = [(int(i), float(sims[i])) for i in order]
    return result


def add_vectors(vectors: Vectors, texts: Iterable[str], embed: Embed) -> None:
    """SPEC 3 'Embedding': every distinct text goes to the model exactly once."""
    new = [text for text in dict.fromkeys(texts) if text not in vectors]
    if new:
        rows = np.asarray(embed(new), dtype=np.float32)
        if rows.ndim != 2 or len(rows) != len(new):
            raise ValueError(f"embed gave {rows.shape} for {len(new)} texts")
        vectors.update(zip(new, rows, strict=True))


# ---------------------------------------------------------------------------------------------
# N-grams (SPEC 3 'Character n-grams')


@dataclass(frozen=True)
class NgramWindow:
    """The n-grams of one example's window: per n, n-gram -> token position of each occurrence."""

    feature: int
    prompt: int
    positions: dict[int, dict[Any, list[int]]]


def ngram_positions(
    tokens: list[str], window: range, size: int, unit_: str
) -> dict[Any, list[int]]:
    """Each n-gram of the window with the prompt positions of the tokens it begins in, ascending.

    A character n-gram is a str of code points, a token n-gram a tuple of tokens.
    """
    units: list[tuple[str, int]] = []  # (character or token, position of its token)
    for position in window:
        parts = tokens[position] if unit_ == "characters" else [tokens[position]]
        units += [(part, position) for part in parts]
    found: dict[Any, list[int]] = {}
    for i in range(len(units) - size + 1):
        parts = tuple(part for part, _ in units[i : i + size])
        ngram = "".join(parts) if unit_ == "characters" else parts
        found.setdefault(ngram, []).append(units[i][1])
    return found


def ngram_window(example: Example, tokens: list[str], settings: dict) -> NgramWindow:
    """The n-grams, for every n of the settings, of the 5-token window of an example."""
    window = window_range(
        example.max_position,
        len(tokens),
        setting(settings, "windows.ngram_tokens"),
        setting(settings, "windows.edge"),
    )
    unit_ = setting(settings, "ngrams.unit")
    sizes = setting(settings, "ngrams.sizes")
    return NgramWindow(
        example.feature,
        example.prompt,
        {n: ngram_positions(tokens, window, n, unit_) for n in sizes},
    )


def ngram_text(ngram: Any) -> str:
    """How an n-gram is written: its characters, or its tokens joined by nothing."""
    return "".join(ngram)


def jaccard(a: Iterable[Any], b: Iterable[Any]) -> tuple[int, int]:
    """Jaccard as (shared, either); both empty = 1, one empty = 0."""
    first, second = set(a), set(b)
    if not first and not second:
        return 1, 1
    return len(first & second), len(first | second)


def mean_jaccard(pairs: Iterable[tuple[NgramWindow, NgramWindow]], size: int) -> Fraction | None:
    """The exact mean Jaccard over pairs of windows; None when there is no pair."""
    shared: Counter[int] = Counter()  # size of the union -> sum of the intersections
    count = 0
    for a, b in pairs:
        both, either = jaccard(a.positions[size], b.positions[size])
        shared[either] += both
        count += 1
    if not count:
        return None
    return sum((Fraction(n, either) for either, n in shared.items()), Fraction(0)) / count


def ngram_counts(windows: list[NgramWindow], size: int) -> dict[Any, tuple[int, int]]:
    """Each n-gram with its number of occurrences and the number of windows it occurs in."""
    occurrences: Counter[Any] = Counter()
    holders: Counter[Any] = Counter()
    for window in windows:
        for ngram, positions in window.positions[size].items():
            occurrences[ngram] += len(positions)
            holders[ngram] += 1
    return {ngram: (occurrences[ngram], holders[ngram]) for ngram in occurrences}


def most_frequent(counts: dict[Any, tuple[int, int]]) -> Any | None:
    """Most occurrences; ties: in more windows, then the smaller string in code-point order."""
    order = sorted(counts, key=lambda g: (-counts[g][0], -counts[g][1], ngram_text(g), g))
    return order[0] if order else None


def top_ngram(windows: list[NgramWindow], size: int, least: int) -> Row | None:
    """The top n-gram of a feature's windows as a top_common_ngrams entry; None when unlisted."""
    counts = ngram_counts(windows, size)
    best = most_frequent(counts)
    if best is None or counts[best][0] < least:
        return None
    return {
        "ngram": ngram_text(best),
        "ngram_size": size,
        "count": counts[best][0],
        "occurrences": [
            {"prompt_id": w.prompt, "positions": w.positions[size][best]}
            for w in windows
            if best in w.positions[size]
        ],
    }


def select_ngram(means: list[Fraction | None], tops: list[Row], sizes: list[int]) -> Row | None:
    """SPEC 3 'Matching', the selected n-gram: the n with the largest mean Jaccard and its top."""
    known = [(mean, n) for mean, n in zip(means, sizes, strict=True) if mean is not None]
    if not known:
        return None
    mean, size = min(known, key=lambda pair: (-pair[0], pair[1]))
    for top in tops:
        if top["ngram_size"] == size:
            return {
                "ngram": top["ngram"],
                "ngram_size": size,
                "jaccard_score": f32(float(mean)),
                "count": top["count"],
                "activation_positions": top["occurrences"],
            }
    return None


# ---------------------------------------------------------------------------------------------
# Phrases and alignment (SPEC 3)


@dataclass(frozen=True)
class Chunk:
    """One phrase of one explainer's explanation."""

    explainer: str
    text: str
    index: int


def split_phrases(explanation: str) -> list[str]:
    """SPEC 3 'Phrases': split at commas and whole words and, or, but; trimmed, empties dropped."""
    parts = (part.strip() for part in PHRASE_BREAK.split(explanation))
    return [part for part in parts if part]


def align(
    chunks: list[Chunk], vectors: Vectors, threshold: float, what: str = ""
) -> list[tuple[float, list[Chunk]]]:
    """SPEC 3 'Alignment': the greedy groups as (score, chunks in chunk order)."""
    if not chunks:
        return []
    chunk_vectors = [vectors[chunk.text] for chunk in chunks]
    all_sims = cosines(chunk_vectors, chunk_vectors)
    taken: set[int] = set()
    groups = []
    for opener, chunk in enumerate(chunks):
        if opener in taken:
            continue
        members = []
        for later in range(opener + 1, len(chunks)):
            if later in taken or chunks[later].explainer == chunk.explainer:
                continue
            sim = float(all_sims[opener, later])
            note = f"alignment {what}: {chunk.text!r} ~ {chunks[later].text!r}"
            if at_least(sim, threshold, note):
                members.append((later, sim))
        if members:
            score = math.fsum(sim for _, sim in members) / len(members)
            taken.add(opener)
            taken.update(later for later, _ in members)
            groups.append((score, [chunk] + [chunks[later] for later, _ in members]))
    return groups


# ---------------------------------------------------------------------------------------------
# Scores (SPEC 3 'Scores')


@dataclass(frozen=True)
class Outcome:
    """One example of a score file; what a method does not record is None.

    state is 'correct', 'incorrect' or 'failed' (fuzz, detection); embedding and simulation know
    'succeeded' and 'failed'. value: similarity, simulation score, or probability.
    """

    state: str
    label: bool | None = None
    predicted: bool | None = None
    distance: float | None = None
    value: float | None = None


def read_array(path: Path) -> list[Any] | None:
    """A score file's JSON array, or None when it is unreadable or no array."""
    try:
        items = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None
    return items if isinstance(items, list) else None


def label_of(item: dict) -> bool | None:
    """Whether an example is activating: `activating`, `ground_truth`, else the distance's sign."""
    for key in ("activating", "ground_truth"):
        if isinstance(item.get(key), bool):
            return item[key]
    distance = finite(item.get("distance"))
    return None if distance is None else distance >= 0 and math.copysign(1, distance) > 0


def classifier_outcome(item: Any) -> Outcome | None:
    """One fuzz/detection example in its three states (SPEC 2 'scores'); None = quarantined."""
    if not isinstance(item, dict):
        return None
    correct = item.get("correct")
    if correct is not None and not isinstance(correct, bool):
        return None
    prediction = item.get("prediction")
    if prediction is not None and prediction not in (0, 1, -1):  # True == 1, False == 0
        return None
    label, distance = label_of(item), finite(item.get("distance"))
    if correct is None or ("prediction" in item and prediction in (None, -1)):
        return Outcome("failed", label, None, distance)
    if prediction is not None:
        predicted: bool | None = bool(prediction)
    else:
        predicted = None if label is None else label == correct
    probability = finite(item.get("probability"))
    if probability is not None and probability < 0:
        probability = None  # -1 = failed in old files
    return Outcome("correct" if correct else "incorrect", label, predicted, distance, probability)


def embedding_outcome(item: Any) -> Outcome | None:
    """One example of the embedding scorer; None when no similarity or no label can be read."""
    if not isinstance(item, dict) or "similarity" not in item:
        return None
    similarity, label = item["similarity"], label_of(item)
    if label is None or not (similarity is None or is_number(similarity)):
        return None
    value = finite(similarity)
    state = "failed" if value is None else "succeeded"
    return Outcome(state, label, None, finite(item.get("distance")), value)


def simulation_outcome(item: Any) -> Outcome | None:
    """One simulation group; a null, NaN or "nan" correlation is a failed one."""
    if not isinstance(item, dict) or "ev_correlation_score" not in item:
        return None
    score, distance = item["ev_correlation_score"], finite(item.get("distance"))
    nan_text = isinstance(score, str) and score.strip().lower() == "nan"
    if distance is None or not (score is None or nan_text or is_number(score)):
        return None
    value = finite(score)
    return Outcome("failed" if value is None else "succeeded", None, None, distance, value)


OUTCOME = {
    "fuzz": classifier_outcome,
    "detection": classifier_outcome,
    "embedding": embedding_outcome,
    "simulation": simulation_outcome,
}


def read_scores(
    raw: Path, source: Source, method: str, wanted: Callable[[int], bool]
) -> dict[int, list[Outcome]]:
    """The outcomes of one source and method by feature; only features with at least one."""
    result = {}
    for feature, paths in sorted(latent_files(raw / source.name / "scores" / method).items()):
        if not wanted(feature):
            continue
        for path in paths:
            items = read_array(path)
            if items is not None:
                outcomes = [o for o in map(OUTCOME[method], items) if o is not None]
                if outcomes:
                    result[feature] = outcomes
                break  # the first readable file, in name order, counts
    return result


def auc(positives: list[float], negatives: list[float]) -> float | None:
    """Area under the ROC curve, ties counted half; None when a class is missing."""
    if not positives or not negatives:
        return None
    ordered = sorted(negatives)
    wins = 0.0
    for value in positives:
        below, not_above = bisect_left(ordered, value), bisect_right(ordered, value)
        wins += below + (not_above - below) / 2
    return wins / (len(positives) * len(negatives))


def sample_variance(values: list[float]) -> float | None:
    """The sample variance (n - 1); None for fewer than 2 values."""
    if len(values) < 2:
        return None
    mean = math.fsum(values) / len(values)
    return math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1)


def average_score(method: str, outcomes: list[Outcome]) -> float | None:
    """SPEC 3 'Scores': the one figure of a method for a feature; "not scored" is None."""
    if method in ("fuzz", "detection"):
        done = [o for o in outcomes if o.state != "failed"]
        return sum(o.state == "correct" for o in done) / len(done) if done else None
    if method == "embedding":
        return auc_of(outcomes)
    overall = [o for o in outcomes if o.distance == 0]
    if overall:
        return overall[0].value
    values = [o.value for o in outcomes if o.value is not None]
    return math.fsum(values) / len(values) if values else None


def simulation_variance(outcomes: list[Outcome]) -> float | None:
    """The sample variance of the finite scores of the groups, the overall group left out."""
    return sample_variance([o.value for o in outcomes if o.value is not None and o.distance != 0])


def auc_of(outcomes: list[Outcome]) -> float | None:
    """AUC of the outcomes' value (similarity or probability) against their label."""
    known = [o for o in outcomes if o.state != "failed" and o.value is not None]
    return auc(
        [o.value for o in known if o.label is True], [o.value for o in known if o.label is False]
    )


def wilson(successes: int, total: int) -> tuple[float | None, float | None]:
    """The Wilson 95 % interval of a share."""
    if not total:
        return None, None
    z = NormalDist().inv_cdf(0.975)
    share = successes / total
    middle = share + z * z / (2 * total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return (middle - half) / scale, (middle + half) / scale


def ratio(part: int, whole: int) -> float | None:
    """part / whole; None, never 0, when there is nothing to divide by."""
    return part / whole if whole else None


def classifier_metrics(outcomes: list[Outcome]) -> Row:
    """The metrics of Delphi's own analysis (SPEC 3 'Scores', second half; FORMATS 2.10)."""
    done = [o for o in outcomes if o.state != "failed"]
    judged = [o for o in done if o.label is not None and o.predicted is not None]
    cells = Counter((o.label, o.predicted) for o in judged)
    tp, fn = cells[True, True], cells[True, False]
    tn, fp = cells[False, False], cells[False, True]
    recall, specificity = ratio(tp, tp + fn), ratio(tn, tn + fp)
    by_quantile: dict[float, list[bool]] = {}
    for o in judged:
        if o.label and o.distance is not None and o.distance >= 0:
            by_quantile.setdefault(o.distance, []).append(o.predicted)
    correct = sum(o.state == "correct" for o in done)
    low, high = wilson(correct, len(done))
    both = recall is not None and specificity is not None
    return {
        "true_positives": tp,
        "false_positives": fp,
        "true_negatives": tn,
        "false_negatives": fn,
        "balanced_accuracy": (recall + specificity) / 2 if both else None,
        "precision": ratio(tp, tp + fp),
        "recall": recall,
        "f1": ratio(2 * tp, 2 * tp + fp + fn),
        "auc": auc_of(done),
        "recall_per_quantile": [
            {"distance": d, "recall": sum(p) / len(p), "examples": len(p)}
            for d, p in sorted(by_quantile.items())
        ],
        "wilson_low": low,
        "wilson_high": high,
    }


def score_row(source: Source, method: str, outcomes: list[Outcome]) -> Row:
    """The figures of one (source, method) over one feature's outcomes."""
    failed = sum(o.state == "failed" for o in outcomes)
    row: Row = {
        "source": source.name,
        "explainer": source.explainer,
        "scorer": source.scorer,
        "method": method,
        "average_score": average_score(method, outcomes),
        "total_examples": len(outcomes),
        "failure_count": failed,
        "success_count": len(outcomes) - failed,
        "variance": simulation_variance(outcomes) if method == "simulation" else None,
    }
    if method in ("fuzz", "detection"):
        row |= classifier_metrics(outcomes)
    elif method == "embedding":
        row["auc"] = row["average_score"]
    return row


def scores_side(raw: Path, settings: dict) -> dict[str, list[Row]]:
    """SPEC 3 'Scores': {'by_feature': a row per (source, method, feature), 'pooled': per both}.

    A pooled row is computed over all examples of the source and method together; pooled
    simulation, whose groups are no examples, averages the features' scores instead.
    """
    in_scope = parse_scope(setting(settings, "scope.features"))
    by_feature: list[Row] = []
    pooled: list[Row] = []
    for source in read_sources(raw):
        for method in METHODS:
            scores = read_scores(raw, source, method, in_scope)
            rows = [
                {"feature_id": feature} | score_row(source, method, outcomes)
                for feature, outcomes in scores.items()
            ]
            by_feature += rows
            if not rows:
                continue
            everything = [o for outcomes in scores.values() for o in outcomes]
            row = {"features": len(rows)} | score_row(source, method, everything)
            if method == "simulation":
                known = [r["average_score"] for r in rows if r["average_score"] is not None]
                row["average_score"] = math.fsum(known) / len(known) if known else None
                row["variance"] = sample_variance(known)
            pooled.append(row)
    return {"by_feature": by_feature, "pooled": pooled}


def feature_scores(
    raw: Path, sources: list[Source], settings: dict, features: set[int]
) -> dict[tuple[str, int], list[tuple[str, dict[str, float | None]]]]:
    """(explainer, feature) -> [(scorer, method -> score)], scorers in settings order.

    A scorer is listed when it has an example of any method; a method it lacks is None.
    """
    order = in_order((s.scorer for s in sources), setting(settings, "scorers"))
    result: dict[tuple[str, int], list[tuple[str, dict[str, float | None]]]] = {}
    for source in sorted(sources, key=lambda s: order.index(s.scorer)):
        found: dict[int, dict[str, float | None]] = {}
        for method in METHODS:
            scores = read_scores(raw, source, method, features.__contains__)
            for feature, outcomes in scores.items():
                row = found.setdefault(feature, dict.fromkeys(METHODS))
                row[method] = average_score(method, outcomes)
        for feature, row in found.items():
            result.setdefault((source.explainer, feature), []).append((source.scorer, row))
    return result


# ---------------------------------------------------------------------------------------------
# The eight files (SPEC 4)


@dataclass(frozen=True)
class Sampled:
    """What the later files need of one feature's examples."""

    examples: list[Example]  # every record, by prompt id
    sample: list[tuple[int, Example]]  # (quantile, example) in sample order
    boundaries: list[float]
    texts: list[str]  # embedding windows of the sample
    windows: list[NgramWindow]  # n-gram windows of the sample


def sample_one(examples: list[Example], prompts: list[Any], settings: dict) -> Sampled:
    """The sample of one feature with its window texts and n-grams."""
    sample, boundaries = sample_feature(
        examples,
        setting(settings, "sampling.quantiles"),
        setting(settings, "sampling.per_quantile"),
    )
    size = setting(settings, "windows.embedding_tokens")
    return Sampled(
        examples,
        sample,
        boundaries,
        [embedding_text(e, prompts[e.prompt], size, settings) for _, e in sample],
        [ngram_window(e, prompts[e.prompt], settings) for _, e in sample],
    )


def first_per_quantile(sampled: Sampled, count: int) -> list[int]:
    """The places, in the sample, of the first `count` examples of each quantile."""
    seen: Counter[int] = Counter()
    places = []
    for place, (quantile, _) in enumerate(sampled.sample):
        if seen[quantile] < count:
            places.append(place)
        seen[quantile] += 1
    return places


def feature_rows(
    explained: dict[int, list[Explanation]],
    neighbours: dict[int, list[tuple[int, float]]],
    scores: dict[tuple[str, int], list[tuple[str, dict[str, float | None]]]],
    vectors: Vectors,
    names: dict[str, str],
    sae_id: str,
    method: str,
) -> list[Row]:
    """SPEC 4, file 1: one row per (feature, explainer)."""
    rows = []
    for feature, explanations in explained.items():
        for own in explanations:
            others = [other for other in explanations if other is not own]
            rows.append(
                {
                    "feature_id": feature,
                    "sae_id": sae_id,
                    "explanation_method": method,
                    "llm_explainer": names[own.explainer],
                    "explanation_text": own.text,
                    "decoder_similarity": [
                        {"feature_id": i, "cosine_similarity": s} for i, s in neighbours[feature]
                    ],
                    "semantic_similarity": [
                        {
                            "explainer": names[other.explainer],
                            "cosine_similarity": f32(
                                cosine(vectors[own.text], vectors[other.text])
                            ),
                        }
                        for other in others
                    ],
                    "scores": [
                        {"scorer": names[scorer]} | values
                        for scorer, values in scores.get((own.explainer, feature), [])
                    ],
                }
            )
    return rows


def explanation_embedding_rows(
    explained: dict[int, list[Explanation]], vectors: Vectors, names: dict[str, str], sae_id: str
) -> list[Row]:
    """SPEC 4, file 2."""
    return [
        {
            "feature_id": feature,
            "sae_id": sae_id,
            "data_source": explanation.source,
            "llm_explainer": names[explanation.explainer],
            "embedding": vectors[explanation.text],
            "explanation_text": explanation.text,
        }
        for feature, explanations in explained.items()
        for explanation in explanations
    ]


def activation_example_rows(examples: list[Example], prompts: list[Any], sae_id: str) -> list[Row]:
    """SPEC 4, file 3, the rows of one feature."""
    return [
        {
            "feature_id": e.feature,
            "sae_id": sae_id,
            "prompt_id": e.prompt,
            "prompt_tokens": prompts[e.prompt],
            "num_activations": len(e.pairs),
            "max_activation": e.max_value,
            "activation_pairs": [
                {"token_position": position, "activation_value": value}
                for position, value in e.pairs
            ],
        }
        for e in examples
    ]


def ngram_figures(sampled: Sampled, settings: dict) -> tuple[list[Fraction | None], list[Row]]:
    """Per n the mean Jaccard over the sample's unordered pairs; and the listed top n-grams."""
    sizes = setting(settings, "ngrams.sizes")
    means = [mean_jaccard(combinations(sampled.windows, 2), n) for n in sizes]
    least = setting(settings, "ngrams.min_occurrences")
    tops = [top_ngram(sampled.windows, n, least) for n in sizes]
    return means, [top for top in tops if top is not None]


def similarity_row(
    feature: int, sae_id: str, sampled: Sampled, vectors: Vectors, settings: dict
) -> Row:
    """SPEC 4, file 5, the row of one feature."""
    statistics = pairwise_statistics([vectors[text] for text in sampled.texts])
    means, tops = ngram_figures(sampled, settings)
    return {
        "feature_id": feature,
        "sae_id": sae_id,
        "num_examples_sampled": len(sampled.sample),
        "mean_pairwise_similarity": f32(statistics["mean"]),
        "std_pairwise_similarity": f32(statistics["std"]),
        "min_pairwise_similarity": f32(statistics["min"]),
        "max_pairwise_similarity": f32(statistics["max"]),
        "num_total_activations": sum(1 for e in sampled.examples if e.pairs),
        "prompt_ids": [e.prompt for _, e in sampled.sample],
        "quantile_boundaries": [f32(b) for b in sampled.boundaries],
        "ngram_jaccard_similarity": [None if m is None else f32(float(m)) for m in means],
        "top_common_ngrams": tops,
    }


def shared_ngram(
    main: list[NgramWindow], other: list[NgramWindow], size: int, score: Fraction
) -> Row:
    """SPEC 3 'Between features': the most frequent n-gram that occurs on both sides."""
    on_both = ngram_counts(main, size).keys() & ngram_counts(other, size).keys()
    everywhere = ngram_counts(main + other, size)
    counts = {ngram: everywhere[ngram] for ngram in on_both}
    best = most_frequent(counts)
    return {
        "ngram": None if best is None else ngram_text(best),
        "ngram_size": size,
        "jaccard_score": f32(float(score)),
        "count": 0 if best is None else counts[best][0],
        "occurrences": []
        if best is None
        else [
            {
                "feature_id": w.feature,
                "prompt_id": w.prompt,
                "positions": w.positions[size][best],
            }
            for w in main + other
            if best in w.positions[size]
        ],
    }


def interfeature_row(
    feature: int,
    sae_id: str,
    nearest: list[tuple[int, float]],
    samples: dict[int, Sampled],
    vectors: Vectors,
    settings: dict,
) -> Row:
    """SPEC 4, file 6; SPEC 3 'Between features'."""
    per_quantile = setting(settings, "interfeature.per_quantile")
    main = samples.get(feature)
    mine = first_per_quantile(main, per_quantile) if main else []
    selected: list[Row] = []
    pairs: list[Row] = []
    analysis: list[Row] = []
    with_sample = [(i, s) for i, s in nearest if i in samples and samples[i].sample]
    for other_id, similarity in with_sample[: setting(settings, "interfeature.neighbours")]:
        other = samples[other_id]
        theirs = first_per_quantile(other, per_quantile)
        selected.append(
            {
                "feature_id": other_id,
                "decoder_similarity": similarity,
                "sample_info": [
                    {
                        "quantile": other.sample[j][0],
                        "prompt_id": other.sample[j][1].prompt,
                        "max_activation": other.sample[j][1].max_value,
                    }
                    for j in theirs
                ],
            }
        )
        for i in mine:
            for j in theirs:
                sim = cosine(vectors[main.texts[i]], vectors[other.texts[j]])
                pairs.append(
                    {
                        "main_feature_id": feature,
                        "main_prompt_id": main.sample[i][1].prompt,
                        "main_quantile": main.sample[i][0],
                        "selected_feature_id": other_id,
                        "selected_prompt_id": other.sample[j][1].prompt,
                        "selected_quantile": other.sample[j][0],
                        "semantic_similarity": f32(sim),
                    }
                )
        my_windows = [main.windows[i] for i in mine] if main else []
        their_windows = [other.windows[j] for j in theirs]
        for size in setting(settings, "ngrams.sizes"):
            cross = [(a, b) for a in my_windows for b in their_windows]
            score = mean_jaccard(cross, size)
            if score is not None:
                analysis.append(shared_ngram(my_windows, their_windows, size, score))
    return {
        "feature_id": feature,
        "sae_id": sae_id,
        "selected_features": selected,
        "similarity_pairs": pairs,
        "ngram_analysis": analysis,
    }


def alignment_row(
    feature: int,
    sae_id: str,
    explanations: list[Explanation],
    vectors: Vectors,
    names: dict[str, str],
    settings: dict,
) -> Row:
    """SPEC 4, file 7."""
    chunks = [
        Chunk(names[explanation.explainer], text, index)
        for explanation in explanations
        for index, text in enumerate(split_phrases(explanation.text))
    ]
    groups = align(chunks, vectors, setting(settings, "alignment.threshold"), str(feature))
    return {
        "feature_id": feature,
        "sae_id": sae_id,
        "llm_explainers": [names[e.explainer] for e in explanations],
        "num_aligned_groups": len(groups),
        "aligned_groups": [
            {
                "aligned_group_id": number,
                "similarity_score": f32(score),
                "phrases": [
                    {"explainer_name": c.explainer, "text": c.text, "chunk_index": c.index}
                    for c in members
                ],
            }
            for number, (score, members) in enumerate(groups)
        ],
    }


@dataclass(frozen=True)
class Pattern:
    """What matching needs of one feature before its contexts are embedded."""

    kind: str
    semantic_sim: float | None
    max_jaccard: float | None
    ngram: Row | None
    lexical_texts: list[str]  # contexts of the lexical method; empty = not to be tried
    semantic_texts: list[str]


def find_pattern(
    sampled: Sampled | None, prompts: list[Any], vectors: Vectors, settings: dict, what: str
) -> Pattern:
    """SPEC 3 'Pattern type', the selected n-gram and the contexts of 'Matching'."""
    if sampled is None:
        return Pattern("none", None, None, None, [], [])
    semantic_sim = pairwise_statistics([vectors[text] for text in sampled.texts])["mean"]
    means, tops = ngram_figures(sampled, settings)
    known = [m for m in means if m is not None]
    largest = max(known) if known else None
    ngram = select_ngram(means, tops, setting(settings, "ngrams.sizes"))

    threshold = setting(settings, "patterns.semantic_threshold")
    semantic = semantic_sim is not None and semantic_sim > threshold
    if semantic_sim is not None and abs(semantic_sim - threshold) <= NOISE:
        log.warning("near threshold: pattern type %s: %.9f", what, semantic_sim)
    exact_threshold = Fraction(str(setting(settings, "patterns.lexical_threshold")))
    lexical = largest is not None and largest > exact_threshold
    kinds = {(True, True): "both", (True, False): "semantic", (False, True): "lexical"}

    by_prompt = {e.prompt: e for _, e in sampled.sample}
    lexical_texts: list[str] = []
    if lexical and ngram is not None:
        holders = ngram["activation_positions"][: setting(settings, "matching.ngram_examples")]
        size = setting(settings, "windows.ngram_tokens")
        for holder in holders:
            prompt = holder["prompt_id"]
            lexical_texts.append(embedding_text(by_prompt[prompt], prompts[prompt], size, settings))
    semantic_texts: list[str] = []
    if semantic:
        active = [e for e in sampled.examples if e.pairs]
        active.sort(key=lambda e: (-e.max_value, e.prompt))
        size = setting(settings, "windows.embedding_tokens")
        for example in active[: setting(settings, "matching.contexts")]:
            semantic_texts.append(embedding_text(example, prompts[example.prompt], size, settings))
    return Pattern(
        kinds.get((semantic, lexical), "none"),
        semantic_sim,
        None if largest is None else float(largest),
        ngram,
        lexical_texts,
        semantic_texts,
    )


def context_similarities(
    phrases: list[Chunk], contexts: list[str], vectors: Vectors
) -> list[float] | None:
    """Each phrase's cosine to the mean context vector; None when the method is not tried."""
    if not phrases or not contexts:
        return None
    mean = np.mean([vectors[text].astype(np.float64) for text in contexts], axis=0)
    return [cosine(vectors[phrase.text], mean) for phrase in phrases]


def matching_row(
    feature: int, sae_id: str, pattern: Pattern, alignment: Row, vectors: Vectors, settings: dict
) -> Row:
    """SPEC 4, file 8; SPEC 3 'Matching'."""
    threshold = setting(settings, "matching.threshold")
    grouped = [p for group in alignment["aligned_groups"] for p in group["phrases"]]
    distinct: dict[tuple[str, str], Chunk] = {}
    for p in grouped:
        key = (p["text"], p["explainer_name"])
        distinct.setdefault(key, Chunk(p["explainer_name"], p["text"], p["chunk_index"]))
    phrases = list(distinct.values())

    tried: dict[str, list[float]] = {}
    for method, contexts in (
        ("lexical", pattern.lexical_texts),
        ("semantic", pattern.semantic_texts),
    ):
        sims = context_similarities(phrases, contexts, vectors)
        if sims is not None:
            tried[method] = sims

    matches: list[Row] = []
    mismatches: list[Row] = []
    matched_by: set[str] = set()
    for number, phrase in enumerate(phrases if tried else []):
        sims_of = {method: sims[number] for method, sims in tried.items()}
        hits = [
            method
            for method, sim in sims_of.items()
            if at_least(sim, threshold, f"matching {feature} {method} {phrase.text!r}")
        ]
        matched_by.update(hits)
        if hits:
            matches.append(
                {
                    "phrase_text": phrase.text,
                    "explainer_name": phrase.explainer,
                    "phrase_chunk_index": phrase.index,
                    "semantic_similarity": f32(max(sims_of[method] for method in hits)),
                    "match_type": "both" if len(hits) == 2 else hits[0],
                }
            )
        else:
            mismatches.append(
                {
                    "item_text": phrase.text,
                    "item_type": "phrase",
                    "mismatch_type": "explanation_only",
                    "explainer_name": phrase.explainer,
                    "semantic_similarity": f32(max(sims_of.values())),
                }
            )
    unmatched = len(mismatches)
    for method, sims in tried.items():  # lexical before semantic
        if method not in matched_by:
            lexical = method == "lexical"
            mismatches.append(
                {
                    "item_text": pattern.ngram["ngram"] if lexical else pattern.semantic_texts[0],
                    "item_type": "ngram" if lexical else "semantic_context",
                    "mismatch_type": "activation_only",
                    "explainer_name": None,
                    "semantic_similarity": f32(max(sims)),
                }
            )
    judged = len(matches) + unmatched
    return {
        "feature_id": feature,
        "sae_id": sae_id,
        "pattern_type": pattern.kind,
        "activation_semantic_sim": f32(pattern.semantic_sim),
        "activation_max_jaccard": f32(pattern.max_jaccard),
        "selected_ngram": pattern.ngram,
        "num_aligned_phrases": len(grouped),
        "matches": matches,
        "mismatches": mismatches,
        "num_matches": len(matches),
        "num_mismatches": unmatched,
        "match_rate": f32(len(matches) / judged) if judged else 0.0,
    }


@dataclass(frozen=True)
class Read:
    """What the eight files are made of, however it lay on the disk."""

    names: dict[str, str]  # short name -> full model name
    sae_id: str
    prompts: list[Any]
    examples: dict[int, list[Example]]  # every record, by feature
    explained: dict[int, list[Explanation]]
    neighbours: Callable[[list[int], int], dict[int, list[tuple[int, float]]]]
    scores: Callable[[set[int]], dict[tuple[str, int], list[tuple[str, dict[str, float | None]]]]]
    kept: Callable[[int], list[Example]] | None = None  # those of activation_examples; None: all


def read_tree(raw: Path, settings: dict) -> Read:
    """An in-house tree (SPEC 2)."""
    in_scope = parse_scope(setting(settings, "scope.features"))
    sources = read_sources(raw)
    prompts = read_prompts(raw)
    examples = read_examples(raw, prompts, in_scope)
    explained = read_explanations(raw, sources, settings)
    decoder = read_decoder(raw, max([*examples, *explained], default=-1))
    return Read(
        full_names(sources, settings),
        sae_id_of(sources, settings),
        prompts,
        examples,
        explained,
        lambda wanted, count: decoder_neighbours(decoder, wanted, count),
        lambda wanted: feature_scores(raw, sources, settings, wanted),
    )


def recompute(
    raw: Path, settings: dict, embed: Embed, features: list[int] | None = None
) -> dict[str, list[Row]]:
    """Every row of the eight master parquets of an in-house tree; see `master_rows`."""
    return master_rows(read_tree(Path(raw), settings), settings, embed, features)


def master_rows(
    read: Read, settings: dict, embed: Embed, features: list[int] | None = None
) -> dict[str, list[Row]]:
    """Every row of the eight master parquets (SPEC 4), in file order; see the module's docstring.

    With `features` only their rows, everything those need still taken from all that was read.
    """
    names, sae_id, prompts, examples = read.names, read.sae_id, read.prompts, read.examples
    kept = read.kept or examples.__getitem__
    settings = with_marker(settings, prompts)
    wanted = None if features is None else set(features)
    recorded = [f for f in examples if wanted is None or f in wanted]
    explained = {f: e for f, e in read.explained.items() if wanted is None or f in wanted}
    neighbours = read.neighbours(list(explained), setting(settings, "neighbours.count"))
    sampled_too = {i for nearest in neighbours.values() for i, _ in nearest if i in examples}
    samples = {
        f: sample_one(examples[f], prompts, settings) for f in sorted({*recorded, *sampled_too})
    }

    vectors: Vectors = {}
    texts: list[str] = []
    for explanations in explained.values():
        texts += [e.text for e in explanations]
        texts += [phrase for e in explanations for phrase in split_phrases(e.text)]
    per_quantile = setting(settings, "interfeature.per_quantile")
    in_rows = set(recorded)
    for feature, sampled in samples.items():
        if feature in in_rows:
            texts += sampled.texts
        else:
            texts += [sampled.texts[i] for i in first_per_quantile(sampled, per_quantile)]
    add_vectors(vectors, texts, embed)

    patterns = {
        f: find_pattern(samples.get(f), prompts, vectors, settings, str(f)) for f in explained
    }
    contexts = [t for p in patterns.values() for t in p.lexical_texts + p.semantic_texts]
    add_vectors(vectors, contexts, embed)

    scores = read.scores(set(explained))
    alignments = {
        f: alignment_row(f, sae_id, e, vectors, names, settings) for f, e in explained.items()
    }
    return {
        "features": feature_rows(
            explained,
            neighbours,
            scores,
            vectors,
            names,
            sae_id,
            setting(settings, "explanation_method"),
        ),
        "explanation_embeddings": explanation_embedding_rows(explained, vectors, names, sae_id),
        "activation_examples": [
            row for f in recorded for row in activation_example_rows(kept(f), prompts, sae_id)
        ],
        "activation_embeddings": [
            {
                "feature_id": f,
                "sae_id": sae_id,
                "prompt_ids": [e.prompt for _, e in samples[f].sample],
                "embeddings": [vectors[text] for text in samples[f].texts],
            }
            for f in recorded
        ],
        "activation_example_similarity": [
            similarity_row(f, sae_id, samples[f], vectors, settings) for f in recorded
        ],
        "interfeature_similarity": [
            interfeature_row(f, sae_id, neighbours[f], samples, vectors, settings)
            for f in explained
        ],
        "explanation_alignment": list(alignments.values()),
        "ex_act_pattern_matching": [
            matching_row(f, sae_id, patterns[f], alignments[f], vectors, settings)
            for f in explained
        ],
    }


# ---------------------------------------------------------------------------------------------
# Consistency (SPEC 3, last paragraph)


def rv_coefficient(x: np.ndarray, y: np.ndarray) -> float | None:
    """tr(X'YY'X) / sqrt(tr((X'X)^2) tr((Y'Y)^2)), columns centred; None when it is 0 / 0."""
    x = np.asarray(x, dtype=np.float64)
    y = np.asarray(y, dtype=np.float64)
    if len(x) < 2:
        return None
    x = x - x.mean(axis=0)
    y = y - y.mean(axis=0)
    above = np.trace(x.T @ y @ y.T @ x)
    below = math.sqrt(np.trace(x.T @ x @ x.T @ x) * np.trace(y.T @ y @ y.T @ y))
    return float(above / below) if below > 0 else None


def score_matrices(
    a: dict[int, dict[str, float | None]], b: dict[int, dict[str, float | None]]
) -> tuple[np.ndarray, np.ndarray, list[str], list[int]]:
    """Two scorers' matrices: the methods both have, the features both scored by all of them."""
    methods = [
        method
        for method in ("fuzz", "detection", "embedding")
        if all(any(row[method] is not None for row in side.values()) for side in (a, b))
    ]
    features = [
        f
        for f in sorted(a.keys() & b.keys())
        if methods and all(side[f][m] is not None for side in (a, b) for m in methods)
    ]
    x, y = (
        np.array([[side[f][m] for m in methods] for f in features], dtype=np.float64)
        for side in (a, b)
    )
    return x, y, methods, features


def consistency(raw: Path, settings: dict, embed: Embed) -> dict[str, dict[str, Any]]:
    """SPEC 3 'Explainer consistency' and 'Scorer consistency'.

    {'explainer_consistency': {'a_vs_b': {'value', 'features'}},
     'scorer_consistency': {explainer: {'a_vs_b': {'value', 'features', 'methods'}}}};
    short names, in explainer and scorer order; values not rounded.
    """
    raw = Path(raw)
    sources = read_sources(raw)
    explained = read_explanations(raw, sources, settings)
    vectors: Vectors = {}
    add_vectors(vectors, [e.text for group in explained.values() for e in group], embed)

    explainers = in_order((s.explainer for s in sources), setting(settings, "explainers"))
    texts: dict[str, dict[int, str]] = {name: {} for name in explainers}
    for feature, group in explained.items():
        for e in group:
            texts[e.explainer][feature] = e.text
    between_explainers = {}
    for a, b in combinations([name for name in explainers if texts[name]], 2):
        common = sorted(texts[a].keys() & texts[b].keys())
        sims = [cosine(vectors[texts[a][f]], vectors[texts[b][f]]) for f in common]
        between_explainers[f"{a}_vs_{b}"] = {
            "value": math.fsum(sims) / len(sims) if sims else None,
            "features": len(common),
        }

    in_scope = parse_scope(setting(settings, "scope.features"))
    scorers = in_order((s.scorer for s in sources), setting(settings, "scorers"))
    between_scorers: dict[str, dict[str, Any]] = {}
    for explainer in explainers:
        scored: dict[str, dict[int, dict[str, float | None]]] = {}
        for source in (s for s in sources if s.explainer == explainer):
            table: dict[int, dict[str, float | None]] = {}
            for method in ("fuzz", "detection", "embedding"):
                for feature, outcomes in read_scores(raw, source, method, in_scope).items():
                    row = table.setdefault(feature, dict.fromkeys(METHODS))
                    row[method] = average_score(method, outcomes)
            scored[source.scorer] = table
        present = [scorer for scorer in scorers if scored.get(scorer)]
        between_scorers[explainer] = {}
        for a, b in combinations(present, 2):
            x, y, methods, features = score_matrices(scored[a], scored[b])
            between_scorers[explainer][f"{a}_vs_{b}"] = {
                "value": rv_coefficient(x, y) if methods else None,
                "features": len(features),
                "methods": methods,
            }
    return {"explainer_consistency": between_explainers, "scorer_consistency": between_scorers}


# ---------------------------------------------------------------------------------------------
# Comparing

_NEIGHBOURS = "list<struct<feature_id:uint32,cosine_similarity:float>>"
_OCCURRENCES = "list<struct<prompt_id:uint32,positions:list<uint16>>>"
SCHEMAS: dict[str, dict[str, str]] = {
    "features": {
        "feature_id": "int64",
        "sae_id": "cat",
        "explanation_method": "cat",
        "llm_explainer": "cat",
        "explanation_text": "str",
        "decoder_similarity": _NEIGHBOURS,
        "semantic_similarity": "list<struct<explainer:cat,cosine_similarity:float>>",
        "scores": "list<struct<scorer:str,fuzz:double,simulation:double,detection:double,"
        "embedding:double>>",
    },
    "explanation_embeddings": {
        "feature_id": "uint32",
        "sae_id": "cat",
        "data_source": "cat",
        "llm_explainer": "cat",
        "embedding": "list<float>",
        "explanation_text": "str",
    },
    "activation_examples": {
        "feature_id": "uint32",
        "sae_id": "cat",
        "prompt_id": "uint32",
        "prompt_tokens": "list<str>",
        "num_activations": "uint32",
        "max_activation": "float",
        "activation_pairs": "list<struct<token_position:uint32,activation_value:float>>",
    },
    "activation_embeddings": {
        "feature_id": "uint32",
        "sae_id": "cat",
        "prompt_ids": "list<uint32>",
        "embeddings": "list<list<float>>",
    },
    "activation_example_similarity": {
        "feature_id": "uint32",
        "sae_id": "cat",
        "num_examples_sampled": "uint32",
        "mean_pairwise_similarity": "float",
        "std_pairwise_similarity": "float",
        "min_pairwise_similarity": "float",
        "max_pairwise_similarity": "float",
        "num_total_activations": "uint32",
        "prompt_ids": "list<uint32>",
        "quantile_boundaries": "list<float>",
        "ngram_jaccard_similarity": "list<float>",
        "top_common_ngrams": "list<struct<ngram:str,ngram_size:uint8,count:uint16,"
        f"occurrences:{_OCCURRENCES}>>",
    },
    "interfeature_similarity": {
        "feature_id": "uint32",
        "sae_id": "cat",
        "selected_features": "list<struct<feature_id:uint32,decoder_similarity:float,"
        "sample_info:list<struct<quantile:uint8,prompt_id:uint32,max_activation:float>>>>",
        "similarity_pairs": "list<struct<main_feature_id:uint32,main_prompt_id:uint32,"
        "main_quantile:uint8,selected_feature_id:uint32,selected_prompt_id:uint32,"
        "selected_quantile:uint8,semantic_similarity:float>>",
        "ngram_analysis": "list<struct<ngram:str,ngram_size:uint8,jaccard_score:float,"
        "count:uint16,occurrences:list<struct<feature_id:uint32,prompt_id:uint32,"
        "positions:list<uint16>>>>>",
    },
    "explanation_alignment": {
        "feature_id": "uint32",
        "sae_id": "cat",
        "llm_explainers": "list<str>",
        "num_aligned_groups": "uint16",
        "aligned_groups": "list<struct<aligned_group_id:uint16,similarity_score:float,"
        "phrases:list<struct<explainer_name:str,text:str,chunk_index:uint16>>>>",
    },
    "ex_act_pattern_matching": {
        "feature_id": "uint32",
        "sae_id": "cat",
        "pattern_type": "cat",
        "activation_semantic_sim": "float",
        "activation_max_jaccard": "float",
        "selected_ngram": "struct<ngram:str,ngram_size:uint8,jaccard_score:float,count:uint16,"
        f"activation_positions:{_OCCURRENCES}>",
        "num_aligned_phrases": "uint16",
        "matches": "list<struct<phrase_text:str,explainer_name:str,phrase_chunk_index:uint16,"
        "semantic_similarity:float,match_type:str>>",
        "mismatches": "list<struct<item_text:str,item_type:str,mismatch_type:str,"
        "explainer_name:str,semantic_similarity:float>>",
        "num_matches": "uint16",
        "num_mismatches": "uint16",
        "match_rate": "float",
    },
}
ROW_KEYS = {
    "features": ("feature_id", "llm_explainer"),
    "explanation_embeddings": ("feature_id", "llm_explainer"),
    "activation_examples": ("feature_id", "prompt_id"),
}
MOST_REPORTED = 20


def type_name(dtype: pa.DataType) -> str:
    """An Arrow type in the words of SCHEMAS, so that e.g. large_list and list are one."""
    if pa.types.is_dictionary(dtype):
        return "cat" if type_name(dtype.value_type) == "str" else str(dtype)
    if pa.types.is_struct(dtype):
        fields = [dtype.field(i) for i in range(dtype.num_fields)]
        return "struct<" + ",".join(f"{f.name}:{type_name(f.type)}" for f in fields) + ">"
    if str(dtype).startswith(("list<", "large_list<", "list_view<", "large_list_view<")):
        return f"list<{type_name(dtype.value_type)}>"
    return "str" if str(dtype) in ("string", "large_string", "string_view") else str(dtype)


def schema_differences(name: str, schema: pa.Schema) -> list[str]:
    """Differences of a table's columns, their order and dtypes from SPEC 4."""
    found = []
    expected = SCHEMAS[name]
    if schema.names != list(expected):
        found.append(f"{name}: columns: expected {list(expected)} .. got {schema.names}")
    for column, wanted in expected.items():
        if column in schema.names:
            got = type_name(schema.field(column).type)
            if got != wanted:
                found.append(f"{name}.{column}: dtype: expected {wanted} .. got {got}")
    return found


def value_differences(path: str, expected: Any, actual: Any, tolerance: float) -> Iterator[str]:
    """Every difference below `path`: floats within tolerance, everything else exactly."""
    if isinstance(actual, np.generic):
        actual = actual.item()
    if isinstance(expected, np.ndarray) or isinstance(actual, np.ndarray):
        yield from vector_differences(path, expected, actual, tolerance)
    elif isinstance(expected, dict) and isinstance(actual, dict):
        if list(expected) != list(actual):
            yield f"{path}: fields: expected {list(expected)} .. got {list(actual)}"
        for key in expected.keys() & actual.keys():
            yield from value_differences(f"{path}.{key}", expected[key], actual[key], tolerance)
    elif isinstance(expected, (list, tuple)) and isinstance(actual, (list, tuple)):
        if len(expected) != len(actual):
            yield f"{path}: length: expected {len(expected)} .. got {len(actual)}"
        for i, (a, b) in enumerate(zip(expected, actual, strict=False)):
            yield from value_differences(f"{path}[{i}]", a, b, tolerance)
    elif isinstance(expected, float) and is_number(actual):
        close = abs(expected - actual) <= tolerance * max(1.0, abs(expected))
        if not close:  # NaN is never close
            yield f"{path}: expected {expected!r} .. got {actual!r}"
    elif type(expected) is not type(actual) or expected != actual:
        yield f"{path}: expected {expected!r} .. got {actual!r}"


def vector_differences(path: str, expected: Any, actual: Any, tolerance: float) -> Iterator[str]:
    """The first difference of two vectors, of which at least one is a numpy array."""
    if expected is None or actual is None or len(expected) != len(actual):
        sizes = [None if v is None else len(v) for v in (expected, actual)]
        yield f"{path}: length: expected {sizes[0]} .. got {sizes[1]}"
        return
    a = np.array(expected, dtype=np.float64)
    b = np.array(actual, dtype=np.float64)  # None becomes NaN, which is never close
    far = ~(np.abs(a - b) <= tolerance * np.maximum(1.0, np.abs(a)))
    if far.any():
        i = int(np.argmax(far))
        yield f"{path}[{i}]: expected {a[i]!r} .. got {b[i]!r} ({int(far.sum())} such places)"


def actual_rows(actual: pa.Table | list[Row]) -> Iterator[Row]:
    """The rows of a table as dicts, a few hundred at a time; a list as it is."""
    if isinstance(actual, pa.Table):
        for start in range(0, actual.num_rows, 256):
            yield from actual.slice(start, 256).to_pylist()
    else:
        yield from actual


def alike(expected: Row, actual: Row) -> bool:
    """Whether two rows are equal at once, which most are; rows with vectors are looked into."""
    try:
        return expected == actual
    except ValueError:
        return False


def compare(
    name: str, expected: list[Row], actual: pa.Table | list[Row], tolerance: float = 1e-5
) -> list[str]:
    """Human-readable differences of one file's rows, at most about 20; empty when they agree.

    Exact for ids, counts, positions, texts, kinds, orders and groupings; floats within the
    tolerance (relative above 1); None equals only None. A table's schema is held to SPEC 4 too.
    Rows are told apart by their key: missing rows, rows too many and a wrong row order are
    reported as such.
    """
    found: list[str] = []
    if isinstance(actual, pa.Table) and name in SCHEMAS:
        found += schema_differences(name, actual.schema)
    columns = ROW_KEYS.get(name, ("feature_id",))
    by_key = {tuple(row[c] for c in columns): row for row in expected}
    order: list[tuple] = []
    for row in actual_rows(actual):
        key = tuple(row.get(c) for c in columns)
        if key in by_key and len(found) < MOST_REPORTED and not alike(by_key[key], row):
            where = ", ".join(f"{c}={v}" for c, v in zip(columns, key, strict=True))
            for text in value_differences(f"{name}[{where}]", by_key[key], row, tolerance):
                found.append(text)
                if len(found) >= MOST_REPORTED:
                    break
        order.append(key)
    seen = set(order)
    missing = [key for key in by_key if key not in seen]
    extra = [key for key in order if key not in by_key]
    repeated = [key for key, count in Counter(order).items() if count > 1]
    for what, keys in (
        ("rows missing", missing),
        ("rows too many", extra),
        ("rows repeated", repeated),
    ):
        if keys:
            found.append(f"{name}: {len(keys)} {what} ({', '.join(columns)}): {keys[:5]}")
    if not (missing or extra or repeated) and order != list(by_key):
        place = next(i for i, key in enumerate(by_key) if order[i] != key)
        found.append(
            f"{name}: row order: row {place}: expected {list(by_key)[place]} .. got {order[place]}"
        )
    return found
