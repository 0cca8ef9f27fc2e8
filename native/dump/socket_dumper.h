// SPDX-License-Identifier: MIT
// The dumper: a thread of its own, asleep between dumps, that dumps namespaces while JavaScript goes on. All functions
// here are called by one thread, JavaScript's; only work() runs on the dumper's own.
#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <sys/types.h>
#include <thread>
#include <vector>
#include "native/dump/chunk_queue.h"
#include "native/dump/dump_run.h"

class SocketDumper
{
public:
	explicit SocketDumper(const DumpLimits &limits) : queue_(limits) {}
	// Ends a running dump; waits for the thread, which takes as long as one message of the kernel.
	~SocketDumper();
	// False: the dump before is still running or not yet taken to its end. Throws std::system_error: no thread.
	bool start(std::vector<DumpTarget> targets);
	// Whole records; bytes written, 0: none right now, -1: finished and all taken. Never waits.
	ssize_t take(uint8_t *buffer, size_t size);

private:
	void work();
	bool run(const std::vector<DumpTarget> &targets);
	std::optional<std::vector<DumpTarget>> next_targets();
	void ensure_thread();

	ChunkQueue queue_;
	std::mutex lock_;
	std::condition_variable wake_;
	std::optional<std::vector<DumpTarget>> targets_; /* under lock_ */
	bool stop_ = false;                              /* under lock_ */
	std::atomic<bool> lost_{false};                  /* the thread ends: it could not come home */
	bool running_ = false;                           /* JavaScript's alone */
	std::thread thread_;
};
