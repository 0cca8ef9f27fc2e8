// SPDX-License-Identifier: MIT
// One dump of several namespaces, one after another. In: their paths. Out: the records of dump_record.h. For one thread, the
// dumper's; the lock is the queue's own.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "native/difference/difference_writer.h"
#include "native/dump/record_writer.h"
#include "native/dump/netlink_dump.h"
#include "native/dump/netns_visit.h"

struct DumpTarget {
	uint32_t id; /* the caller's number */
	std::string path;
	bool settings_only = false; /* no sockets and no counters */
	Agreement agreement = {};
};

class DumpRun
{
public:
	DumpRun(ChunkQueue &queue, DumpBases &bases) : queue_(queue), writer_(queue), bases_(bases) {}
	// False: the thread could not return to its own namespace, and keeps another one alive.
	bool dump_all(const std::vector<DumpTarget> &targets);

private:
	void dump_one(const DumpTarget &target);
	int dump(NetlinkDump &dump, uint64_t started_ns, DifferenceWriter &writer);

	ChunkQueue &queue_;
	RecordWriter writer_;
	DumpBases &bases_;
	NetnsVisit visit_;
	int own_error_ = 0; /* the thread's own namespace could not be opened: no other one may be entered */
};
