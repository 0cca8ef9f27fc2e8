// SPDX-License-Identifier: MIT
// The consumer's side of a BPF ring buffer. Used by one thread, JavaScript's; holds no lock.
#pragma once
#include <cstddef>
#include <cstdint>
#include "native/tracer/coalescer.h"

/*
 * libbpf maps the ring's data twice in a row, so that a record that wraps lies in one piece, and the kernel counts both as
 * resident memory of ours: 16 MiB for nothing. Here it is mapped once, and a record that wraps is copied in two pieces.
 */
class EventRing
{
public:
	// `bytes` is the map's size, a power of two and of whole pages. Throws NativeError.
	EventRing(int map_fd, uint32_t bytes);
	~EventRing();
	EventRing(const EventRing &) = delete;
	EventRing &operator=(const EventRing &) = delete;

	// Copies whole records, without the kernel's headers, while a record of `largest` bytes still fits. Returns the bytes.
	// `lives` joins what belongs together; none: as they came.
	size_t drain(uint8_t *buffer, size_t size, size_t largest, Coalescer *coalescer);

private:
	void copy(uint8_t *to, uint64_t position, size_t size) const;

	size_t page_;
	uint64_t mask_;
	// How far we are; only we write it.
	uint64_t *consumer_ = nullptr;
	// How far the kernel is; behind it, one page on, the data.
	const uint64_t *producer_ = nullptr;
	const uint8_t *data_ = nullptr;
};
