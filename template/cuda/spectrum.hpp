// Spectral densities on a GPU, in C++ that knows nothing of CUDA or Python.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace spectrum {

// Why no GPU can be used; empty where one can.
std::string find_trouble();

// What src has for one frequency, at all of them: the arrays are the CPU's, and copied.
void densities(const double* samples, std::size_t size, const std::int64_t* lengths,
               const double* frequencies, std::size_t count, double* out);

}  // namespace spectrum
