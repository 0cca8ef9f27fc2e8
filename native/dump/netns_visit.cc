// SPDX-License-Identifier: MIT
#include "native/dump/netns_visit.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include "native/dump/dump_record.h"

int NetnsVisit::open()
{
	struct stat self;
	own_ = UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
	if (!own_ || fstat(own_.get(), &self) != 0)
		return errno;
	dev_ = self.st_dev;
	inode_ = self.st_ino;
	if (stat("/proc/thread-self/ns/user", &self) == 0)
		own_users_ = self.st_ino;
	return 0;
}

uint32_t NetnsVisit::owner_of(int netns) const
{
	struct stat users;
	uid_t uid = 0;
	const UniqueFd owner(ioctl(netns, NS_GET_USERNS));
	// The kernel shows no user namespace above one's own.
	if (!owner)
		return errno == EPERM ? 0 : DUMP_OWNER_UNKNOWN;
	if (fstat(owner.get(), &users) == 0 && users.st_ino == own_users_)
		return 0;
	return ioctl(owner.get(), NS_GET_OWNER_UID, &uid) == 0 ? uid : DUMP_OWNER_UNKNOWN;
}

int NetnsVisit::enter(const std::string &path, uint32_t &inum, uint32_t &owner_uid)
{
	struct stat found;
	// A name below /run/netns can be any file: opening a FIFO must not block.
	const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
	if (!file || fstat(file.get(), &found) != 0)
		return errno;
	if (found.st_dev == dev_)
		inum = static_cast<uint32_t>(found.st_ino);
	if (inum != 0)
		owner_uid = owner_of(file.get());
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
