// SPDX-License-Identifier: MIT
// Moves the calling thread, and no other, into network namespaces and back to its own. For one thread, the dumper's; holds
// no lock. The file of a namespace is open only inside enter(): only the thread itself keeps a visited namespace alive.
#pragma once
#include <cstdint>
#include <string>
#include <sys/types.h>
#include "native/unique_fd.h"

class NetnsVisit
{
public:
	// Remembers the thread's own namespace. Returns 0 or an errno, like all functions here.
	int open();
	// `path` is /proc/PID/ns/net or a mount of one. `inum` becomes the namespace's inode number once it is known, `owner_uid` what
	// dump_begin says of it.
	// To enter the thread's own namespace is to leave(), which needs no privilege as long as no other was entered.
	int enter(const std::string &path, uint32_t &inum, uint32_t &owner_uid);
	int leave();

private:
	uint32_t owner_of(int netns) const;

	UniqueFd own_;
	dev_t dev_ = 0;
	ino_t inode_ = 0;
	ino_t own_users_ = 0; /* of the thread's user namespace */
	bool away_ = false;
};
