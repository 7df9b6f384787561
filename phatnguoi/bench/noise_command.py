"""`phatnguoi bench noise`: measures the noise model that the tiers without pictures use, on seeds of their own."""

from __future__ import annotations

import argparse

from tqdm import tqdm

from detector.vision.regions import region_of_interest
from detector.vision.weights import open_weights
from phatnguoi.bench.measuring import Measuring
from phatnguoi.bench.noise import NOISE_FILE
from phatnguoi.bench.provenance import SIM_WEIGHTS, provenance
from phatnguoi.bench.simulated import camera_file_of
from phatnguoi.bench.video import RenderedClip
from phatnguoi.errors import CommandError
from streams.simulated.settings import VALIDATION_SEEDS, parse_url

WEATHERS = ("day", "overcast")
"""What the tiers without pictures stand for; night and rain are measured by the tier with pictures alone."""
WORLD = "sim://crossing?seed={seed}&fps={fps:g}&duration_s={duration_s:g}&weather={weather}&violators=3"


def run_noise(arguments: argparse.Namespace) -> int:
    """Walks one clip a seed, its weather in turn, and writes what its tracks were off by.

    Raises:
        CommandError: seeds that the benchmark or the training uses.
    """
    first, last = arguments.seeds
    if first > last or first not in VALIDATION_SEEDS or last not in VALIDATION_SEEDS:
        known = f"{VALIDATION_SEEDS.start}..{VALIDATION_SEEDS.stop - 1}"
        raise CommandError(f"--seeds: got {first} {last}, expected seeds of {known}: others are measured or trained on")
    measuring = Measuring()
    urls = []
    for number, seed in enumerate(tqdm(range(first, last + 1), unit=" clips", disable=None)):
        weather = WEATHERS[number % len(WEATHERS)]
        url = WORLD.format(seed=seed, fps=arguments.fps, duration_s=arguments.duration_s, weather=weather)
        settings = parse_url(url)
        input_px = region_of_interest(camera_file_of(settings).camera).input_px
        weights = open_weights(SIM_WEIGHTS, input_px, threads=1)
        clip = RenderedClip(url, weights.detector)
        measuring.watch(clip.walk(), clip.fps, (settings.width_px, settings.height_px))
        urls.append(settings.url)
    made = measuring.noise({"worlds": urls, "weights_sha256": weights.sha256} | provenance())
    path = arguments.out or NOISE_FILE
    made.write(path)
    print(
        f"{path}: {measuring.seconds:.0f} s, {len(measuring.done)} movers, {len(measuring.false_tracks)} false tracks"
    )
    return 0
