// SPDX-License-Identifier: MIT
#include "native/tracer/bpf_programs.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <ctime>
#include <malloc.h>
#include "bpf/tracer_config.h"
#include "native/native_error.h"
#include "native/signals_blocked.h"
#include "native/tracer/embedded.h"
#include "native/tracer/tracepoint.h"

namespace
{
// A tracepoint that kernels before 5.14 lack; the tracer works without it: bpf/soft_error.bpf.h.
constexpr char kSince5_14[] = "inet_sk_error_report";
// Only the portable outcome needs the resets that it reports: bpf/portable_outcome.bpf.h.
constexpr char kForPortableOutcome[] = "tcp_send_reset";
constexpr char kSyscallPrefix[] = "tp/syscalls/";

// The resolution of the coarse clock is one tick.
uint32_t ticks_per_second()
{
	struct timespec tick;
	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) != 0 || tick.tv_nsec == 0)
		return 0;
	return static_cast<uint32_t>(std::lround(1e9 / static_cast<double>(tick.tv_nsec)));
}

bool is_syscall_program(const struct bpf_program *program)
{
	return strncmp(bpf_program__section_name(program), kSyscallPrefix, sizeof(kSyscallPrefix) - 1) == 0;
}

bool is_iterator(const struct bpf_program *program)
{
	return bpf_program__type(program) == BPF_PROG_TYPE_TRACING &&
	       bpf_program__expected_attach_type(program) == BPF_TRACE_ITER;
}

// A signal interrupts the verifier, and libbpf gives up after a few tries: under a profiler's timer loading would fail.
int load(struct bpf_object *object)
{
	const SignalsBlocked blocked;
	return bpf_object__load(object);
}

// To load, libbpf reads the types of the whole kernel: some MiB that would stay with the allocator.
void release_memory()
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
} // namespace

BpfPrograms::BpfPrograms(const TracerOptions &options)
{
	clear_libbpf_log();
	const EmbeddedObject code = churn_bpf();
	object_.reset(bpf_object__open_mem(code.data, code.size, nullptr));
	if (!object_)
		throw NativeError("open the BPF object", errno);
	configure(options);
	check(load(object_.get()), "load the BPF programs");
	release_memory();
}

void BpfPrograms::configure(const TracerOptions &options)
{
	struct bpf_map *constants = bpf_object__find_map_by_name(object_.get(), ".rodata");
	struct bpf_map *ring = bpf_object__find_map_by_name(object_.get(), "events");
	size_t size = 0;
	auto *config = static_cast<struct tracer_config *>(
		constants ? const_cast<void *>(bpf_map__initial_value(constants, &size)) : nullptr);
	if (!config || size < sizeof(*config) || !ring)
		throw NativeError("find the BPF object's maps", ENOENT);
	config->hz = ticks_per_second();
	const KernelTypes types;
	walks_ = !options.portable_outcome && types.has_socket_table();
	config->syscalls = options.syscalls;
	config->walk = walks_;
	check(bpf_map__set_max_entries(ring, options.ring_bytes), "size the ring buffer");
	struct bpf_program *program;
	bpf_object__for_each_program(program, object_.get()) check(
		bpf_program__set_autoload(program, is_wanted(program, options.syscalls, types)), "choose the programs");
}

bool BpfPrograms::is_wanted(const struct bpf_program *program, bool syscalls, const KernelTypes &types) const
{
	const char *name = bpf_program__name(program);
	if (is_syscall_program(program))
		return syscalls;
	if (strcmp(name, kSince5_14) == 0)
		return types.has_tracepoint(name);
	return strcmp(name, kForPortableOutcome) != 0 || (!walks_ && types.has_tracepoint(name));
}

void BpfPrograms::attach()
{
	clear_libbpf_log();
	struct bpf_program *program;
	bpf_object__for_each_program(program, object_.get())
	{
		if (bpf_program__autoload(program) && !is_iterator(program))
			attach_program(program);
	}
}

void BpfPrograms::attach_program(struct bpf_program *program)
{
	struct bpf_link *link;
	if (is_syscall_program(program)) {
		UniqueFd event = open_tracepoint(bpf_program__section_name(program) + strlen("tp/"));
		link = bpf_program__attach_perf_event(program, event.get());
		if (link)
			event.release(); /* the link owns it now */
	} else {
		link = bpf_program__attach(program);
	}
	if (!link)
		throw NativeError(std::string("attach ") + bpf_program__section_name(program), errno);
	links_.emplace_back(link);
}

UniqueFd BpfPrograms::open_iterator(const char *name) const
{
	struct bpf_program *program = bpf_object__find_program_by_name(object_.get(), name);
	if (!program)
		throw NativeError(std::string("find the iterator ") + name, ENOENT);
	const std::unique_ptr<struct bpf_link, Free> link(bpf_program__attach_iter(program, nullptr));
	if (!link)
		throw NativeError(std::string("attach ") + name, errno);
	UniqueFd iterator(bpf_iter_create(bpf_link__fd(link.get())));
	if (!iterator)
		throw NativeError(std::string("iterate ") + name, errno);
	return iterator;
}

int BpfPrograms::map_fd(const char *name) const
{
	const int fd = bpf_object__find_map_fd_by_name(object_.get(), name);
	check(fd, std::string("find the map ") + name);
	return fd;
}

uint32_t BpfPrograms::ring_bytes() const
{
	return bpf_map__max_entries(bpf_object__find_map_by_name(object_.get(), "events"));
}

std::vector<std::string> BpfPrograms::hooks() const
{
	std::vector<std::string> sections;
	struct bpf_program *program;
	bpf_object__for_each_program(program, object_.get())
	{
		if (bpf_program__autoload(program))
			sections.emplace_back(bpf_program__section_name(program));
	}
	return sections;
}
