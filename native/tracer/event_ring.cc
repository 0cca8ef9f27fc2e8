// SPDX-License-Identifier: MIT
#include "native/tracer/event_ring.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>
#include "native/native_error.h"

namespace
{
constexpr uint64_t kAlignment = 8;
constexpr uint32_t kFlags = BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT;

void *map(size_t length, int protection, int fd, size_t offset)
{
	void *at = mmap(nullptr, length, protection, MAP_SHARED, fd, static_cast<off_t>(offset));
	if (at == MAP_FAILED)
		throw NativeError("map the ring buffer", errno);
	return at;
}
} // namespace

EventRing::EventRing(int map_fd, uint32_t bytes)
	: page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))), mask_(static_cast<uint64_t>(bytes) - 1)
{
	const void *producer = map(page_ + bytes, PROT_READ, map_fd, page_);
	producer_ = static_cast<const uint64_t *>(producer);
	data_ = static_cast<const uint8_t *>(producer) + page_;
	try {
		consumer_ = static_cast<uint64_t *>(map(page_, PROT_READ | PROT_WRITE, map_fd, 0));
	} catch (...) {
		munmap(const_cast<uint64_t *>(producer_), page_ + bytes);
		throw;
	}
}

EventRing::~EventRing()
{
	munmap(const_cast<uint64_t *>(producer_), page_ + mask_ + 1);
	munmap(consumer_, page_);
}

void EventRing::copy(uint8_t *to, uint64_t position, size_t size) const
{
	const uint64_t at = position & mask_;
	const size_t first = std::min<uint64_t>(size, mask_ + 1 - at);
	memcpy(to, data_ + at, first);
	memcpy(to + first, data_, size - first);
}

/*
 * A header never wraps at the end of the ring: records begin at multiples of its size. The order of loads and stores is that
 * of the kernel's Documentation/bpf/ringbuf.rst. The loads acquire: headers up to the producer's position are written, and a
 * header that is not busy has its whole record after it. The store releases: the kernel may overwrite what was copied.
 */
size_t EventRing::drain(uint8_t *buffer, size_t size, size_t largest, Coalescer *coalescer)
{
	uint64_t consumer = *consumer_;
	const uint64_t producer = __atomic_load_n(producer_, __ATOMIC_ACQUIRE);
	size_t used = 0;
	while (consumer < producer && size - used >= largest) {
		const auto *header = reinterpret_cast<const uint32_t *>(data_ + (consumer & mask_));
		const uint32_t word = __atomic_load_n(header, __ATOMIC_ACQUIRE);
		if (word & BPF_RINGBUF_BUSY_BIT)
			break;
		const size_t length = word & ~kFlags;
		if (!(word & BPF_RINGBUF_DISCARD_BIT)) {
			copy(buffer + used, consumer + BPF_RINGBUF_HDR_SZ, length);
			if (!coalescer || !coalescer->coalesce(buffer, used))
				used += length;
		}
		consumer += (BPF_RINGBUF_HDR_SZ + length + kAlignment - 1) & ~(kAlignment - 1);
	}
	__atomic_store_n(consumer_, consumer, __ATOMIC_RELEASE);
	return used;
}
