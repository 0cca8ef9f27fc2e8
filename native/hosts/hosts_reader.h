// SPDX-License-Identifier: MIT
// Reads hosts files, each on a thread of its own that nobody waits for: a container can have its file on a file system that never answers.
// The public functions are for one thread, JavaScript's, and never wait. At most kMostThreads are there at a time in the whole process.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include "native/hosts/hosts_file.h"

class HostsReader
{
public:
	static constexpr int kMostThreads = 4;

	// False: the last file is still being read and was not abandoned, or too many that were abandoned are. Throws std::system_error: no thread.
	bool start(pid_t pid, std::string known_version);
	// Whether what was started last is done. Then take() has it, once.
	bool done() const;
	std::optional<HostsFile> take();
	// What was started last is waited for no more; its thread ends when the file system answers.
	void abandon();
	// The file of this process was abandoned, and its file system has not answered since. To ask again would only hang one more thread.
	bool waits(pid_t pid) const;

private:
	struct Read {
		pid_t pid;
		std::string known_version;
		std::optional<HostsFile> file; /* the thread's until `done` */
		std::atomic<bool> done{false};
	};
	static void work(Read &read);

	struct Abandoned {
		pid_t pid;
		std::weak_ptr<const Read> read; /* the thread's alone */
	};

	std::shared_ptr<Read> read_;
	std::vector<Abandoned> abandoned_; /* no more that have not expired than there are threads */
};
