// SPDX-License-Identifier: MIT
// The consumer's side of a BPF ring buffer. For one thread, JavaScript's; holds no lock.
#pragma once
#include <cstddef>
#include <cstdint>
#include "native/tracer/coalescer.h"

/*
 * libbpf maps the ring's data twice in a row, so that a record that wraps is contiguous, and the kernel counts both mappings
 * as resident memory of the process: 16 MiB more. Here the data is mapped once, and a record that wraps is copied in two
 * pieces. See docs/decisions/ring-consumer.md.
 */
class EventRing
{
public:
	// `bytes` is the map's size, a power of two and of whole pages. Throws NativeError.
	EventRing(int map_fd, uint32_t bytes);
	~EventRing();
	EventRing(const EventRing &) = delete;
	EventRing &operator=(const EventRing &) = delete;

	// Copies whole records, without the kernel's headers, as long as a record of `largest` bytes still fits. Returns the
	// bytes. `coalescer` may be null: then every record is copied as it is.
	size_t drain(uint8_t *buffer, size_t size, size_t largest, Coalescer *coalescer);

private:
	void copy(uint8_t *to, uint64_t position, size_t size) const;

	size_t page_;
	uint64_t mask_;
	// The consumer's position; the kernel only reads it.
	uint64_t *consumer_ = nullptr;
	// The producer's position; the data begins one page after it.
	const uint64_t *producer_ = nullptr;
	const uint8_t *data_ = nullptr;
};
