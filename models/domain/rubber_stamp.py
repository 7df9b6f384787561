"""When a person's decisions look like a stamp: too quick to have looked, or blind to claims known to be wrong.

One city's officers were found to have "reviewed" 23 % of their cases within 3 s. An alarm accuses nobody: a supervisor
looks, and sees the interval with the share.
"""

from __future__ import annotations

from models.domain.review import Interval

HASTY_S = 5.0
"""Nobody sees a clip and three pictures in less."""
MOST_HASTY = 0.05
LEAST_CAUGHT = 0.95
"""Of known negatives."""


def is_rubber_stamp(hasty: Interval, known_caught: Interval) -> bool:
    """Whether the 95 % intervals leave no doubt; where there is too little to tell, nobody is named.

    Args:
        hasty: decisions within `HASTY_S` of taking the case, of those that were timed.
        known_caught: known negatives rejected, of those decided.
    """
    is_hasty = not hasty.is_too_few and hasty.low > MOST_HASTY
    return is_hasty or known_caught.high < LEAST_CAUGHT
