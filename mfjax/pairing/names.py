"""Names of files as words and numbers: their order, when two are equal, and what is left of one without a tag."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

Key = tuple[tuple[bool, int, str], ...]
PathKey = tuple[Key, ...]

Span = tuple[int, int]  # start and end of a part of a name

NEXT_TO_CJK = r"(?<=[\u3400-\u9fff])(?=[A-Za-z])|(?<=[A-Za-z])(?=[\u3400-\u9fff])"
CHINESE = "红外|可见光|热成像"  # infrared, visible light, thermal imaging: no space divides these from their neighbours
NEXT_TO_CHINESE = "|".join([f"(?={CHINESE})", *(f"(?<={word})" for word in CHINESE.split("|"))])
HUMP = r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"  # of CamelCase: Scene|IR, IR|Scene
WORD = re.compile(r"\d+|[^\W\d_]+|/")
LETTERS_END = re.compile(f"{HUMP}|{NEXT_TO_CJK}|{NEXT_TO_CHINESE}")

LEFT_OUT = "|"  # stands in a name for what is left out, so that its neighbours don't become one word or number


def natural_key(name: str) -> Key:
    """Returns a key that sorts names as people do, `scene 2` before `Scene 10`: words without case, numbers by value.

    Args:
        name: a file's name or any other.
    """
    words = re.findall(r"\d+|[^\W\d_]+", unicodedata.normalize("NFC", name).lower())
    return tuple((False, int(word), "") if word.isdecimal() else (True, 0, word) for word in words)


@dataclass(frozen=True)
class Name:
    """The name of a file below a folder, without its suffix; folders stand before it, each with a `/`."""

    text: str

    @cached_property
    def spans(self) -> list[Span]:
        """Returns where its words stand: runs of digits or letters, CamelCase divided, and each `/`."""
        found = []
        for run in WORD.finditer(self.text):
            cuts = sorted({0, *(cut.start() for cut in LETTERS_END.finditer(run.group())), len(run.group())})
            found += [(run.start() + a, run.start() + b) for a, b in pairwise(cuts)]
        return found

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Returns its words in lower case."""
        return tuple(unicodedata.normalize("NFC", self.text[start:end]).lower() for start, end in self.spans)

    def key(self, without: Iterable[Span] = ()) -> PathKey:
        """Returns a key that is equal for names that differ only by case, separators and zeros before numbers.

        Args:
            without: parts of the name to leave out.
        """
        return tuple(natural_key(part) for part in self._cut(without, LEFT_OUT).split("/"))

    def rest(self, without: Iterable[Span]) -> str:
        """Returns the name without some of its parts, the brackets that this empties, and separators around them.

        Args:
            without: the parts. With none, the name is returned as it is.
        """
        without = list(without)
        if not without:
            return self.text
        text = self._cut(without, LEFT_OUT)
        text = re.sub(r"(?<=\d)\|+(?=\d)", "_", text).replace(LEFT_OUT, "")
        text = re.sub(r"\(\s*\)|\[\s*\]|\{\s*\}|（\s*）|【\s*】", "", text)
        parts = (re.sub(r"([-_. ])[-_. ]+", r"\1", part).strip("-_. ") for part in text.split("/"))
        return "/".join(part for part in parts if part)

    def _cut(self, spans: Iterable[Span], filling: str) -> str:
        """Returns the name with other text in the place of some of its parts."""
        text = self.text
        for start, end in sorted(spans, reverse=True):
            text = text[:start] + filling + text[end:]
        return text
