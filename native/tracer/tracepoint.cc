// SPDX-License-Identifier: MIT
#include "native/tracer/tracepoint.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include "native/native_error.h"

namespace
{
// A tracefs that is not mounted anywhere: only this process sees it, and it ends with the descriptor.
UniqueFd detached_tracefs()
{
	UniqueFd context(static_cast<int>(syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC)));
	if (!context || syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
		return UniqueFd();
	return UniqueFd(static_cast<int>(syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, 0)));
}

UniqueFd open_id(const std::string &name)
{
	const std::string path = "events/" + name + "/id";
	for (const char *root : {"/sys/kernel/tracing/", "/sys/kernel/debug/tracing/"}) {
		UniqueFd file(open((root + path).c_str(), O_RDONLY | O_CLOEXEC));
		if (file)
			return file;
	}
	UniqueFd tracefs = detached_tracefs();
	if (!tracefs)
		return UniqueFd();
	return UniqueFd(openat(tracefs.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
}

unsigned long long read_id(const std::string &name)
{
	UniqueFd file = open_id(name);
	char text[32] = {};
	if (!file || read(file.get(), text, sizeof(text) - 1) <= 0)
		throw NativeError("read the id of tracepoint " + name, errno);
	return strtoull(text, nullptr, 10);
}
} // namespace

UniqueFd open_tracepoint(const std::string &name)
{
	struct perf_event_attr attr = {};
	attr.type = PERF_TYPE_TRACEPOINT;
	attr.size = sizeof(attr);
	attr.config = read_id(name);
	attr.sample_period = 1;
	attr.wakeup_events = 1;
	/* One CPU is enough: a BPF program on a tracepoint's perf event runs for the tracepoint on every CPU. */
	UniqueFd event(static_cast<int>(syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
	if (!event)
		throw NativeError("perf_event_open " + name, errno);
	return event;
}
