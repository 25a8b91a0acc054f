// The density of a time series at many frequencies: each is the work of one block of threads.

#include <cuda_runtime.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>

#include "spectrum.hpp"

namespace {

constexpr unsigned int threads = 256;

void check(cudaError_t code) {
    if (code != cudaSuccess) {
        throw std::runtime_error(std::string("CUDA: ") + cudaGetErrorString(code));
    }
}

struct Release {
    void operator()(void* memory) const { cudaFree(memory); }
};

template <typename Number>
using Array = std::unique_ptr<Number, Release>;

// An array in the GPU's memory.
template <typename Number>
Array<Number> allocate(std::size_t count) {
    void* memory = nullptr;
    check(cudaMalloc(&memory, count * sizeof(Number)));
    return Array<Number>(static_cast<Number*>(memory));
}

template <typename Number>
Array<Number> copy(const Number* values, std::size_t count) {
    auto copied = allocate<Number>(count);
    check(cudaMemcpy(copied.get(), values, count * sizeof(Number), cudaMemcpyHostToDevice));
    return copied;
}

// The sum of what the threads of a block have, which each of them is told.
__device__ double sum(double value) {
    __shared__ double parts[threads];
    parts[threadIdx.x] = value;
    for (unsigned int half = threads / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) {
            parts[threadIdx.x] += parts[threadIdx.x + half];
        }
    }
    __syncthreads();
    const double total = parts[0];
    __syncthreads();
    return total;
}

// As spectrum.hpp in src has it: the mean over segments, which overlap by half, lose their mean and
// are weighted with a Hann window. The samples of a segment are dealt out to the threads.
__global__ void estimate(const double* samples, std::size_t size, const std::int64_t* lengths,
                         const double* frequencies, double* out) {
    const double frequency = frequencies[blockIdx.x];
    const auto length = static_cast<std::size_t>(lengths[blockIdx.x]);
    const auto all = static_cast<double>(length);
    double power = 0;
    std::size_t segments = 0;
    for (std::size_t first = 0; first + length <= size; first += length / 2) {
        const double* segment = samples + first;
        double part = 0;
        for (std::size_t k = threadIdx.x; k < length; k += threads) {
            part += segment[k];
        }
        const double mean = sum(part) / all;
        double real = 0;
        double imaginary = 0;
        for (std::size_t k = threadIdx.x; k < length; k += threads) {
            const auto time = static_cast<double>(k);
            const double value = (0.5 - (0.5 * cospi(2 * time / all))) * (segment[k] - mean);
            double sine = 0;
            double cosine = 0;
            sincospi(2 * frequency * time, &sine, &cosine);
            real += value * cosine;
            imaginary -= value * sine;
        }
        real = sum(real);
        imaginary = sum(imaginary);
        power += (real * real) + (imaginary * imaginary);
        ++segments;
    }
    if (threadIdx.x == 0) {
        const double squares = 3.0 / 8 * all;
        out[blockIdx.x] = 2 * power / (squares * static_cast<double>(segments));
    }
}

}  // namespace

namespace spectrum {

std::string find_trouble() {
    int driver = 0;
    if (cudaDriverGetVersion(&driver) == cudaSuccess && driver == 0) {
        return "there is no driver of NVIDIA";
    }
    int count = 0;
    const cudaError_t code = cudaGetDeviceCount(&count);
    return code == cudaSuccess ? "" : cudaGetErrorString(code);
}

void densities(const double* samples, std::size_t size, const std::int64_t* lengths,
               const double* frequencies, std::size_t count, double* out) {
    const auto fits = [size](std::int64_t length) {
        return length >= 3 && static_cast<std::size_t>(length) <= size;
    };
    if (!std::all_of(lengths, lengths + count, fits)) {
        throw std::invalid_argument("a segment has 3 samples or more, and no more than there are");
    }
    if (count == 0) {
        return;
    }
    const auto given = copy(samples, size);
    const auto wide = copy(lengths, count);
    const auto wanted = copy(frequencies, count);
    const auto found = allocate<double>(count);
    estimate<<<static_cast<unsigned int>(count), threads>>>(given.get(), size, wide.get(),
                                                            wanted.get(), found.get());
    check(cudaGetLastError());
    check(cudaMemcpy(out, found.get(), count * sizeof(double), cudaMemcpyDeviceToHost));
}

}  // namespace spectrum
