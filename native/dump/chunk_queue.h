// SPDX-License-Identifier: MIT
// Records on their way from the dumper's thread to JavaScript's: whole records in chunks, a bounded number of them.
// A chunk's memory is mapped for it and unmapped when it has been read, so that a large dump leaves nothing behind.
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
	// False: no room for it.
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
	// How long the writer waits for room when nobody takes.
	std::chrono::milliseconds patience;
};

class ChunkQueue
{
public:
	explicit ChunkQueue(const DumpLimits &limits) : limits_(limits) {}

	// The writer's side. 0, ENOBUFS after having waited in vain, ECANCELED.
	int push(Chunk &&chunk);
	// Beyond the bound, for the few bytes that must arrive.
	void push_anyway(Chunk &&chunk);
	bool has_room();
	bool cancelled();
	// Nothing more will be written until restart().
	void finish();

	// The reader's side.
	void restart();
	bool finished();
	size_t take(uint8_t *buffer, size_t size);
	// The writer gives up at once, now and for ever.
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
	// The reader's alone.
	std::optional<Chunk> reading_;
};
