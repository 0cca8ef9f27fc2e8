// SPDX-License-Identifier: MIT
// One dump: namespaces one after another, as the records of dump_record.h. Runs on the dumper's thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "native/dump/record_writer.h"
#include "native/dump/netlink_dump.h"
#include "native/dump/netns_visit.h"

struct DumpTarget {
	uint32_t id; /* the caller's number */
	std::string path;
};

class DumpRun
{
public:
	explicit DumpRun(ChunkQueue &queue) : queue_(queue), writer_(queue) {}
	// False: the thread could not come back to its own namespace, and keeps another one alive.
	bool dump_all(const std::vector<DumpTarget> &targets);

private:
	void dump_one(const DumpTarget &target);
	int dump(NetlinkDump &dump, uint32_t &sockets);

	ChunkQueue &queue_;
	RecordWriter writer_;
	NetnsVisit visit_;
	int home_error_ = 0; /* the way home is not known: nothing can be entered */
};
