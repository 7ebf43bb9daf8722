"""The choice of training images, without the packages that read them."""

from dataclasses import dataclass, field

from mfjax import representation
from mfjax.errors import MfjaxError


@dataclass(frozen=True)
class DataConfig:
    """Choice of training images, and how they are cut into batches."""

    roots: tuple[str, ...] = ()
    """Folders with ir/ and vis/, folders of such folders, or built data sets: DIR, or DIR@SPLIT for a split of one."""
    pairs: int = 0
    """Number of pairs to choose, by data.pairs_seed and evenly over folders and data sets; 0 for all."""
    held_out: int = 0
    """Number of the chosen pairs that are kept from training, to validate on."""
    pairs_seed: int = 0
    """Seed of the choice of pairs."""
    weights: dict[str, float] = field(default_factory=dict)
    """Relative frequency at which each pair of a folder or data set is drawn, by its name; 1 where it is not given."""
    crop: int = 128
    """Side of the high-resolution crops in pixels."""
    batch: int = 4
    """Number of pairs in each step."""
    scales: tuple[int, int] = (10, 30)
    """Smallest and largest down-sampling factor in tenths; one is drawn for each source and step."""
    min_detail: float = 0.0
    """Standard deviation in [0, 1] that one source of a crop should reach; up to 8 crops are drawn to find one."""
    threads: int = 0
    """Number of threads that read and cut images, in each process that does so; 0 for one a core, at most 16."""
    workers: int = 0
    """Number of processes that read and cut images, if threads of the training process don't keep up; 0 for none."""
    prefetch: int = 8
    """Number of batches that are read ahead, by each process that does so."""

    __repr__ = representation.config

    def __post_init__(self) -> None:
        if isinstance(self.roots, str):
            raise MfjaxError(f"roots is {self.roots!r}; it must be a tuple of folders")
        if min(self.pairs, self.held_out) < 0:
            raise MfjaxError(f"pairs is {self.pairs} and held_out {self.held_out}; neither can be negative")
        if self.crop < 8:
            raise MfjaxError(f"crop is {self.crop}; it must be at least 8 pixels")
        for name, least in (("batch", 1), ("threads", 0), ("workers", 0), ("prefetch", 1)):
            if getattr(self, name) < least:
                raise MfjaxError(f"{name} is {getattr(self, name)}; it must be at least {least}")
        if not 10 <= self.scales[0] <= self.scales[1]:
            raise MfjaxError(f"scales is {self.scales}; it must be two tenths, 10 <= smallest <= largest")
        if any(weight <= 0 for weight in self.weights.values()):
            raise MfjaxError(f"weights is {self.weights}; every weight must be positive")
