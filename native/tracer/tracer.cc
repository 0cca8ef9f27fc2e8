// SPDX-License-Identifier: MIT
#include "native/tracer/tracer.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstring>
#include <ctime>
#include <iterator>
#include <malloc.h>
#include <unistd.h>
#include "bpf/tcp_event.h"
#include "native/bpf_error.h"
#include "native/tracer/embedded.h"
#include "native/tracer/tracepoint.h"

namespace
{
// A tracepoint that older kernels lack, and do without: bpf/soft_error.bpf.h.
constexpr char kSince5_14[] = "inet_sk_error_report";
// Whose resets only the portable outcome asks for: bpf/portable_outcome.bpf.h.
constexpr char kForPortableOutcome[] = "tcp_send_reset";
constexpr char kSyscallPrefix[] = "tp/syscalls/";
// Listeners first: see bpf/seed.bpf.h.
constexpr const char *kSeedIterators[] = {"seed_listeners", "seed_connections"};
constexpr size_t kLargestRecord = sizeof(struct process_event);

// The coarse clock advances once per tick, and says so.
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

// A signal interrupts the verifier, and libbpf gives up after a few tries: a profiler's timer would keep us from loading.
class SignalsBlocked
{
public:
	SignalsBlocked()
	{
		sigset_t all;
		sigfillset(&all);
		pthread_sigmask(SIG_BLOCK, &all, &before_);
	}
	~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
	SignalsBlocked(const SignalsBlocked &) = delete;
	SignalsBlocked &operator=(const SignalsBlocked &) = delete;

private:
	sigset_t before_;
};

int load(struct bpf_object *object)
{
	SignalsBlocked quiet;
	return bpf_object__load(object);
}

// To load, libbpf reads the types of the whole kernel: some MiB that would stay with the allocator.
void give_back()
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

void check(int result, const std::string &operation)
{
	if (result < 0)
		throw BpfError(operation, -result);
}
} // namespace

Tracer::Tracer(const TracerOptions &options) : options_(options)
{
	clear_libbpf_log();
	const EmbeddedObject code = churn_bpf();
	object_.reset(bpf_object__open_mem(code.data, code.size, nullptr));
	if (!object_)
		throw BpfError("open the BPF object", errno);
	configure();
	check(load(object_.get()), "load the BPF programs");
	give_back();
	ring_ = std::make_unique<EventRing>(map_fd("events"), ring_bytes());
}

void Tracer::configure()
{
	struct bpf_map *constants = bpf_object__find_map_by_name(object_.get(), ".rodata");
	struct bpf_map *ring = bpf_object__find_map_by_name(object_.get(), "events");
	size_t size = 0;
	auto *config = static_cast<struct tracer_config *>(
		constants ? const_cast<void *>(bpf_map__initial_value(constants, &size)) : nullptr);
	if (!config || size < sizeof(*config) || !ring)
		throw BpfError("find the BPF object's maps", ENOENT);
	config->hz = ticks_per_second();
	const KernelTypes types;
	walks_ = !options_.portable_outcome && types.has_socket_table();
	config->syscalls = options_.syscalls;
	config->walk = walks_;
	check(bpf_map__set_max_entries(ring, options_.ring_bytes), "size the ring buffer");
	struct bpf_program *program;
	bpf_object__for_each_program(program, object_.get())
		check(bpf_program__set_autoload(program, is_wanted(program, types)), "choose the programs");
}

bool Tracer::is_wanted(const struct bpf_program *program, const KernelTypes &types) const
{
	const char *name = bpf_program__name(program);
	if (is_syscall_program(program))
		return options_.syscalls;
	if (strcmp(name, kSince5_14) == 0)
		return types.has_tracepoint(name);
	return strcmp(name, kForPortableOutcome) != 0 || (!walks_ && types.has_tracepoint(name));
}

void Tracer::attach()
{
	clear_libbpf_log();
	struct bpf_program *program;
	bpf_object__for_each_program(program, object_.get())
	{
		if (bpf_program__autoload(program) && !is_iterator(program))
			attach_program(program);
	}
}

void Tracer::attach_program(struct bpf_program *program)
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
		throw BpfError(std::string("attach ") + bpf_program__section_name(program), errno);
	links_.emplace_back(link);
}

int Tracer::map_fd(const char *name) const
{
	const int fd = bpf_object__find_map_fd_by_name(object_.get(), name);
	check(fd, std::string("find the map ") + name);
	return fd;
}

// As the kernel has it: libbpf rounds what was asked for up to a power of two.
uint32_t Tracer::ring_bytes() const
{
	return bpf_map__max_entries(bpf_object__find_map_by_name(object_.get(), "events"));
}

size_t Tracer::drain(uint8_t *buffer, size_t size, bool coalesce)
{
	if (size < kLargestRecord)
		throw BpfError("drain into a buffer smaller than one record", EINVAL);
	if (reinterpret_cast<uintptr_t>(buffer) % alignof(struct tcp_event) != 0)
		throw BpfError("drain into a buffer that is not aligned", EINVAL);
	coalescer_.begin();
	return ring_->drain(buffer, size, kLargestRecord, coalesce ? &coalescer_ : nullptr);
}

size_t Tracer::overflow_counters(uint8_t *buffer, size_t size) const
{
	const int fd = map_fd("overflow");
	struct overflow_key key, next;
	const struct overflow_key *previous = nullptr;
	size_t used = 0;
	while (used + sizeof(key) + sizeof(uint64_t) <= size && bpf_map_get_next_key(fd, previous, &next) == 0) {
		uint64_t value = 0;
		key = next;
		previous = &key;
		if (bpf_map_lookup_elem(fd, &key, &value) != 0)
			continue;
		memcpy(buffer + used, &key, sizeof(key));
		memcpy(buffer + used + sizeof(key), &value, sizeof(value));
		used += sizeof(key) + sizeof(value);
	}
	return used;
}

size_t Tracer::take_lost_owners(uint8_t *buffer, size_t size)
{
	auto count = static_cast<uint32_t>(size / sizeof(struct lost_owner));
	uint32_t next_bucket = 0;
	cookies_.resize(count);
	const int error = bpf_map_lookup_and_delete_batch(map_fd("lost_owners"), nullptr, &next_bucket, cookies_.data(),
							  buffer, &count, nullptr);
	if (error != 0 && error != -ENOENT) // the end of the map
		throw BpfError("take the owners of lost events", -error);
	return count * sizeof(struct lost_owner);
}

void Tracer::open_iterator(const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object_.get(), name);
	if (!program)
		throw BpfError(std::string("find the iterator ") + name, ENOENT);
	std::unique_ptr<struct bpf_link, Free> link(bpf_program__attach_iter(program, nullptr));
	if (!link)
		throw BpfError(std::string("attach ") + name, errno);
	iterator_ = UniqueFd(bpf_iter_create(bpf_link__fd(link.get())));
	if (!iterator_)
		throw BpfError(std::string("iterate ") + name, errno);
}

// The kernel gives whole records as long as the buffer holds its own (32 KiB).
size_t Tracer::seeds(uint8_t *buffer, size_t size)
{
	while (iterators_begun_ < std::size(kSeedIterators) || iterator_) {
		if (!iterator_)
			open_iterator(kSeedIterators[iterators_begun_++]);
		const ssize_t bytes = read(iterator_.get(), buffer, size - size % sizeof(struct tcp_event));
		if (bytes < 0 && errno != EAGAIN)
			throw BpfError("read the sockets that are open", errno);
		if (bytes > 0)
			return static_cast<size_t>(bytes);
		if (bytes == 0)
			iterator_ = UniqueFd();
	}
	return 0;
}

TracerStats Tracer::stats() const
{
	TracerStats stats = {};
	std::vector<uint64_t> values(static_cast<size_t>(libbpf_num_possible_cpus()));
	for (uint32_t i = 0; i < COUNTER_COUNT; i++) {
		check(bpf_map_lookup_elem(map_fd("counters"), &i, values.data()), "read the counters");
		for (const uint64_t value : values)
			stats.counters[i] += value;
	}
	return stats;
}

std::vector<std::string> Tracer::hooks() const
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

// New keys first, then the old ones go: nobody who stays listed is missed in between.
void Tracer::replace(const char *map, const std::vector<uint32_t> &keys)
{
	const int fd = map_fd(map);
	const uint8_t present = 1, stale = 0;
	std::vector<uint32_t> old;
	uint32_t key, next;
	for (const uint32_t *at = nullptr; bpf_map_get_next_key(fd, at, &next) == 0; at = &key) {
		key = next;
		old.push_back(key);
		check(bpf_map_update_elem(fd, &key, &stale, BPF_EXIST), "update a filter");
	}
	for (const uint32_t wanted : keys)
		check(bpf_map_update_elem(fd, &wanted, &present, BPF_ANY), "update a filter");
	for (const uint32_t listed : old) {
		uint8_t value = stale;
		if (bpf_map_lookup_elem(fd, &listed, &value) == 0 && value == stale)
			bpf_map_delete_elem(fd, &listed);
	}
}

void Tracer::write_control()
{
	const uint32_t key = 0;
	check(bpf_map_update_elem(map_fd(".data.control"), &key, &control_, BPF_ANY), "switch a filter");
}

void Tracer::set_filter(const KernelFilter &filter)
{
	replace("filter_tgids", filter.tgids);
	replace("filter_ports", filter.ports);
	replace("filter_netns", filter.netns);
	control_.filter_tgids = static_cast<uint32_t>(filter.tgids.size());
	control_.filter_ports = static_cast<uint32_t>(filter.ports.size());
	control_.filter_netns = static_cast<uint32_t>(filter.netns.size());
	write_control();
}

void Tracer::set_traced(const std::vector<uint32_t> &tgids)
{
	replace("traced_tgids", tgids);
	control_.traced = static_cast<uint32_t>(tgids.size());
	write_control();
}
