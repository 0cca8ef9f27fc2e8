// SPDX-License-Identifier: MIT
// Fills chunks with records and hands them to the queue. For one thread, the dumper's; the lock is the queue's own.
#pragma once
#include <cerrno>
#include <optional>
#include "native/dump/chunk_queue.h"

class RecordWriter
{
public:
	explicit RecordWriter(ChunkQueue &queue) : queue_(queue) {}

	// `record` begins with its type and size. Returns 0, ENOBUFS or ECANCELED. Waits for room once: after that it
	// returns ENOBUFS immediately as long as there is none.
	int add(const void *record, size_t size)
	{
		if (stalled_ && !queue_.has_room())
			return ENOBUFS;
		stalled_ = false;
		if (chunk_ && chunk_->append(record, size))
			return 0;
		const int error = chunk_ ? queue_.push(std::move(*chunk_)) : 0;
		stalled_ = error == ENOBUFS;
		if (error != 0)
			return error; /* push() has left the chunk with us */
		begin_chunk(record, size);
		return 0;
	}

	// Beyond the queue's bound: for the records that say how the dump went.
	void add_anyway(const void *record, size_t size)
	{
		if (chunk_ && chunk_->append(record, size))
			return;
		flush();
		begin_chunk(record, size);
	}

	void flush()
	{
		if (chunk_)
			queue_.push_anyway(std::move(*chunk_));
		chunk_.reset();
	}

private:
	void begin_chunk(const void *record, size_t size)
	{
		chunk_.emplace();
		chunk_->append(record, size);
	}

	ChunkQueue &queue_;
	std::optional<Chunk> chunk_;
	bool stalled_ = false;
};
