"""Who may do what on the plain pages, in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request

from rag.settings import Settings

May = Callable[[Request], bool]


def _everyone(_: Request) -> bool:
    return True


def _nobody(_: Request) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Rights:
    """`change`: add articles and remove them; `review`: see the gaps, mark them, make cases."""

    change: May = _nobody
    review: May = _everyone

    @classmethod
    def of(cls, settings: Settings) -> Rights:
        """What the settings say, where nobody has to sign in."""
        return cls(change=_everyone if settings.may_upload else _nobody)
