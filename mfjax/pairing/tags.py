"""Tags in files' names, such as ir and vis: known words, and constant parts that are inferred from many names."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, TypeVar

from mfjax.pairing.names import Name, PathKey, Span

# Words that name a kind of image wherever they stand in a name.
INFRARED = frozenset({"ir", "tir", "nir", "swir", "mwir", "lwir", "infrared", "thermal", "红外"})
VISIBLE = frozenset({"vi", "vis", "visible", "visual", "rgb", "color", "colour", "eo", "optical", "可见光"})

# Words that are too short or too common for that: they count only in what is constant in all names of a kind.
INFRARED_HINTS = INFRARED | {"t", "i", "th", "thrm", "therm", "thermo", "thermography", "heat", "previewdata", "热成像"}
VISIBLE_HINTS = VISIBLE | {"w", "v", "z", "co", "wide", "zoom", "photo", "tv"}
NEUTRAL = frozenset(
    {"image", "images", "img", "cam", "camera", "frame", "aligned", "registered", "crop", "cropped", "图像"}
)

VARIES = -1  # count of a word that is not in every name equally often
MOST_TRIED = 50  # names that are compared with the first one to find two kinds of which no word is known

N = TypeVar("N", bound=Name)

Place = Literal["start", "end", "inside"]


@dataclass(frozen=True)
class Tag:
    """A part that all names of a kind have in one place; without words it is no part at all."""

    words: tuple[str, ...] = ()
    place: Place = "end"

    def spans(self, name: Name) -> list[Span] | None:
        """Returns where it stands in a name, empty for the tag without words; None if the name doesn't have it.

        Args:
            name: the name.
        """
        count, words = len(self.words), name.words
        if not count:
            return []
        starts = {
            "start": [0],
            "end": [len(words) - count],
            "inside": [at for at in range(len(words) - count + 1) if words[at : at + count] == self.words],
        }[self.place]
        if len(starts) != 1 or starts[0] < 0 or words[starts[0] : starts[0] + count] != self.words:
            return None
        first, last = starts[0], starts[0] + count - 1
        return [(name.spans[first][0], name.spans[last][1])]

    def text(self, name: Name) -> str:
        """Returns the tag as a name has it.

        Args:
            name: a name that has it.
        """
        return "".join(name.text[start:end] for start, end in self.spans(name) or [])


@dataclass(frozen=True)
class Inferred:
    """Two constant parts without which the names of two kinds are equal."""

    one: Tag
    other: Tag
    examples: tuple[Name, Name]
    """Two names that are equal without them."""
    count: int
    """The number of such pairs."""

    @property
    def texts(self) -> tuple[str, str]:
        """Returns both parts as the examples have them."""
        return self.one.text(self.examples[0]), self.other.text(self.examples[1])


def words_among(name: Name, words: frozenset[str]) -> list[Span]:
    """Returns where words of a set stand in a name.

    Args:
        name: the name.
        words: the words, in lower case.
    """
    return [span for span, word in zip(name.spans, name.words, strict=True) if word in words]


def infer(ones: Sequence[Name], others: Sequence[Name], *, only_others: bool = False) -> list[Inferred]:
    """Returns the constant parts by which the names of two kinds may differ: those that pair most names.

    Each part is in every name of its kind, at its start, at its end, or once inside. It has no numbers, since these
    tell views apart. Several results pair the names differently, so none of them can be relied on.

    Args:
        ones: names of one kind, at least one.
        others: names of the other kind, at least one.
        only_others: only the others have such a part, which then may have numbers beside words.
    """
    best: dict[frozenset[tuple[Name, Name]], Inferred] = {}
    constant = _constant_counts(ones), _constant_counts(others)
    for one, other in product([Tag()] if only_others else _common(ones), _common(others, numbers=only_others)):
        if one.words and other.words and _could_be_shorter(one, other):
            continue
        if not _may_equal(one, other, *constant):
            continue
        found = _equal_without(ones, one, others, other)
        if not found or (best and len(found) < len(next(iter(best)))):
            continue
        if best and len(found) > len(next(iter(best))):
            best = {}
        key, new = frozenset(found), Inferred(one, other, found[0], len(found))
        if key not in best or _length(new) < _length(best[key]):
            best[key] = new
    return list(best.values())


def by_key(names: Iterable[N], tag: Tag) -> dict[PathKey, list[N]]:
    """Returns names by what is left of them without a tag, those without the tag not at all.

    Args:
        names: the names.
        tag: the tag.
    """
    found = defaultdict(list)
    for name in names:
        if (spans := tag.spans(name)) is not None:
            found[name.key(spans)].append(name)
    return found


def is_reliable(found: Inferred) -> bool:
    """Returns true if inferred parts may be taken for the tags of infrared and visible names.

    They may if known words say so. Else they need at least two pairs, and if neither is known, each must be a single
    word, since `north_1` and `south_1` would differ by their places, too, in folders that have one tag each.

    Args:
        found: the parts of the infrared and the visible names.
    """
    if are_swapped(found):
        return False
    tags = (found.one, INFRARED_HINTS), (found.other, VISIBLE_HINTS)
    known = [not tag.words or (has_any(tag, hints) and not _unknown(tag, hints)) for tag, hints in tags]
    if all(known):
        return True
    return found.count > 1 and (any(known) or all(text.isalpha() for text in found.texts))


def are_swapped(found: Inferred) -> bool:
    """Returns true if the parts of infrared names say that they are visible, or the other way round.

    That is so if both hint at it, or one has a word such as rgb or thermal that can mean nothing else.

    Args:
        found: the parts of the infrared and the visible names.
    """
    one, other = found.one, found.other
    both = _contradicts(one, INFRARED_HINTS, VISIBLE_HINTS) and _contradicts(other, VISIBLE_HINTS, INFRARED_HINTS)
    return both or _contradicts(one, INFRARED_HINTS, VISIBLE) or _contradicts(other, VISIBLE_HINTS, INFRARED)


def has_any(tag: Tag, words: frozenset[str]) -> bool:
    """Returns true if a tag has a word of a set.

    Args:
        tag: the tag.
        words: the words, in lower case.
    """
    return "".join(tag.words) in words or any(word in words for word in tag.words)


def _contradicts(tag: Tag, own: frozenset[str], foreign: frozenset[str]) -> bool:
    """Returns true if a tag has words of the other kind and none of its own."""
    return has_any(tag, foreign) and not has_any(tag, own)


def _unknown(tag: Tag, hints: frozenset[str]) -> list[str]:
    """Returns the words of a tag that say neither its kind nor anything else that matters."""
    if "".join(tag.words) in hints:
        return []
    return [word for word in tag.words if word not in hints and word not in NEUTRAL]


def _common(names: Sequence[Name], *, numbers: bool = False) -> list[Tag]:
    """Returns the tags that all names have, and the one without words."""
    shortest = min(names, key=lambda name: len(name.words)).words
    found = [Tag()]
    for start in range(len(shortest)):
        for end in range(start + 1, len(shortest) + 1):
            run = shortest[start:end]
            if not _may_be_tag(run, numbers=numbers):
                continue
            places: list[Place] = ["inside"]
            places[:0] = ["start"] if start == 0 else []
            places[:0] = ["end"] if end == len(shortest) else []
            tags = (Tag(run, place) for place in places)
            found += [tag for tag in tags if all(tag.spans(name) is not None for name in names)][:1]
    return list(dict.fromkeys(found))


def _constant_counts(names: Sequence[Name]) -> Counter[str]:
    """Returns how often each word that is no number is in every name, or `VARIES`."""
    counts = [Counter(name.words) for name in names]
    words = {word for count in counts for word in count if not word.isdecimal()}
    constant: Counter[str] = Counter()
    for word in words:
        constant[word] = counts[0][word] if all(count[word] == counts[0][word] for count in counts) else VARIES
    return constant


def _may_equal(one: Tag, other: Tag, in_ones: Counter[str], in_others: Counter[str]) -> bool:
    """Returns true if names may be equal without two tags, by the counts of words that do not vary."""
    return all(
        in_ones[word] - one.words.count(word) == in_others[word] - other.words.count(word)
        for word in in_ones.keys() | in_others.keys()
        if VARIES not in (in_ones[word], in_others[word])
    )


def _may_be_tag(run: Sequence[str], *, numbers: bool) -> bool:
    """Returns true if words may be a tag: no folder, and no number, or with `numbers` not only numbers."""
    if "/" in run:
        return False
    return any(not word.isdecimal() for word in run) if numbers else not any(word.isdecimal() for word in run)


def _could_be_shorter(one: Tag, other: Tag) -> bool:
    """Returns true if two tags begin or end with the same word, so that it is no difference."""
    return one.words[0] == other.words[0] or one.words[-1] == other.words[-1]


def _equal_without(ones: Sequence[Name], one: Tag, others: Sequence[Name], other: Tag) -> list[tuple[Name, Name]]:
    """Returns the pairs of names that are equal without their tags, except where several names are."""
    keys, other_keys = by_key(ones, one), by_key(others, other)
    return [
        (keys[key][0], other_keys[key][0])
        for key in keys
        if len(keys[key]) == 1 and len(other_keys.get(key, ())) == 1 and any(key)
    ]


def _length(found: Inferred) -> int:
    return len(found.one.words) + len(found.other.words)


def divide(names: Sequence[Name]) -> Inferred | None:
    """Returns the constant parts that divide names into two kinds that pair completely; None if there are none.

    Args:
        names: the names, of both kinds.
    """
    for tags in dict.fromkeys(filter(None, (_difference(names[0], other) for other in names[1:MOST_TRIED]))):
        has = [[name for name in names if tag.words and tag.spans(name) is not None] for tag in tags]
        ones, others = (own or [name for name in names if name not in foreign] for own, foreign in (has, has[::-1]))
        if len(ones) == len(others) == len(names) / 2 and not {*ones} & {*others}:
            pairs = _equal_without(ones, tags[0], others, tags[1])
            if len(pairs) == len(ones):
                return Inferred(*tags, pairs[0], len(pairs))
    return None


def _difference(one: Name, other: Name) -> tuple[Tag, Tag] | None:
    """Returns what two names have different between equal beginnings and ends, if it may be tags."""
    a, b = one.words, other.words
    short = min(len(a), len(b))
    start = next((i for i in range(short) if a[i] != b[i]), short)
    end = next((i for i in range(short - start) if a[-1 - i] != b[-1 - i]), short - start)
    runs = a[start : len(a) - end], b[start : len(b) - end]
    if not any(runs) or not all(_may_be_tag(run, numbers=False) for run in runs):
        return None
    place: Place = "inside" if start and end else "start" if end else "end"
    return Tag(runs[0], place), Tag(runs[1], place)
