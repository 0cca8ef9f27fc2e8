// SPDX-License-Identifier: MIT
// Writes the sockets of one dump, without the TIME_WAIT entries that its reader has from the dumps before: those that went
// are named, those that are unchanged are counted. In: the sockets of a whole dump. Out: records of dump_record.h. For one
// thread, the dumper's; the lock is the queue's own.
#pragma once
#include <cstdint>
#include <vector>
#include "native/difference/dump_bases.h"
#include "native/dump/dump_record.h"
#include "native/dump/record_writer.h"

// What the reader has.
struct Agreement {
	bool wanted = false;         /* it takes differences: else every dump is whole, and no base is kept */
	uint32_t generation = 0;     /* of the base that it has; 0: none */
	std::vector<uint64_t> again; /* entries of that base that it has no more as they were */
};

class DifferenceWriter
{
public:
	DifferenceWriter(RecordWriter &writer, DumpBases &bases) : writer_(writer), bases_(bases) {}

	// `netns_cookie`: 0 when it is not known, and with it which namespace a base is of: the dump is whole then.
	void begin(uint64_t netns_cookie, uint64_t started_ns, const Agreement &agreement);
	// Returns 0 or the writer's error, like finish(). Throws std::bad_alloc, as does finish().
	int add(struct dump_socket &record);
	// The kernel has shown every socket.
	int finish();
	// The generation that the dump goes on from; 0: it is whole.
	uint32_t base() const { return base_generation_; }
	// The generation for the next dump, after finish(); 0: it will be whole.
	uint32_t generation() const { return generation_; }
	uint32_t sockets() const { return sockets_; }
	uint32_t unchanged() const { return unchanged_; }

private:
	bool may_leave_out(struct dump_socket &record);

	RecordWriter &writer_;
	DumpBases &bases_;
	DumpBase base_;
	bool keeps_ = false;
	uint64_t netns_cookie_ = 0;
	uint32_t started_ms_ = 0;
	uint32_t base_generation_ = 0;
	uint32_t generation_ = 0;
	uint32_t sockets_ = 0;
	uint32_t unchanged_ = 0;
};
