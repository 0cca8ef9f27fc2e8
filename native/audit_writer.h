// SPDX-License-Identifier: MIT
// Fills chunks with records and hands them to the queue. Used by the auditor's thread.
#pragma once
#include <optional>
#include "native/audit_queue.h"

class AuditWriter
{
public:
	explicit AuditWriter(AuditQueue &queue) : queue_(queue) {}
	// `record` begins with its type and size. 0, ENOBUFS or ECANCELED. Waits for room once: after that, as long as there
	// is none, ENOBUFS comes at once.
	int add(const void *record, size_t size);
	// Beyond the queue's bound: for the records that say how it went.
	void add_anyway(const void *record, size_t size);
	void flush();

private:
	AuditQueue &queue_;
	std::optional<AuditChunk> chunk_;
	bool stalled_ = false;
};
