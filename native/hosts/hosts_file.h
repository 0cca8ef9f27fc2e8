// SPDX-License-Identifier: MIT
// The hosts file of a process, as its mount namespace has it: text of whoever made that. No state, no lock; may wait for ever for a file
// system that does not answer, so it is for a thread that nobody waits for (hosts_reader.h).
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string.h>
#include <sys/types.h>

// Larger is no such file.
constexpr size_t kMostHostsBytes = 64 * 1024;

struct HostsFile {
	std::string version;              /* another one once the file was written or replaced */
	std::optional<std::string> bytes; /* none: the version is the known one, and nothing was read */
	// Overwritten: a comment in it may be anybody's secret.
	~HostsFile()
	{
		if (!bytes)
			return;
		const size_t size = bytes->size();
		explicit_bzero(bytes->data(), size);
	}
};

// None: the process is gone or may not be looked into, or there is no regular file that everybody may read, or a larger one. No link is
// followed, also not one that stays in there: there is no way out. Never opens anything but such a file. Throws std::bad_alloc.
std::optional<HostsFile> read_hosts(pid_t pid, const std::string &known_version);
