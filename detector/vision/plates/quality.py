"""What a plate's picture is like: its colour, and what may have spoilt it."""

from __future__ import annotations

import cv2
import numpy as np

from detector.vision.plates.networks import Floats
from models.domain.frame import BGR
from models.domain.plates import PlateColour

SATURATED_FROM = 90
"""Of 255: the median of a coloured plate's pixels; white ones under coloured light lie below."""
_YELLOW, _BLUE = (10, 38), (92, 130)
"""Hue in OpenCV's half degrees."""
_RED_FROM, _RED_TO = 168, 8
BURNT_FROM = 250
_FLAT_PX = 24
"""Sharpness is taken at this height of a line: the same plate farther away is not less sharp for it."""


def plate_colour(plate: BGR) -> PlateColour:
    """The paper's colour. Red and yellow letters on white and yellow are told from black ones."""
    hue, saturation, value = (plane.ravel() for plane in cv2.split(cv2.cvtColor(plate, cv2.COLOR_BGR2HSV)))
    paper = _background(plate)
    if np.median(saturation[paper]) < SATURATED_FROM:
        return "white_red_letters" if _has_red_ink(hue, saturation, value, paper) else "white"
    tint = float(np.median(hue[paper]))
    if _YELLOW[0] <= tint <= _YELLOW[1]:
        return "yellow_red_letters" if _has_red_ink(hue, saturation, value, paper) else "yellow"
    if _BLUE[0] <= tint <= _BLUE[1]:
        return "blue"
    return "red" if tint >= _RED_FROM or tint <= _RED_TO else "white"


def sharpness(line: BGR) -> float:
    """0..1: how steep its edges are, of the steepest that its contrast allows."""
    width = max(8, round(line.shape[1] * _FLAT_PX / line.shape[0]))
    grey = cv2.cvtColor(cv2.resize(line, (width, _FLAT_PX), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    low, high = np.percentile(grey, (5, 95))
    steep = np.abs(np.diff(grey.astype(np.float32), axis=1))
    return float(min(1.0, np.percentile(steep, 97) / max(24.0, high - low)))


def glare(plate: BGR) -> float:
    """Share of burnt out pixels, where the plate is not burnt out all over its paper."""
    grey = cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY)
    is_burnt = grey >= BURNT_FROM
    share = float(is_burnt.mean())
    paper = float(np.percentile(grey, 60))
    return share if paper < BURNT_FROM else max(0.0, share - 0.5)


def flattened(image: BGR, corners: Floats) -> BGR:
    """The plate rectified, 2 px a px at most."""
    width = max(8, round(float(np.linalg.norm(corners[1] - corners[0]))))
    height = max(6, round(float(np.linalg.norm(corners[3] - corners[0]))))
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    return np.asarray(cv2.warpPerspective(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _background(plate: BGR) -> np.ndarray:
    """True for the larger of the two groups of brightness: the paper covers more than the ink."""
    grey = cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY)
    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    bright = (grey > level).ravel()
    return bright if bright.mean() >= 0.5 else ~bright


def _has_red_ink(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray, paper: np.ndarray) -> bool:
    ink = ~paper
    if ink.sum() < 20:
        return False
    is_red = ((hue >= _RED_FROM) | (hue <= _RED_TO)) & (saturation > 110) & (value > 60)
    return float(is_red[ink].mean()) > 0.3
