"""Draws house walls: brick and plaster, windows lit and dark, shops and their names."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mfjax.data.synthetic.layout import FAR, Building
from mfjax.data.synthetic.light import AIR, HORIZON, ZENITH, Light
from mfjax.data.synthetic.stage import Noise, Surface, flag, smooth

COLUMNS = 64  # number of window columns after which their rooms repeat
FRAME_COLOUR = np.array([0.50, 0.50, 0.48], np.float32)
LETTER_COLOUR = np.array([0.85, 0.80, 0.66], np.float32)
AWNING_COLOUR = np.array([0.45, 0.06, 0.05], np.float32)
LAMP_COLOUR, TUBE_COLOUR = np.array([[1.0, 0.66, 0.32], [1.0, 0.86, 0.66]], np.float32)  # light in the rooms


class _Windows(NamedTuple):
    """The parts of a window that pixels [h, w] belong to, and the rooms behind them."""

    pane: NDArray
    frame: NDArray
    below: NDArray  # the wall under a sill, where shade and a radiator's warmth are
    height: NDArray  # 0 at the foot of a pane, 1 at its head
    across: NDArray  # -1 at the left edge of a pane, 1 at its right
    lit: NDArray  # true if the room has its light on
    room: tuple[NDArray, NDArray]  # storey and column: the index into the rooms' tables


class Wall:
    """The shader of one wall of a building, at s metres along it and t metres up.

    Args:
        building: the building that the wall belongs to.
        light: of the scene.
        noise: for stains and grain.
        end: if true, the wall across the street's direction, with few windows and no shop.
    """

    def __init__(self, building: Building, light: Light, noise: Noise, *, end: bool = False):
        rng = np.random.default_rng(building.seed + end)
        rooms = (building.floors + 2, COLUMNS)
        self.building, self.light, self.noise, self.end = building, light, noise, end
        self.shop = bool(building.name) and not end
        self.lit = (rng.random(rooms) < 0.06 + 0.34 * min(light.hour, 0.75)) & (light.hour > 0.15)
        self.brightness, self.tint, self.warmth, self.curtain = rng.random((4, *rooms), dtype=np.float32)
        self.window_share = float(rng.uniform(0.36, 0.58))  # share of the bay's width
        self.has_window = rng.random(COLUMNS) > (0.55 if end else 0.0)

    def __call__(self, s: NDArray, t: NDArray, depth: NDArray) -> Surface:
        """Returns the surface at s, t and a depth, each [h, w]."""
        near = np.clip(22 / depth, 0, 1)  # far away, the finest detail is averaged out
        windows = self._windows(s, t)
        colour, celsius = self._plaster(s, t, depth, near)
        colour = np.where(windows.frame[..., None], FRAME_COLOUR, colour)
        falling = self._falling(s, t) * (1 - 0.35 * flag(windows.below))[..., None]
        radiance = np.where(windows.pane[..., None], self._glass(s, t, windows), colour * falling)

        inside = AIR + 1.5 + 4.5 * self.warmth[windows.room] + 1.5 * flag(windows.lit)
        celsius = celsius + 0.9 * flag(windows.frame)  # frames leak heat
        celsius = celsius + 1.6 * flag(windows.below) * self.warmth[windows.room]
        celsius = np.where(windows.pane, inside - 1.2 * windows.height, celsius)
        if self.shop:
            radiance, celsius = self._shop_front(s, t, falling, radiance, celsius)
        celsius = celsius - 1.5 * smooth(20, FAR, depth)
        return Surface(np.ones_like(s, bool), self.light.through_haze(radiance, depth), celsius)

    def _falling(self, s: NDArray, t: NDArray) -> NDArray:
        """Returns the light on the wall: less of the sky is seen from low down."""
        house = self.building
        if self.end:
            arriving = self.light.falling_on(house.x + house.side * s, t, house.z)
        else:
            arriving = self.light.falling_on(house.x, t, house.z + s)
        return arriving * (0.62 + 0.38 * smooth(0, 9, t))[..., None]

    def _plaster(self, s: NDArray, t: NDArray, depth: NDArray, near: NDArray) -> tuple[NDArray, NDArray]:
        """Returns colour and temperature of the bare wall: stains, bricks, soot at the foot, a band at each storey."""
        house, noise = self.building, self.noise
        stain = noise.clouds(s + house.seed % 97, t, 23)
        streak = noise.clouds(4 * s + house.seed % 89, 0.3 * t, 29)
        grain = noise.grain(s, t, 4) * near
        tone = 1 + 0.10 * stain + 0.07 * streak + 0.08 * grain - 0.25 * np.exp(-t / 0.8)
        if house.brick:
            course = t / 0.075
            brick = s / 0.24 + 0.5 * (np.floor(course) % 2)
            mortar = (np.abs(course % 1 - 0.5) > 0.40) | (np.abs(brick % 1 - 0.5) > 0.46)
            shades = noise.grain(np.floor(brick) * 5, np.floor(course) * 3, 512)
            tone = tone * (1 + (0.5 * flag(mortar) - 0.1) * np.clip(7 / depth, 0, 1) + 0.12 * shades * near)
        in_storey = t % house.floor_height
        band, under_band = in_storey < 0.16, (in_storey > 0.16) & (in_storey < 0.22)
        eaves = house.floors * house.floor_height
        ledge = (t > eaves) & (t < eaves + 0.35)
        tone = tone * (1 + 0.18 * flag(band) + 0.25 * flag(ledge) - 0.25 * flag(under_band))
        celsius = AIR + house.warmth + 0.35 * stain + 0.1 * grain - 0.05 * t + 0.7 * flag(band)
        return tone[..., None] * np.array(house.wall, np.float32), celsius

    def _windows(self, s: NDArray, t: NDArray) -> _Windows:
        house = self.building
        column = np.floor(s / house.bay).astype(int) % COLUMNS
        storey = np.clip(np.floor(t / house.floor_height).astype(int), 0, house.floors + 1)
        half = 0.5 * self.window_share * house.bay
        bottom, top = 0.30 * house.floor_height, 0.84 * house.floor_height
        x, y = (s / house.bay % 1 - 0.5) * house.bay, t % house.floor_height
        aside = np.abs(x)
        present = self.has_window[column] & (t < house.floors * house.floor_height)
        opening = present & (aside < half) & (y > bottom) & (y < top)
        bars = (aside < 0.035) | (np.abs(y - bottom - 0.68 * (top - bottom)) < 0.03)
        around = present & (aside < half + 0.09) & (y > bottom - 0.09) & (y < top + 0.09)
        sill = present & (aside < half + 0.16) & (np.abs(y - bottom + 0.12) < 0.06)
        pane = opening & ~bars
        frame = (around & ~pane) | sill
        below = present & (aside < half) & (y < bottom - 0.18) & (y > bottom - 0.6)
        height, lit = (y - bottom) / (top - bottom), self.lit[storey, column]
        if self.shop:  # large panes take the place of the ground floor's windows
            front = t < house.floor_height
            large = (t > 0.5) & (t < 2.35) & (np.abs((s / house.bay / 1.5) % 1 - 0.5) < 0.45)
            pane = np.where(front, large, pane)
            frame, below = frame & ~front, below & ~front
            height = np.where(front, (t - 0.5) / 1.85, height)
            lit = np.where(front, self.light.hour > 0.25, lit)
        return _Windows(pane, frame, below, height, x / half, lit, (storey, column))

    def _glass(self, s: NDArray, t: NDArray, windows: _Windows) -> NDArray:
        """Returns the radiance of a pane: the sky's reflection, and behind it a lit room between its curtains."""
        sky = 0.05 * self.light.at_hour(HORIZON) + 0.12 * self.light.at_hour(ZENITH)
        ripple = np.clip(0.75 + 0.5 * windows.height + 0.45 * self.noise.clouds(s, t, 37), 0.1, None)
        drawn = np.abs(windows.across) > 1 - 0.5 * np.clip(1.3 * self.curtain[windows.room] - 0.3, 0, 1)
        folds = 0.55 + 0.15 * np.sin(60 * s)
        # Things in the room; the light hangs from the ceiling.
        interior = 0.45 + 0.4 * np.clip(windows.height, 0, 1) + 0.22 * self.noise.clouds(1.3 * s, 1.3 * t, 8)
        shown = np.clip(np.where(drawn, folds, interior), 0.08, None)
        glow = 0.15 * flag(windows.lit) * shown * (0.2 + self.brightness[windows.room])
        tint = self.tint[windows.room][..., None]
        return ripple[..., None] * sky + glow[..., None] * (LAMP_COLOUR + tint * (TUBE_COLOUR - LAMP_COLOUR))

    def _shop_front(
        self, s: NDArray, t: NDArray, falling: NDArray, radiance: NDArray, celsius: NDArray
    ) -> tuple[NDArray, NDArray]:
        """Adds the board with the shop's name, of one temperature all over, and a striped awning."""
        house = self.building
        board = (t > 2.45) & (t < 3.05)
        letters, length = _lettering(house.name)
        to_the_right = -house.side * (s - 0.5 * house.length)
        written = flag(board) * _sample(letters, to_the_right / length + 0.5, 1 - (t - 2.52) / 0.46)
        painted = (0.25 * np.array(house.wall[::-1], np.float32) + 0.02) * falling
        shining = LETTER_COLOUR * (falling + (0.15 if self.light.lamps_on else 0.0))
        radiance = np.where(board[..., None], painted + written[..., None] * (shining - painted), radiance)
        celsius = np.where(board, AIR + house.warmth + 0.6, celsius)
        if house.awning:
            cloth = (t > 2.05) & (t < 2.45)
            stripes = np.where((s % 0.6 < 0.3)[..., None], AWNING_COLOUR, np.float32(0.5))
            shaded = 0.55 + 0.45 * (t - 2.05) / 0.4
            radiance = np.where(cloth[..., None], stripes * falling * shaded[..., None], radiance)
            celsius = np.where(cloth, AIR - 0.5, celsius)
        return radiance, celsius


def _lettering(name: str) -> tuple[NDArray, float]:
    """Returns a name as a mask [rows, cols] in [0, 1], and its length in metres at a height of 0.46 m."""
    font, size, thickness = cv2.FONT_HERSHEY_DUPLEX, 2.0, 4
    (width, height), _ = cv2.getTextSize(name, font, size, thickness)
    board = np.zeros((height + 16, width + 16), np.uint8)
    cv2.putText(board, name, (8, height + 8), font, size, 255, thickness, cv2.LINE_AA)
    return board.astype(np.float32) / 255, 0.46 * board.shape[1] / board.shape[0]


def _sample(texture: NDArray, s: NDArray, t: NDArray) -> NDArray:
    """Returns a texture at coordinates in [0, 1], 0 outside; t runs down."""
    height, width = texture.shape[:2]
    cols, rows = (s * width - 0.5).astype(np.float32), (t * height - 0.5).astype(np.float32)
    return cv2.remap(texture, cols, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
