"""Finding which infrared file belongs to which visible one: by names, by patterns of names, or by a list."""

from mfjax.pairing.lists import read_list
from mfjax.pairing.names import natural_key
from mfjax.pairing.pairs import Matches, Pair, messages_about
from mfjax.pairing.search import find_pairs, mixed_up

__all__ = ["Matches", "Pair", "find_pairs", "messages_about", "mixed_up", "natural_key", "read_list"]
