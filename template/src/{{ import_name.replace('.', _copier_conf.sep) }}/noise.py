r"""Instrumental noise of a single LISA link.

An example of how LISA code is written: units in every docstring, a source for every formula, and an
error for input that has no physical meaning. Replace it by your own modules.

References
----------
.. [1] T. Robson, N. J. Cornish and C. Liu, "The construction and use of LISA sensitivity curves",
   Class. Quantum Grav. 36 (2019) 105011, https://arxiv.org/abs/1803.01944.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

ACCELERATION_NOISE_ASD = 3e-15
"""Amplitude of the acceleration noise of one test mass, in m s^-2 Hz^-1/2."""

OPTICAL_METROLOGY_NOISE_ASD = 1.5e-11
"""Amplitude of the optical metrology noise of one link, in m Hz^-1/2."""


def acceleration_noise_psd(frequency: ArrayLike) -> NDArray[np.float64]:
    r"""Power spectral density of the acceleration noise of one test mass.

    .. math::

        P_\mathrm{acc}(f) = (3 \times 10^{-15})^2
        \left[1 + \left(\frac{0.4\,\mathrm{mHz}}{f}\right)^2\right]
        \left[1 + \left(\frac{f}{8\,\mathrm{mHz}}\right)^4\right]

    as in equation (11) of Robson et al. (2019).

    Parameters
    ----------
    frequency
        Fourier frequencies, in Hz, of any shape.

    Returns
    -------
    NDArray[np.float64]
        One-sided power spectral density, in m^2 s^-4 Hz^-1, of the shape of ``frequency``.

    Raises
    ------
    ValueError
        If a frequency is not a positive, finite number.

    Examples
    --------
    >>> float(acceleration_noise_psd(1e-3))
    1.0442548828125e-29
    """
    f = _positive_frequencies(frequency)
    low = 1 + (0.4e-3 / f) ** 2
    high = 1 + (f / 8e-3) ** 4
    return ACCELERATION_NOISE_ASD**2 * low * high


def optical_metrology_noise_psd(frequency: ArrayLike) -> NDArray[np.float64]:
    r"""Power spectral density of the optical metrology noise of one link.

    .. math::

        P_\mathrm{oms}(f) = (1.5 \times 10^{-11})^2
        \left[1 + \left(\frac{2\,\mathrm{mHz}}{f}\right)^4\right]

    as in equation (10) of Robson et al. (2019).

    Parameters
    ----------
    frequency
        Fourier frequencies, in Hz, of any shape.

    Returns
    -------
    NDArray[np.float64]
        One-sided power spectral density, in m^2 Hz^-1, of the shape of ``frequency``.

    Raises
    ------
    ValueError
        If a frequency is not a positive, finite number.
    """
    f = _positive_frequencies(frequency)
    return OPTICAL_METROLOGY_NOISE_ASD**2 * (1 + (2e-3 / f) ** 4)


def _positive_frequencies(frequency: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(frequency, dtype=np.float64)
    if not np.all(np.isfinite(values) & (values > 0)):
        msg = f"frequencies must be positive and finite (in Hz), not {frequency!r}"
        raise ValueError(msg)
    return values
