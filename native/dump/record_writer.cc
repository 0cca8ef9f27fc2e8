// SPDX-License-Identifier: MIT
#include "native/dump/record_writer.h"

#include <cerrno>

int RecordWriter::add(const void *record, size_t size)
{
	if (stalled_ && !queue_.has_room())
		return ENOBUFS;
	stalled_ = false;
	if (chunk_ && chunk_->append(record, size))
		return 0;
	const int error = chunk_ ? queue_.push(std::move(*chunk_)) : 0;
	stalled_ = error == ENOBUFS;
	if (error != 0)
		return error; /* the chunk is still ours */
	chunk_.emplace();
	chunk_->append(record, size);
	return 0;
}

void RecordWriter::add_anyway(const void *record, size_t size)
{
	if (chunk_ && chunk_->append(record, size))
		return;
	flush();
	chunk_.emplace();
	chunk_->append(record, size);
}

void RecordWriter::flush()
{
	if (chunk_)
		queue_.push_anyway(std::move(*chunk_));
	chunk_.reset();
}
