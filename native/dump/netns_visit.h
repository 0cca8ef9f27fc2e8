// SPDX-License-Identifier: MIT
// Takes the calling thread, and no other, into network namespaces and home again. Used by the dumper's thread.
// A file of a namespace is open only inside enter(); the thread itself is all that keeps a visited namespace alive.
#pragma once
#include <cstdint>
#include <string>
#include <sys/types.h>
#include "native/unique_fd.h"

class NetnsVisit
{
public:
	// Remembers where the thread is now. 0 or an errno, as all here.
	int open();
	// `path` is /proc/PID/ns/net or a mount of one. `inum` becomes the namespace's inode number once it is known.
	// The thread's own namespace is entered by going home, which needs no privilege when it has not been left.
	int enter(const std::string &path, uint32_t &inum);
	int leave();

private:
	UniqueFd home_;
	dev_t dev_ = 0;
	ino_t inode_ = 0;
	bool away_ = false;
};
