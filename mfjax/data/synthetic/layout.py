"""Lays out a street from a seed: the place of everything in metres, before any pixel is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from mfjax.data.synthetic.stage import NEAR, Camera

T = TypeVar("T")

FAR = 150.0  # metres; the street's end
CROWNS = 5  # kinds of tree in a scene

WALLS = (
    (0.30, 0.13, 0.09),
    (0.45, 0.38, 0.28),
    (0.33, 0.32, 0.30),
    (0.42, 0.27, 0.13),
    (0.50, 0.48, 0.44),
    (0.22, 0.25, 0.27),
)
PAINTS = (
    (0.02, 0.02, 0.025),
    (0.35, 0.36, 0.38),
    (0.60, 0.60, 0.58),
    (0.25, 0.02, 0.02),
    (0.02, 0.06, 0.18),
    (0.10, 0.11, 0.11),
)
CLOTHES = (
    (0.02, 0.02, 0.025),
    (0.04, 0.045, 0.06),
    (0.05, 0.04, 0.03),
    (0.03, 0.04, 0.03),
    (0.12, 0.03, 0.03),
    (0.16, 0.14, 0.11),
)
NAMES = (
    "BAKERY",
    "CAFE 21",
    "BOOKS",
    "PHARMACY",
    "HOTEL",
    "CINEMA",
    "FLOWERS",
    "BAR",
    "MARKET",
    "OPTICIAN",
    "RAMEN",
    "BANK",
)


@dataclass(frozen=True)
class Building:
    """A box beside the street, from z to z + length."""

    side: int  # -1 left, 1 right
    x: float  # place of the wall on the street
    z: float
    length: float
    floors: int
    floor_height: float
    bay: float  # width of a window's share of the wall
    wall: tuple[float, float, float]
    brick: bool
    name: str  # sign over the shop; empty without a shop
    awning: bool
    warmth: float  # degrees above the air
    seed: int

    @property
    def height(self) -> float:
        """Returns the metres up to the parapet's edge."""
        return self.floors * self.floor_height + 0.9


@dataclass(frozen=True)
class Car:
    """A car parked or driving along the street."""

    x: float  # place of its middle
    z: float  # place of its end nearest to the camera
    oncoming: bool
    driving: bool
    engine: float  # degrees above the air
    kind: str
    paint: tuple[float, float, float]


@dataclass(frozen=True)
class Person:
    """A person on foot."""

    x: float
    z: float
    height: float
    stride: float  # -1 to 1, 0 while both feet are together
    facing: int  # -1 walks to the left, 1 to the right, 0 along the street
    coat: tuple[float, float, float]
    trousers: tuple[float, float, float]
    seed: int


@dataclass(frozen=True)
class Tree:
    """A tree on the pavement or in a park."""

    x: float
    z: float
    height: float
    crown: int  # index of one of the scene's CROWNS


@dataclass(frozen=True)
class Street:
    """A whole scene."""

    camera: Camera
    hour: float  # 0 an overcast afternoon, 1 night
    road: float  # half its width
    pavement: float  # its width
    crossing: float  # z of a zebra crossing; beyond FAR where there is none
    lamp_colour: tuple[float, float, float]
    lamps: tuple[tuple[float, float, float], ...]  # positions of the lamp heads
    buildings: tuple[Building, ...]
    cars: tuple[Car, ...]
    people: tuple[Person, ...]
    trees: tuple[Tree, ...]
    signs: tuple[tuple[float, float, str], ...]  # x, z and the text on it


def draw(rng: np.random.Generator) -> Street:
    """Returns a random street: its camera, hour, houses, cars, people and trees.

    Args:
        rng: source of random numbers.
    """
    road, pavement = _between(rng, 3.2, 5.2), _between(rng, 2.2, 3.8)
    camera = Camera(
        x=_between(rng, -0.6, 0.6) * road,
        height=_between(rng, 1.9, 4.2),
        focal=_between(rng, 1.05, 1.5),
        vanish_u=_between(rng, -0.28, 0.28),
        vanish_v=_between(rng, -0.08, 0.07),
    )
    park = int(rng.choice([-1, 0, 1], p=[0.25, 0.5, 0.25]))  # the side without houses
    sides = [side for side in (-1, 1) if side != park]
    kerb = road + 0.5
    first, spacing = _between(rng, 6, 14), _between(rng, 16, 26)
    lamp_side = rng.choice([-1, 1])
    lamps = tuple((float(lamp_side * (-1) ** k * (kerb - 0.9)), 5.6, float(first + k * spacing)) for k in range(6))
    crossing = _between(rng, 9, 17) if rng.random() < 0.6 else 2 * FAR
    return Street(
        camera=camera,
        hour=float(
            rng.choice([_between(rng, 0, 0.25), _between(rng, 0.42, 0.7), _between(rng, 0.75, 1)], p=[0.2, 0.5, 0.3])
        ),
        road=road,
        pavement=pavement,
        crossing=crossing,
        lamp_colour=(1.0, 0.55, 0.22) if rng.random() < 0.6 else (0.85, 0.9, 1.0),
        lamps=lamps,
        buildings=tuple(b for side in sides for b in _row_of_houses(rng, side, kerb + pavement)),
        cars=_cars(rng, road, crossing),
        people=_people(rng, camera, road, pavement, crossing),
        trees=_trees(rng, park, kerb, pavement, lamps),
        signs=tuple(
            (
                float(rng.choice([-1, 1]) * (kerb + 0.3)),
                _between(rng, 8, 18),
                str(rng.choice(["P", "30", "H"])),
            )
            for _ in range(rng.integers(1, 3))
        ),
    )


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    return float(rng.uniform(low, high))  # NumPy's own scalars would turn float32 pictures into float64


def _choice(rng: np.random.Generator, options: Sequence[T]) -> T:
    return options[int(rng.integers(len(options)))]


def _row_of_houses(rng: np.random.Generator, side: int, x: float) -> list[Building]:
    z, row = NEAR, []
    while z < FAR:
        length = _between(rng, 8, 19)
        row.append(
            Building(
                side=side,
                x=side * (x + float(rng.choice([0, 0, 0.6]))),
                z=z,
                length=length,
                floors=int(rng.integers(2, 6)),
                floor_height=_between(rng, 2.9, 3.5),
                bay=_between(rng, 2.0, 3.1),
                wall=_choice(rng, WALLS),
                brick=bool(rng.random() < 0.4),
                name=_choice(rng, NAMES) if rng.random() < 0.6 else "",
                awning=bool(rng.random() < 0.5),
                warmth=_between(rng, 0.5, 3.5),
                seed=int(rng.integers(2**31)),
            )
        )
        z += length + (_between(rng, 3, 7) if rng.random() < 0.3 else 0)
    return row


def _cars(rng: np.random.Generator, road: float, crossing: float) -> tuple[Car, ...]:
    cars = []
    for side in (-1, 1):
        z = _between(rng, 8, 14)
        while z < 90:
            clear = z + 4.6 < crossing - 1.5 or z > crossing + 4.5
            if rng.random() < 0.6 and clear:
                engine = float(rng.choice([0.0, _between(rng, 6, 22)]))
                cars.append(_car(rng, side * (road - 1.05), z, oncoming=side < 0, driving=False, engine=engine))
            z += _between(rng, 5.2, 7.5)
    if rng.random() < 0.7:
        side = int(rng.choice([-1, 1]))
        x = side * min(0.35 * road, road - 2.9)
        cars.append(_car(rng, x, _between(rng, 22, 45), oncoming=side < 0, driving=True, engine=20.0))
    return tuple(cars)


def _car(rng: np.random.Generator, x: float, z: float, *, oncoming: bool, driving: bool, engine: float) -> Car:
    kind = str(rng.choice(["hatchback", "saloon", "van"], p=[0.5, 0.35, 0.15]))
    return Car(float(x), float(z), oncoming, driving, engine, kind, _choice(rng, PAINTS))


def _people(
    rng: np.random.Generator, camera: Camera, road: float, pavement: float, crossing: float
) -> tuple[Person, ...]:
    people = []
    for number in range(rng.integers(4, 10)):
        if number < 2 and crossing < FAR:
            x, z, facing = _between(rng, -road, road), crossing + _between(rng, 0.5, 2.5), rng.choice([-1, 1])
        else:
            x = rng.choice([-1, 1]) * (road + 0.9 + _between(rng, 0.1, pavement - 0.7))
            z, facing = 6 + 22 * _between(rng, 0, 1) ** 1.7, rng.choice([-1, 0, 0, 1])
        people.append(
            Person(
                x=float(x),
                z=float(z),
                height=_between(rng, 1.6, 1.88),
                stride=_between(rng, -1, 1),
                facing=int(facing),
                coat=_choice(rng, CLOTHES),
                trousers=_choice(rng, CLOTHES[:4]),
                seed=int(rng.integers(2**31)),
            )
        )
    return tuple(people)


def _trees(
    rng: np.random.Generator, park: int, kerb: float, pavement: float, lamps: Sequence[tuple[float, float, float]]
) -> tuple[Tree, ...]:
    trees = []
    for side in (-1, 1):
        z = _between(rng, 9, 16)
        planted = rng.random() < 0.5
        while z < 110:
            if side == park:
                for _ in range(2):
                    x = side * (kerb + pavement + _between(rng, 2, 16))
                    trees.append(Tree(x, z + _between(rng, -2, 2), _between(rng, 6, 11), int(rng.integers(CROWNS))))
            if planted and all(abs(z - lamp[2]) > 2.5 for lamp in lamps):
                trees.append(Tree(side * (kerb + 0.6), z, _between(rng, 4.5, 7), int(rng.integers(CROWNS))))
            z += _between(rng, 8, 13)
    return tuple(trees)
