"""Every number and name a user can choose: one table of settings, one TOML file per data directory.

A setting `section.key` is bound in SQL as `$section_key`. The table below is the only place that
knows a setting's default, type and range; the commented settings file, validation, `--set` and
the parameters of the SQL models all come from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import UsageError

LONGEST_ID = 200  # bytes: an SAE's id is part of file names
# What drives a terminal or ends a text early; a prompt may hold line ends and tabs.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Setting:
    """One setting. `kind`: int, float, str, bool, strings, ints, names (a table short = "full")."""

    name: str
    default: object
    kind: str
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    filled: bool = False  # of a string: it may not be empty

    @property
    def parameter(self) -> str:
        """The name under which SQL models bind this setting, without the `$`."""
        return self.name.replace(".", "_")

    def allowed(self) -> str:
        """What a value may be, in words for an error message."""
        if self.choices:
            return "one of " + ", ".join(f'"{c}"' for c in self.choices)
        words = {
            "int": "a whole number",
            "float": "a number",
            "str": "a string without control characters",
            "bool": "true or false",
            "strings": 'a list of strings, e.g. ["a", "b"]',
            "ints": "a list of different whole numbers, e.g. [2, 3, 4]",
            "names": 'a table of strings that are not empty, e.g. { llama = "meta-llama/Llama-3.1-70B" }',
        }[self.kind]
        if self.filled:
            words += " that is not empty"
        if self.name == "sae_id":
            words += f", at most {LONGEST_ID} bytes long"
        if self.low is not None and self.high is not None:
            return f"{words} from {self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"{words}, at least {self.low:g}"
        return words

    def check(self, value: object) -> object:
        """The value in its canonical type; ValueError when type or range is wrong."""

        def number(v: object, whole: bool) -> int | float:
            ok = isinstance(v, int) if whole else isinstance(v, int | float)
            if not ok or isinstance(v, bool) or not -1e300 < v < 1e300:
                raise ValueError
            if (self.low is not None and v < self.low) or (self.high is not None and v > self.high):
                raise ValueError
            return int(v) if whole else float(v)

        if self.kind in ("int", "float"):
            return number(value, self.kind == "int")
        if self.kind == "bool":
            if not isinstance(value, bool):
                raise ValueError
            return value
        if self.kind == "str":
            if not isinstance(value, str) or (self.choices and value not in self.choices):
                raise ValueError
            if self.filled and not value.strip():
                raise ValueError
            if _CONTROL.search(value) or (
                self.name == "sae_id" and len(value.encode()) > LONGEST_ID
            ):
                raise ValueError
            return value
        if self.kind == "names":
            if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
                raise ValueError
            if any(not v.strip() or _CONTROL.search(v) for v in value.values()):
                raise ValueError
            return dict(sorted(value.items()))
        if not isinstance(value, list):
            raise ValueError
        if self.kind == "ints":
            if not value or len(set(value)) < len(value):
                raise ValueError
            return [number(v, True) for v in value]
        if not all(isinstance(v, str) for v in value):
            raise ValueError
        return list(value)


SECTIONS = {
    "": "General",
    "scope": "Scope: a quick look at a part of a large raw tree",
    "input": "Input: paths and globs, relative to this file's directory",
    "latents": "The latents cache of a Delphi run",
    "statistics": "Statistics of each feature: analysis.feature_statistics",
    "models": "Full model names by the short names of the source directories: <explainer>_e-<scorer>_s",
    "explanations": "Explanations and their explainers",
    "scores": "Scores and their scorers",
    "sampling": "Quantile sampling",
    "windows": "Token windows around an example's largest activation",
    "ngrams": "Character n-grams of the n-gram window",
    "tokens": "From tokens to words",
    "words": "Character n-grams inside tokens and word n-grams, around an example's largest activation",
    "display": "The n-grams that a feature's examples share: activation_display",
    "neighbours": "Decoder neighbours",
    "interfeature": "Comparison with decoder neighbours",
    "pairs": "What a feature and a decoder neighbour share: interfeature_activation_similarity",
    "clustering": "The tree of decoder rows",
    "phrases": "Splitting explanations into phrases",
    "alignment": "Alignment of phrases across explainers",
    "patterns": "Pattern types",
    "matching": "Matching phrases against activation patterns",
    "causes": "Why an explanation fails: explanation_barycentric",
    "embedding": "Embedding",
    "projections": "Projections: 2-D maps of decoder rows and explanations, by cosine distance (UMAP), with Ward clusters",
    "quarantine": "Quarantine",
    "export": "Export",
    "history": "History: results of earlier builds, kept for diff",
    "calibration": "Calibration of the thresholds: cli.py calibrate",
    "compare": "Comparison of a collection's members: cli.py compare",
}

SETTINGS: tuple[Setting, ...] = (
    Setting("sae_id", "", "str", "the SAE's id; empty: <sparse_model>/<hookpoint> of run_config.json"),
    Setting("explanation_method", "quantiles", "str", "stored as features.explanation_method"),
    Setting("memory_limit", "", "str", 'DuckDB\'s memory, e.g. "4GB"; empty: DuckDB\'s default'),
    Setting("threads", 0, "int", "DuckDB's and torch's threads; 0: all cores", 0, 1024),
    Setting("temp_directory", "", "str", "where DuckDB spills; empty: beside the build"),
    Setting("storage_version", "v1.3.0", "str", "the oldest DuckDB that opens warehouse.duckdb", choices=("v1.2.0", "v1.3.0", "v1.4.0", "v1.5.0", "v2.0.0")),
    Setting("scope.features", "", "str", 'feature ids and ranges, e.g. "0-199,877"; empty: all'),
    Setting(
        "input.activations",
        [f"raw/activation_examples/activations.jsonl{end}" for end in ("", ".gz", ".zst")],
        "strings",
        "activation records, JSON lines",
    ),
    Setting("input.prompts", "raw/activation_examples/prompts.json", "str", "prompts; empty: those in the activation records (Neuronpedia v1)"),
    Setting("input.decoder", "raw/sae", "str", "decoder weights: a file, or the directory that holds it"),
    Setting("input.max_record_mb", 64.0, "float", "a longer line, prompt or small file is quarantined; what is held of it at once", 0.001, 1024),
    Setting("input.max_expansion", 200.0, "float", "a compressed file that grows more than this times (and past 64 MB) is read no further", 1, 1e9),
    Setting("input.follow_links", False, "bool", "read what links out of the data directory lead to; raw/ itself may be a link"),
    Setting("input.hookpoint", "", "str", "of Delphi runs with several hookpoints the one to read; empty: the only one"),
    Setting("input.export", "", "str", "of several Neuronpedia exports the directory to read; empty: the only one"),
    Setting("input.tokenizer", "", "str", "tokenizer.json of the model; empty: the only one under raw/, else that of the run's model in the hub cache"),
    Setting("latents.max_records", 100, "int", "records kept of each latent beside the sampled ones; statistics are over all", 0, 1000000),
    Setting("statistics.bins", 50, "int", "equal bins of a histogram", 1, 10000),
    Setting("statistics.top_tokens", 10, "int", "most frequent tokens that are listed", 1, 1000),
    Setting("statistics.dense", 0.1, "float", "a feature is dense above this share of the tokens", 0, 1),
    Setting("models", {}, "names", ""),
    Setting("explanations.sources", [], "strings", "source directories explanations are taken from; empty: per explainer the first that has any"),
    Setting("explanations.explainers", [], "strings", "order of the explainers (short names); empty: by name"),
    Setting("scores.scorers", [], "strings", "order of the scorers (short names); empty: by name"),
    Setting("sampling.quantiles", 4, "int", "quantiles of max_activation", 1, 100),
    Setting("sampling.per_quantile", 5, "int", "examples taken from each", 1, 1000),
    Setting("windows.embedding_tokens", 32, "int", "tokens of an embedding window", 1, 100000),
    Setting("windows.ngram_tokens", 5, "int", "tokens of an n-gram window", 1, 1000),
    Setting("windows.text", "tokens", "str", "an embedded window's text: its tokens, or words as they are in the prompt, joined by a space", choices=("tokens", "natural")),
    Setting("windows.edge", "shift", "str", "at a prompt's edge: move the window, or cut it", choices=("shift", "clip")),
    Setting("ngrams.sizes", [2, 3, 4], "ints", "n", 1, 50),
    Setting("ngrams.unit", "characters", "str", "what an n-gram is made of", choices=("characters", "tokens")),
    Setting("ngrams.min_occurrences", 2, "int", "a top n-gram occurs at least this often", 1, 65535),
    Setting("tokens.marker", "auto", "str", "what a token begins with that begins a word; ##: what the others begin with; auto: the one on most tokens", choices=("auto", "▁", "Ġ", "space", "##", "none")),
    Setting(
        "tokens.special",
        ["<bos>", "<eos>", "<pad>", "<unk>", "<mask>", "<s>", "</s>", "<|endoftext|>", "<|begin_of_text|>", "[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]"],
        "strings",
        "tokens that are no text: they give no n-grams and end a word",
    ),
    Setting("tokens.punctuation", ".,!?;:\"'()[]{}“”‘’`", "str", "characters that no word begins with; a token of nothing else ends a word"),
    Setting("words.char_sizes", [2, 3, 4, 5], "ints", "n of the character n-grams of one token", 1, 50),
    Setting("words.sizes", [1, 2, 3], "ints", "n of the word n-grams", 1, 50),
    Setting("words.reach", 5, "int", "words whose first token is at most so many tokens from the largest activation", 0, 1000),
    Setting("display.char_reach", 1, "int", "character n-grams of the tokens at most so many from it", 0, 1000),
    Setting("display.min_examples", 2, "int", "a feature with fewer sampled examples is not displayed", 2, 1000),
    Setting("display.rank_by", "occurrences", "str", "what decides the top n-gram: its occurrences, or the examples that hold it", choices=("occurrences", "examples")),
    Setting("display.min_occurrences", 2, "int", "a top n-gram has at least so many", 1, 65535),
    Setting("display.semantic_threshold", 0.3, "float", "semantic above this mean_pairwise_similarity", -1, 1),
    Setting("display.lexical_threshold", 0.6, "float", "lexical above this share of example pairs that hold the top n-gram", 0, 1),
    Setting("display.per_quantile", 2, "int", "examples shown of each quantile", 1, 1000),
    Setting("neighbours.count", 10, "int", "decoder neighbours per feature", 1, 1000),
    Setting("interfeature.neighbours", 4, "int", "neighbours compared with a feature", 1, 1000),
    Setting("interfeature.per_quantile", 1, "int", "examples per quantile of either side", 1, 1000),
    Setting("pairs.per_quantile", 4, "int", "examples per quantile of either side", 1, 1000),
    Setting("pairs.char_reach", 0, "int", "character n-grams of the tokens at most so many from the largest activation", 0, 1000),
    Setting("pairs.min_examples", 2, "int", "a shared n-gram is held by at least so many examples of both sides together", 1, 1000),
    Setting("pairs.semantic_threshold", 0.3, "float", "a pair is semantic above this similarity", -1, 1),
    Setting("pairs.char_threshold", 0.7, "float", "a pair is lexical above this ratio of holders of a character n-gram", 0, 1),
    Setting("pairs.word_threshold", 0.8, "float", "a pair is lexical above this ratio of holders of a word n-gram", 0, 1),
    Setting("pairs.shown", 2, "int", "examples per quantile in which the n-gram's positions are listed", 1, 1000),
    Setting("clustering.max_features", 20000, "int", "no tree of more features: it takes 8 bytes times their square", 0, 1000000),
    Setting("phrases.words", ["and", "or", "but"], "strings", "words that split, besides the comma"),
    Setting("alignment.threshold", 0.7, "float", "smallest cosine similarity to a group's opener", -1, 1),
    Setting("patterns.semantic_threshold", 0.3, "float", "semantic above this mean_pairwise_similarity", -1, 1),
    Setting("patterns.lexical_threshold", 0.3, "float", "lexical above this largest mean Jaccard", 0, 1),
    Setting("matching.threshold", 0.6, "float", "smallest cosine similarity of a matched phrase", -1, 1),
    Setting("matching.ngram_examples", 5, "int", "n-gram windows that make the lexical context", 1, 1000),
    Setting("matching.contexts", 10, "int", "windows that make the semantic context", 1, 1000),
    Setting("causes.low", 0.05, "float", "a metric's percentile that is bad", 0, 1),
    Setting("causes.middle", 0.5, "float", "a metric's percentile that is as usual", 0, 1),
    Setting("causes.chance", 0.5, "float", "a score no better than chance", 0, 1),
    Setting("causes.min_cluster_size", 10, "int", "features of a cluster (HDBSCAN)", 2, 1000000),
    Setting("causes.min_samples", 5, "int", "neighbours that make a point dense, itself aside", 1, 1000000),
    Setting("causes.epsilon", 0.2, "float", "clusters nearer than this are one", 0, 1e6),
    Setting("embedding.model", "google/embeddinggemma-300m", "str", 'a hub name, a directory, or "package:NAME"', filled=True),
    Setting("embedding.beside", [], "strings", "further models; analysis.* holds their figures too"),
    Setting("embedding.device", "auto", "str", 'auto, cpu, cuda, mps, cuda:1; several: "cuda:0,cuda:1"; auto takes every GPU'),
    Setting("embedding.precision", "float32", "str", "weights' precision; vectors are float32 always", choices=("float32", "bfloat16", "float16")),
    Setting("embedding.batch_size", 64, "int", "texts per batch", 1, 65536),
    Setting("embedding.prompt", "", "str", "text put before every text, as some models ask for"),
    Setting("embedding.normalize", False, "bool", "scale vectors to length 1"),
    Setting("projections.enabled", False, "bool", "make the maps; needs: pip install -e '.[projections]'"),
    Setting("projections.neighbours", 15, "int", "points of a neighbourhood, itself counted", 2, 1000),
    Setting("projections.min_dist", 0.1, "float", "how close points may lie", 0, 1),
    Setting("projections.seed", 42, "int", "same seed, same map", 0, 2**32 - 1),
    Setting("projections.clusters", [10, 30, 90], "ints", "numbers of clusters", 1, 100000),
    Setting("projections.cluster_by", "points", "str", "cluster the points of the map, or the vectors at unit length", choices=("points", "vectors")),
    Setting("quarantine.max_share", 0.01, "float", "share of one input's records that may be bad before the build fails", 0, 1),
    Setting("export.backend", True, "bool", "write the files of backend.* too, which the newer backend reads"),
    Setting("export.embeddings", "float32", "str", "vectors of activation_embeddings: as they are; their bytes split by place, some 7 % smaller, for Polars 1.0 and newer; or int8 with a scale each, 4 times smaller", choices=("float32", "float32-split", "int8")),
    Setting("calibration.samples", 2000, "int", "features of each null of the pattern types at most; ten times as many shuffled phrases", 100, 1000000),
    Setting("calibration.seed", 0, "int", "of the shuffles; same seed, same figures", 0, 2**31),
    Setting("compare.replicates", 1000, "int", "resamples that an interval is taken from", 100, 100000),
    Setting("compare.seed", 0, "int", "of the resamples; same seed, same figures", 0, 2**31),
    Setting("compare.min_cosine", 0.7, "float", "latents of two SAEs are compared as one feature from this decoder cosine on", -1, 1),
    Setting("compare.bins_per_decade", 2, "int", "bins of firing frequency per power of ten", 1, 100),
    Setting("history.keep", 3, "int", "earlier builds whose results are kept; 0: none", 0, 1000),
    Setting("history.max_gb", 2.0, "float", "what they may take on disk, in GB", 0, 1e6),
)  # fmt: skip

BY_NAME = {s.name: s for s in SETTINGS}

# Settings that say how to work, never what comes out: no content key may hold them.
RUNTIME_ONLY = frozenset({"memory_limit", "threads", "temp_directory", "storage_version", "embedding.device", "embedding.batch_size", "history.keep", "history.max_gb"})  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """Validated settings of one data directory; `settings["matching.threshold"]`."""

    data: Path
    values: Mapping[str, object]

    def __getitem__(self, name: str) -> object:
        return self.values[name]

    @property
    def embedding_models(self) -> list[str]:
        """The embedding models by their names, the default one first."""
        return list(dict.fromkeys([self["embedding.model"], *self["embedding.beside"]]))

    def parameters(self) -> dict[str, object]:
        """What SQL models may bind: parameter name → value (plain lists, dicts, numbers, strings).

        `scope_features` becomes a list of [first, last] pairs, `models` a list of structs.
        """
        bound = {s.parameter: self.values[s.name] for s in SETTINGS}
        bound["scope_features"] = parse_ranges(str(self.values["scope.features"]))
        bound["models"] = [
            {"short": short, "full_name": full} for short, full in self.values["models"].items()
        ]
        return bound

    def changed(self, others: Mapping[str, object]) -> dict[str, tuple[object, object]]:
        """Settings that differ from `others` (name → value), as name → (theirs, ours)."""
        return differing(others, self.values)


def parse_ranges(text: str) -> list[list[int]]:
    """Feature ids and ranges as [first, last] pairs.

    >>> parse_ranges("0-199, 877")
    [[0, 199], [877, 877]]
    """
    ranges = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        match = re.fullmatch(r"(\d{1,10})(?:\s*-\s*(\d{1,10}))?", part)
        if not match or int(match[2] or match[1]) < int(match[1]):
            raise UsageError(
                f'setting "scope.features": "{part}" is not a feature id or a range',
                'write ids and ranges, e.g. scope.features = "0-199,877"',
            )
        ranges.append([int(match[1]), int(match[2] or match[1])])
    return ranges


def differing(
    old: Mapping[str, object], new: Mapping[str, object]
) -> dict[str, tuple[object, object]]:
    """Settings that differ, as name → (old, new); one that is not recorded has its default."""
    defaults = {s.name: s.default for s in SETTINGS}
    old, new = ({**defaults, **values} for values in (old, new))
    return {n: (old.get(n), new.get(n)) for n in {**old, **new} if old.get(n) != new.get(n)}
