// SPDX-License-Identifier: MIT
// Fills chunks with records and hands them to the queue. Used by the dumper's thread.
#pragma once
#include <optional>
#include "native/dump/chunk_queue.h"

class RecordWriter
{
public:
	explicit RecordWriter(ChunkQueue &queue) : queue_(queue) {}
	// `record` begins with its type and size. 0, ENOBUFS or ECANCELED. Waits for room once: after that, as long as there
	// is none, ENOBUFS comes at once.
	int add(const void *record, size_t size);
	// Beyond the queue's bound: for the records that say how it went.
	void add_anyway(const void *record, size_t size);
	void flush();

private:
	ChunkQueue &queue_;
	std::optional<Chunk> chunk_;
	bool stalled_ = false;
};
