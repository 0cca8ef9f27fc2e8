// SPDX-License-Identifier: MIT
// One audit: namespaces one after another, as the records of audit_record.h. Runs on the auditor's thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "native/audit_writer.h"
#include "native/netlink_dump.h"
#include "native/netns_visit.h"

struct AuditTarget {
	uint32_t id; /* the caller's number */
	std::string path;
};

class AuditRun
{
public:
	explicit AuditRun(AuditQueue &queue) : queue_(queue), writer_(queue) {}
	// False: the thread could not come back to its own namespace, and keeps another one alive.
	bool audit(const std::vector<AuditTarget> &targets);

private:
	void audit_one(const AuditTarget &target);
	int dump(NetlinkDump &dump, uint32_t &sockets);

	AuditQueue &queue_;
	AuditWriter writer_;
	NetnsVisit visit_;
	int home_error_ = 0; /* the way home is not known: nothing can be entered */
};
