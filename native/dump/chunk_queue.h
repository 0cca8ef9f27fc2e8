// SPDX-License-Identifier: MIT
// The queue from the dumper's thread to JavaScript's: whole records in a bounded number of chunks. The queue's lock guards
// everything that both threads use. Each chunk has a mapping of its own, which is unmapped when the chunk has been read, so
// that no memory of a large dump stays with the allocator.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

class Chunk
{
public:
	static constexpr size_t kBytes = 256 * 1024;

	// Throws std::bad_alloc.
	Chunk();
	Chunk(Chunk &&other) noexcept
		: data_(std::exchange(other.data_, nullptr)), written_(other.written_), read_(other.read_)
	{
	}
	Chunk &operator=(Chunk &&) = delete;
	~Chunk();
	// False: the record does not fit.
	bool append(const void *record, size_t size);
	// Copies as many whole records as fit; returns their bytes.
	size_t read(uint8_t *buffer, size_t size);
	bool empty() const { return read_ == written_; }

private:
	size_t whole_records(size_t size) const;

	uint8_t *data_;
	size_t written_ = 0;
	size_t read_ = 0;
};

struct DumpLimits {
	size_t queue_bytes;
	// How long the writer waits for room when no records are taken.
	std::chrono::milliseconds patience;
};

class ChunkQueue
{
public:
	explicit ChunkQueue(const DumpLimits &limits) : limits_(limits) {}

	// For the writer's thread: push() to finish(). Returns 0, ENOBUFS after waiting in vain, or ECANCELED; not 0:
	// `chunk` has not been moved.
	int push(Chunk &&chunk);
	// Beyond the bound, for the few records that must not be missing.
	void push_anyway(Chunk &&chunk);
	bool has_room();
	bool cancelled();
	// Nothing more will be written until restart().
	void finish();

	// For the reader's thread: restart() to cancel().
	void restart();
	bool finished();
	size_t take(uint8_t *buffer, size_t size);
	// The writer gives up at once; this cannot be undone.
	void cancel();

private:
	bool fits() const { return (chunks_.size() + 1) * Chunk::kBytes <= limits_.queue_bytes; }
	bool next();

	const DumpLimits limits_;
	std::mutex lock_;
	std::condition_variable room_;
	std::deque<Chunk> chunks_;
	bool finished_ = false;
	bool cancelled_ = false;
	// For the reader's thread alone.
	std::optional<Chunk> reading_;
};
