"""Picture to road plane; the office's camera editor shows the same plane, so it lies in the domain."""

from models.domain.homography import SINGULAR, GroundUnusableError, Homography

__all__ = ["SINGULAR", "GroundUnusableError", "Homography"]
