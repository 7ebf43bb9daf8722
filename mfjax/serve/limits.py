"""Limits of the page, so that neither a large picture nor many of them take the machine."""

from dataclasses import dataclass

from mfjax.errors import MfjaxError


@dataclass(frozen=True)
class Limits:
    """The most that the page takes, and for how long it keeps what it was given and has made."""

    upload: int = 64 * 2**20
    """Most bytes of a file."""
    upload_seconds: float = 60
    """Most seconds in which a file must arrive."""
    source_pixels: int = 50_000_000
    """Most pixels of a source."""
    output_pixels: int = 16_000_000
    """Most pixels of a fused image."""
    seconds: float = 300
    """Most seconds of work on one fused image."""
    waiting: int = 8
    """Most requests that wait for the one in work."""
    kept_files: int = 32
    """Most files that are kept in memory."""
    kept_file_bytes: int = 2**29
    """Most bytes of them."""
    kept_results: int = 16
    """Most results that are kept in memory, those that wait or failed included."""
    kept_result_bytes: int = 2**30
    """Most bytes of them."""
    kept_seconds: float = 600
    """Seconds after which what nobody has asked for is forgotten."""
    asked_seconds: float = 90
    """Seconds after which a waiting request that nobody has asked for is dropped: its page was closed."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value <= 0:
                raise MfjaxError(f"{name.replace('_', ' ')} is {value:g}; it must be positive")
