// SPDX-License-Identifier: MIT
#include "native/dump/chunk_queue.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <sys/mman.h>

namespace
{
// Every record begins with {u16 type, u16 size}.
size_t record_size(const uint8_t *record)
{
	uint16_t size;
	memcpy(&size, record + sizeof(uint16_t), sizeof(size));
	return size;
}
} // namespace

Chunk::Chunk()
{
	void *memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		throw std::bad_alloc();
	data_ = static_cast<uint8_t *>(memory);
}

Chunk::~Chunk()
{
	if (data_)
		munmap(data_, kBytes);
}

bool Chunk::append(const void *record, size_t size)
{
	if (size > kBytes - written_)
		return false;
	memcpy(data_ + written_, record, size);
	written_ += size;
	return true;
}

size_t Chunk::whole_records(size_t size) const
{
	const size_t left = written_ - read_;
	if (left <= size)
		return left;
	size_t bytes = 0;
	for (size_t next = record_size(data_ + read_); bytes + next <= size; next = record_size(data_ + read_ + bytes))
		bytes += next;
	return bytes;
}

size_t Chunk::read(uint8_t *buffer, size_t size)
{
	const size_t bytes = whole_records(size);
	memcpy(buffer, data_ + read_, bytes);
	read_ += bytes;
	return bytes;
}

int ChunkQueue::push(Chunk &&chunk)
{
	std::unique_lock<std::mutex> guard(lock_);
	const bool ready = room_.wait_for(guard, limits_.patience, [this] { return cancelled_ || fits(); });
	if (cancelled_)
		return ECANCELED;
	if (!ready)
		return ENOBUFS;
	chunks_.push_back(std::move(chunk));
	return 0;
}

void ChunkQueue::push_anyway(Chunk &&chunk)
{
	std::lock_guard<std::mutex> guard(lock_);
	chunks_.push_back(std::move(chunk));
}

bool ChunkQueue::has_room()
{
	std::lock_guard<std::mutex> guard(lock_);
	return fits();
}

bool ChunkQueue::cancelled()
{
	std::lock_guard<std::mutex> guard(lock_);
	return cancelled_;
}

void ChunkQueue::finish()
{
	std::lock_guard<std::mutex> guard(lock_);
	finished_ = true;
}

void ChunkQueue::restart()
{
	std::lock_guard<std::mutex> guard(lock_);
	finished_ = false;
}

bool ChunkQueue::finished()
{
	std::lock_guard<std::mutex> guard(lock_);
	return finished_;
}

void ChunkQueue::cancel()
{
	std::lock_guard<std::mutex> guard(lock_);
	cancelled_ = true;
	room_.notify_one();
}

bool ChunkQueue::next()
{
	std::lock_guard<std::mutex> guard(lock_);
	if (chunks_.empty())
		return false;
	reading_.emplace(std::move(chunks_.front()));
	chunks_.pop_front();
	room_.notify_one();
	return true;
}

size_t ChunkQueue::take(uint8_t *buffer, size_t size)
{
	size_t used = 0;
	while (reading_ || next()) {
		used += reading_->read(buffer + used, size - used);
		if (!reading_->empty())
			break;
		reading_.reset();
	}
	return used;
}
