# cython: language_level=3, boundscheck=False, wraparound=False, autotestdict=False
# cython: binding=False, embedsignature=True, embedsignature.format=python
"""The compiled part: spectral densities at single frequencies."""

# What follows a colon is for the stub: `nox -s stubs` writes it down.
from libc.stddef cimport size_t
from libc.stdint cimport int64_t


cdef extern from "spectrum.hpp" namespace "spectrum":
    double density(
        const double* samples, size_t size, size_t length, double frequency
    ) except + nogil


def densities(
    const double[::1] samples not None: numpy.typing.NDArray[numpy.float64],
    const int64_t[::1] lengths not None: numpy.typing.NDArray[numpy.int64],
    const double[::1] frequencies not None: numpy.typing.NDArray[numpy.float64],
    double[::1] out not None: numpy.typing.NDArray[numpy.float64],
) -> None:
    """Write the density at each frequency, from segments of its length, into out."""
    if lengths.shape[0] != frequencies.shape[0] or out.shape[0] != frequencies.shape[0]:
        raise ValueError("lengths, frequencies and out must have one size")
    if samples.shape[0] == 0:
        raise ValueError("there are no samples")
    cdef Py_ssize_t i
    # The interpreter is free while this works.
    with nogil:
        for i in range(out.shape[0]):
            out[i] = density(
                &samples[0], <size_t>samples.shape[0], <size_t>lengths[i], frequencies[i]
            )
