r"""Instrumental noise of a LISA link, as power spectral densities.

An example of how LISA code is written: units in every docstring, a source for every formula, and an
error for input that has no physical meaning. Replace it by your own modules.

All densities are one-sided. Frequencies are Fourier frequencies in Hz, such as
:func:`numpy.fft.rfftfreq` gives them: at zero these densities are infinite.

References
----------
T. Robson, N. J. Cornish and C. Liu, "The construction and use of LISA sensitivity curves", Class.
Quantum Grav. 36 (2019) 105011, https://arxiv.org/abs/1803.01944.

J.-B. Bayle and O. Hartwig, "Unified model for the LISA measurements and instrument simulations",
Phys. Rev. D 107 (2023) 083019, https://arxiv.org/abs/2212.05351.
"""

from __future__ import annotations

import numpy as np
from lisaconstants import SPEED_OF_LIGHT
from numpy.typing import ArrayLike, NDArray

ACCELERATION_NOISE_ASD = 3e-15
"""Amplitude of the acceleration noise of one test mass, in m s⁻² / √Hz."""

OPTICAL_METROLOGY_NOISE_ASD = 1.5e-11
"""Amplitude of the optical metrology noise of one link, in m / √Hz."""


def acceleration_noise_psd(frequency: ArrayLike) -> NDArray[np.float64]:
    r"""Power spectral density of the acceleration noise of one test mass.

    .. math::

        S_\mathrm{acc}(f) = (3 \times 10^{-15})^2
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
        One-sided power spectral density, in m² s⁻⁴ Hz⁻¹, of the shape of ``frequency``.

    Raises
    ------
    ValueError
        If a frequency is negative or not finite.

    Examples
    --------
    >>> float(acceleration_noise_psd(1e-3))
    1.0442548828125e-29
    """
    f = _checked(frequency)
    with np.errstate(divide="ignore"):
        low = 1 + (0.4e-3 / f) ** 2
    high = 1 + (f / 8e-3) ** 4
    return ACCELERATION_NOISE_ASD**2 * low * high


def optical_metrology_noise_psd(frequency: ArrayLike) -> NDArray[np.float64]:
    r"""Power spectral density of the optical metrology noise of one link.

    .. math::

        S_\mathrm{oms}(f) = (1.5 \times 10^{-11})^2
        \left[1 + \left(\frac{2\,\mathrm{mHz}}{f}\right)^4\right]

    as in equation (10) of Robson et al. (2019).

    Parameters
    ----------
    frequency
        Fourier frequencies, in Hz, of any shape.

    Returns
    -------
    NDArray[np.float64]
        One-sided power spectral density, in m² Hz⁻¹, of the shape of ``frequency``.

    Raises
    ------
    ValueError
        If a frequency is negative or not finite.
    """
    f = _checked(frequency)
    with np.errstate(divide="ignore"):
        return OPTICAL_METROLOGY_NOISE_ASD**2 * (1 + (2e-3 / f) ** 4)


def link_noise_psd(frequency: ArrayLike) -> NDArray[np.float64]:
    r"""Power spectral density of a link's noise, as fractional frequency.

    Light whose path grows by :math:`x` is shifted in frequency by :math:`y = \Delta\nu / \nu =
    -\dot{x} / c` (Bayle and Hartwig 2023). A time derivative multiplies a power spectral density by
    :math:`(2 \pi f)^2`. From one test mass to the other, a link has the noise of the optical
    metrology and of both test masses:

    .. math::

        S_y(f) = \left(\frac{2 \pi f}{c}\right)^2 S_\mathrm{oms}(f)
        + \frac{2\,S_\mathrm{acc}(f)}{(2 \pi f c)^2}

    Parameters
    ----------
    frequency
        Fourier frequencies, in Hz, of any shape.

    Returns
    -------
    NDArray[np.float64]
        One-sided power spectral density, in Hz⁻¹, of the shape of ``frequency``.

    Raises
    ------
    ValueError
        If a frequency is negative or not finite.

    Examples
    --------
    >>> float(link_noise_psd(1e-2))
    1.0073952028324817e-41
    >>> float(link_noise_psd(0))
    inf
    """
    f = _checked(frequency)
    angular = 2 * np.pi * f
    with np.errstate(divide="ignore", invalid="ignore"):
        metrology = (angular / SPEED_OF_LIGHT) ** 2 * optical_metrology_noise_psd(f)
        acceleration = acceleration_noise_psd(f) / (angular * SPEED_OF_LIGHT) ** 2
    return np.where(f > 0, metrology + 2 * acceleration, np.inf)


def _checked(frequency: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(frequency, dtype=np.float64)
    if not np.all(np.isfinite(values) & (values >= 0)):
        msg = f"frequencies must be finite and not negative (in Hz), not {frequency!r}"
        raise ValueError(msg)
    return values
