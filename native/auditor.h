// SPDX-License-Identifier: MIT
// The auditor: a thread of its own, asleep between audits, that dumps namespaces while JavaScript goes on. All functions
// here are called by one thread, JavaScript's; only work() runs on the auditor's own.
#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <sys/types.h>
#include <thread>
#include <vector>
#include "native/audit_queue.h"
#include "native/audit_run.h"

class Auditor
{
public:
	explicit Auditor(const AuditLimits &limits) : queue_(limits) {}
	// Ends a running audit; waits for the thread, which takes as long as one message of the kernel.
	~Auditor();
	// False: the audit before is still running or not yet taken to its end. Throws std::system_error: no thread.
	bool start(std::vector<AuditTarget> targets);
	// Whole records; bytes written, 0: none right now, -1: finished and all taken. Never waits.
	ssize_t take(uint8_t *buffer, size_t size);

private:
	void work();
	bool run(const std::vector<AuditTarget> &targets);
	std::optional<std::vector<AuditTarget>> next_targets();
	void ensure_thread();

	AuditQueue queue_;
	std::mutex lock_;
	std::condition_variable wake_;
	std::optional<std::vector<AuditTarget>> targets_; /* under lock_ */
	bool stop_ = false;                               /* under lock_ */
	std::atomic<bool> lost_{false};                   /* the thread ends: it could not come home */
	bool running_ = false;                            /* JavaScript's alone */
	std::thread thread_;
};
