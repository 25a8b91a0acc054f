// The density of a time series at one frequency: too slow in Python, and without need of it.

#pragma once

#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace spectrum {

// One-sided power spectral density, in units² per cycle a sample, at a frequency in cycles a
// sample. It is the mean over segments of `length` samples that overlap by half. Each loses its
// mean and is weighted with a Hann window, whose squares add up to 3/8 of the length.
inline double density(const double* samples, std::size_t size, std::size_t length,
                      double frequency) {
    if (length < 3 || length > size) {
        throw std::invalid_argument("a segment has 3 samples or more, and no more than there are");
    }
    const double turn = 2 * std::numbers::pi;
    std::vector<std::complex<double>> weights(length);
    for (std::size_t k = 0; k < length; ++k) {
        const auto time = static_cast<double>(k);
        const double window = 0.5 - (0.5 * std::cos(turn * time / static_cast<double>(length)));
        weights[k] = std::polar(window, -turn * frequency * time);
    }
    double power = 0;
    std::size_t segments = 0;
    for (std::size_t first = 0; first + length <= size; first += length / 2) {
        const double* segment = samples + first;
        const double mean =
            std::accumulate(segment, segment + length, 0.0) / static_cast<double>(length);
        std::complex<double> sum = 0;
        for (std::size_t k = 0; k < length; ++k) {
            sum += weights[k] * (segment[k] - mean);
        }
        power += std::norm(sum);
        ++segments;
    }
    const double squares = 3.0 / 8 * static_cast<double>(length);
    return 2 * power / (squares * static_cast<double>(segments));
}

}  // namespace spectrum
