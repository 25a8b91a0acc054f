// A stand-in for CUDA's header of this name: threads of the CPU are those of a GPU, which has one
// block at work at a time. The GPU's memory is the CPU's.

#pragma once

#include <barrier>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <numbers>
#include <thread>
#include <vector>

#define __device__
#define __global__
#define __shared__ static

struct Index {
    unsigned int x = 0;
};

inline thread_local Index threadIdx;
inline thread_local Index blockIdx;
inline thread_local std::barrier<>* block = nullptr;

inline void __syncthreads() { block->arrive_and_wait(); }

inline double cospi(double x) { return std::cos(std::numbers::pi * x); }

inline void sincospi(double x, double* sine, double* cosine) {
    *sine = std::sin(std::numbers::pi * x);
    *cosine = cospi(x);
}

enum cudaError_t { cudaSuccess, cudaErrorMemoryAllocation };
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost };

inline const char* cudaGetErrorString(cudaError_t) { return "out of memory"; }
inline cudaError_t cudaGetLastError() { return cudaSuccess; }
inline cudaError_t cudaDriverGetVersion(int* version) {
    *version = 13000;
    return cudaSuccess;
}
inline cudaError_t cudaGetDeviceCount(int* count) {
    *count = 1;
    return cudaSuccess;
}
inline cudaError_t cudaMalloc(void** memory, std::size_t size) {
    *memory = std::malloc(size);
    return *memory == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
}
inline cudaError_t cudaFree(void* memory) {
    std::free(memory);
    return cudaSuccess;
}
inline cudaError_t cudaMemcpy(void* to, const void* from, std::size_t size, cudaMemcpyKind) {
    std::memcpy(to, from, size);
    return cudaSuccess;
}

// What kernel<<<blocks, threads>>>(values...) does.
template <typename... Wanted, typename... Given>
void launch(void (*kernel)(Wanted...), unsigned int blocks, unsigned int threads, Given... given) {
    for (unsigned int at = 0; at < blocks; ++at) {
        std::barrier meeting(threads);
        std::vector<std::jthread> team;
        for (unsigned int number = 0; number < threads; ++number) {
            team.emplace_back([&, at, number] {
                blockIdx.x = at;
                threadIdx.x = number;
                block = &meeting;
                kernel(given...);
            });
        }
    }
}
