"""What names say, as data. The words of a name stand in any order.

A unit stands here only where hardly anybody uses another one: long-term statistics remember a wrong
one for ever. Where the name tells what is measured, but not in which unit, confidence is LOW, and
the device class waits for a unit from elsewhere.
"""

from typing import Final

from ..rules import Rule
from .air import AIR
from .booleans import BOOLEANS
from .climate import CLIMATE, WEATHER
from .electricity import ELECTRICITY
from .machines import MACHINES
from .matter import MATTER
from .ranges import RANGES

NUMBERS: Final[tuple[Rule, ...]] = (
    *CLIMATE,
    *WEATHER,
    *AIR,
    *ELECTRICITY,
    *MACHINES,
    *MATTER,
)

__all__ = ["BOOLEANS", "NUMBERS", "RANGES"]
