// SPDX-License-Identifier: MIT
#include "native/hosts/hosts_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "native/unique_fd.h"

namespace
{
// O_PATH opens nothing: no device is woken, no pipe waits, no automount is made. A link in a component's place is found as the link.
constexpr int kLook = O_PATH | O_NOFOLLOW | O_CLOEXEC;

UniqueFd find_hosts(pid_t pid)
{
	// The one link that is followed: the kernel's own, to the root of the process.
	const std::string path = "/proc/" + std::to_string(pid) + "/root";
	const UniqueFd root(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (!root)
		return UniqueFd();
	const UniqueFd etc(openat(root.get(), "etc", kLook | O_DIRECTORY));
	return etc ? UniqueFd(openat(etc.get(), "hosts", kLook)) : UniqueFd();
}

// Of what only some may read a user could have this service read a line, by a mount of his own.
bool is_public_file(const struct stat &file)
{
	return S_ISREG(file.st_mode) && (file.st_mode & S_IROTH) != 0 && file.st_size >= 0 &&
	       static_cast<size_t>(file.st_size) <= kMostHostsBytes;
}

std::string version_of(const struct stat &file)
{
	std::string text;
	for (const auto number :
	     {static_cast<long long>(file.st_dev), static_cast<long long>(file.st_ino),
	      static_cast<long long>(file.st_size), static_cast<long long>(file.st_mtim.tv_sec),
	      static_cast<long long>(file.st_mtim.tv_nsec), static_cast<long long>(file.st_ctim.tv_sec),
	      static_cast<long long>(file.st_ctim.tv_nsec)})
		text += std::to_string(number) + " ";
	return text;
}

std::optional<std::string> read_file(int fd, size_t size)
{
	std::string bytes(size, '\0');
	size_t used = 0;
	while (used < size) {
		const ssize_t got = pread(fd, &bytes[used], size - used, static_cast<off_t>(used));
		if (got < 0)
			return std::nullopt;
		if (got == 0)
			break;
		used += static_cast<size_t>(got);
	}
	bytes.resize(used);
	return bytes;
}
} // namespace

std::optional<HostsFile> read_hosts(pid_t pid, const std::string &known_version)
{
	const UniqueFd found = find_hosts(pid);
	struct stat file;
	if (!found || fstat(found.get(), &file) != 0 || !is_public_file(file))
		return std::nullopt;
	HostsFile result = {version_of(file), std::nullopt};
	if (result.version == known_version)
		return result;
	// What was looked at, not what has its name by now.
	const std::string path = "/proc/self/fd/" + std::to_string(found.get());
	const UniqueFd opened(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
	result.bytes = opened ? read_file(opened.get(), static_cast<size_t>(file.st_size)) : std::nullopt;
	return result.bytes ? std::optional(std::move(result)) : std::nullopt;
}
