"""The four people; the first is the default."""

from .finn import Finn
from .juma import Juma
from .mira import Mira
from .sen import Sen

PEOPLE = [Mira, Finn, Juma, Sen]
