// SPDX-License-Identifier: MIT
// Socket dumps on a thread of their own, so that JavaScript does not wait; the thread sleeps between dumps. The public
// functions are for one thread, JavaScript's; work(), run() and next_targets() run on the dumper's. From
// one dump to the next it keeps the bases of differences, and nothing else.
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
	// Ends a running dump and waits for the thread, at most for one message of the kernel.
	~SocketDumper();
	// False: the last dump is still running, or not all of it was taken. Throws std::system_error: no thread.
	bool start(std::vector<DumpTarget> targets);
	// Copies whole records. Returns their bytes; 0: none at the moment; -1: finished and all taken. Never waits.
	ssize_t take(uint8_t *buffer, size_t size);

private:
	void work();
	bool run(const std::vector<DumpTarget> &targets);
	std::optional<std::vector<DumpTarget>> next_targets();
	void ensure_thread();

	ChunkQueue queue_;
	DumpBases bases_; /* for the dumper's thread alone; a later thread goes on with them */
	std::mutex lock_;
	std::condition_variable wake_;
	std::optional<std::vector<DumpTarget>> targets_; /* under lock_ */
	bool stop_ = false;                              /* under lock_ */
	std::atomic<bool> thread_ended_{false}; /* the thread could not return to its own namespace, and ends */
	bool running_ = false;                  /* for JavaScript's thread alone */
	std::thread thread_;
};
