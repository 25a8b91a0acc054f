"""The white noise of a segment of L0 data: a small step to begin with.

It is called as every step is: ``noise --commandfile FILE`` (see the package ``commandfile``). Each
line of a segment is a time in seconds and a value for each channel, separated by commas; the first
line names the channels. The level comes from the differences of neighbours, which a slow drift does
not reach, and from their median, which a glitch does not reach either.

Source: D. L. Donoho and I. M. Johnstone, Biometrika 81 (1994) 425 (median of absolute values).
"""

from __future__ import annotations

import csv
import json
import math
import statistics
import sys
from itertools import pairwise
from pathlib import Path

from commandfile.argparse import CommandfileArgumentParser

MEDIAN_OF_NORMAL = 0.6744897501960817


def measure_noise(times: list[float], values: list[float]) -> dict[str, float]:
    """Measure the one-sided power spectral density of white noise, and what it was measured from.

    Parameters
    ----------
    times
        Equally spaced times, in s.
    values
        The data at these times.

    Returns
    -------
    dict of str to float
        ``psd`` in (unit of the data)^2 / Hz, ``sigma``, ``interval`` in s, ``samples``.

    Raises
    ------
    ValueError
        If there are fewer than three samples, or they are not equally spaced.
    """
    if len(times) < 3:
        message = f"{len(times)} samples are too few to measure noise"
        raise ValueError(message)
    interval = (times[-1] - times[0]) / (len(times) - 1)
    steps = [after - before for before, after in pairwise(times)]
    if interval <= 0 or any(abs(each - interval) > 1e-6 * interval for each in steps):
        message = "the samples are not equally spaced"
        raise ValueError(message)
    jumps = [abs(after - before) for before, after in pairwise(values)]
    sigma = statistics.median(jumps) / (MEDIAN_OF_NORMAL * math.sqrt(2))
    return {
        "psd": 2 * sigma**2 * interval,
        "sigma": sigma,
        "interval": interval,
        "samples": len(times),
    }


def main(argv: list[str] | None = None) -> int:
    """Read segments, and write what was measured."""
    parser = CommandfileArgumentParser(prog="noise", description=__doc__)
    parser.add_argument("--segment", nargs="+", type=Path, required=True)
    parser.add_argument("--noise", type=Path, required=True)
    parser.add_argument("--channel", default="X")
    told = parser.parse_args(argv)
    times: list[float] = []
    values: list[float] = []
    for path in told.segment:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                times.append(float(row["time"]))
                values.append(float(row[told.channel]))
    measured = {"channel": told.channel, **measure_noise(times, values)}
    told.noise.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
