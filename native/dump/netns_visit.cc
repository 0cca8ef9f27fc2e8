// SPDX-License-Identifier: MIT
#include "native/dump/netns_visit.h"

#include <cerrno>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

int NetnsVisit::open()
{
	struct stat self;
	own_ = UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
	if (!own_ || fstat(own_.get(), &self) != 0)
		return errno;
	dev_ = self.st_dev;
	inode_ = self.st_ino;
	return 0;
}

int NetnsVisit::enter(const std::string &path, uint32_t &inum)
{
	struct stat found;
	// A name below /run/netns can be any file: opening a FIFO must not block.
	const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
	if (!file || fstat(file.get(), &found) != 0)
		return errno;
	if (found.st_dev == dev_)
		inum = static_cast<uint32_t>(found.st_ino);
	if (found.st_dev == dev_ && found.st_ino == inode_)
		return leave();
	if (setns(file.get(), CLONE_NEWNET) != 0)
		return errno;
	away_ = true;
	return 0;
}

int NetnsVisit::leave()
{
	if (!away_)
		return 0;
	if (setns(own_.get(), CLONE_NEWNET) != 0)
		return errno;
	away_ = false;
	return 0;
}
