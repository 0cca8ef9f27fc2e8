// SPDX-License-Identifier: MIT
#include "native/process.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include "native/native_error.h"
#include "native/unique_fd.h"

namespace
{
void must(const char *operation, long result)
{
	if (result < 0)
		throw NativeError(operation, errno);
}

bool is_kept(const std::vector<uint32_t> &kept, uint32_t capability)
{
	for (const uint32_t one : kept)
		if (one == capability)
			return true;
	return false;
}

// The bounding set limits what root gets by executing a file. PR_CAPBSET_READ fails for the first number that is no
// capability.
void drop_from_bounding_set(const std::vector<uint32_t> &kept)
{
	for (uint32_t capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
		if (!is_kept(kept, capability))
			must("drop a capability from the bounding set", prctl(PR_CAPBSET_DROP, capability, 0, 0, 0));
}

// For this thread. Capabilities are only removed from the permitted set, and none is inheritable.
void drop_from_own_sets(const std::vector<uint32_t> &kept)
{
	__user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	__user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
	must("read the capabilities", syscall(SYS_capget, &header, sets));
	for (uint32_t word = 0; word < _LINUX_CAPABILITY_U32S_3; word++) {
		uint32_t mask = 0;
		for (const uint32_t capability : kept)
			mask |= capability / 32 == word ? 1U << (capability % 32) : 0;
		sets[word].permitted &= mask;
		sets[word].effective = sets[word].permitted;
		sets[word].inheritable = 0;
	}
	must("set the capabilities", syscall(SYS_capset, &header, sets));
}

// Restores stdio as it was before Node started: Node sets close-on-exec on all descriptors, and makes pipes non-blocking for
// every process that shares them.
void restore_stdio()
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		const int flags = fcntl(fd, F_GETFL);
		if (flags < 0)
			continue;
		fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
		fcntl(fd, F_SETFD, 0);
	}
}
} // namespace

void restart_with(const std::vector<uint32_t> &kept, const std::vector<std::string> &words)
{
	// With SECBIT_NOROOT, executing a file gives root no capabilities: none would be left.
	if ((prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) & SECBIT_NOROOT) != 0)
		throw NativeError("restart as a root without privilege", ENOTSUP);
	std::vector<char *> argv;
	argv.reserve(words.size() + 1);
	for (const std::string &word : words)
		argv.push_back(const_cast<char *>(word.c_str()));
	argv.push_back(nullptr);
	drop_from_bounding_set(kept);
	must("clear the ambient capabilities", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
	drop_from_own_sets(kept);
	must("give up new privileges", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	restore_stdio();
	execv(argv[0], argv.data());
	throw NativeError("execute " + words.front(), errno);
}

void send_datagram(const std::string &address, const std::string &text)
{
	sockaddr_un to = {};
	to.sun_family = AF_UNIX;
	if (address.size() < 2 || address.size() >= sizeof(to.sun_path))
		throw NativeError("send to " + address, EINVAL);
	memcpy(to.sun_path, address.data(), address.size());
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
	const auto *target = reinterpret_cast<const sockaddr *>(&to);
	if (!socket || sendto(socket.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL, target, length) < 0)
		throw NativeError("send to " + address, errno);
}

void end_at_once(int code)
{
	_exit(code);
}
