"""What a sample is about: topics with their words, stock phrases, sentences, explanations."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Topic:
    """What a segment is about: its name, its words and its own phrase of five tokens."""

    name: str
    nouns: tuple[tuple[str, ...], ...]
    verbs: tuple[tuple[str, ...], ...]
    adjectives: tuple[tuple[str, ...], ...]
    phrase: tuple[str, ...]


def split_pieces(text: str) -> tuple[str, ...]:
    """Tokens of words parted by blanks; `knead+ing` becomes `knead`, `##ing`."""
    return tuple(
        piece if place == 0 else f"##{piece}"
        for word in text.split()
        for place, piece in enumerate(word.split("+"))
    )


def split_entries(text: str) -> list[str]:
    """The parts of a constant written with `|` and line breaks."""
    return [entry.strip() for entry in text.replace("\n", "|").split("|") if entry.strip()]


def read_topics() -> list[Topic]:
    """The topics of the constant above, one per logical line (a leading blank continues it)."""
    lines = TOPICS.strip().replace("\n ", " ").splitlines()
    return [_read_topic(line) for line in lines]


def _read_topic(line: str) -> Topic:
    """One topic from its line."""
    name, nouns, verbs, adjectives, phrase = (part.strip() for part in line.split("|"))
    words = (
        tuple(split_pieces(word) for word in part.split()) for part in (nouns, verbs, adjectives)
    )
    return Topic(name, *words, phrase=split_pieces(phrase))
