"""The four people."""

from .mira import Mira

PEOPLE = [Mira]
