// SPDX-License-Identifier: MIT
// Loads, uses and unloads the tracer and the dumper repeatedly, without Node, so that LeakSanitizer reports only leaks of
// native/ and libbpf. `loadloop TIMES [leak]`: with "leak" it leaks one tracer on purpose, which shows that a leak is found.
// Needs root.
#include <bpf/libbpf.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <numeric>
#include <string>
#include <unistd.h>
#include "native/dump/socket_dumper.h"
#include "native/native_error.h"
#include "native/tracer/tracer.h"

namespace
{
constexpr uint32_t kRingBytes = 1 << 16; /* libbpf rounds up to it */
constexpr char kOwn[] = "/proc/self/ns/net";
alignas(8) uint8_t buffer[1 << 18];

template <typename Call> void must_refuse(const char *what, Call call)
{
	try {
		call();
	} catch (const NativeError &) {
		return;
	}
	fprintf(stderr, "not refused: %s\n", what);
	exit(1);
}

void use(Tracer &tracer)
{
	tracer.set_filter({{1, 2}, {80}, {}});
	tracer.set_filter({});
	tracer.set_traced({1});
	tracer.attach();
	while (tracer.seeds(buffer, sizeof(buffer)) > 0)
		;
	while (tracer.drain(buffer, sizeof(buffer), true) > sizeof(buffer) / 2)
		;
	tracer.take_overflow_counters(buffer, sizeof(buffer));
	tracer.take_lost_owners(buffer, sizeof(buffer));
	tracer.stats();
	must_refuse("a small buffer", [&] { tracer.drain(buffer, 8, true); });
	must_refuse("an odd buffer", [&] { tracer.drain(buffer + 1, sizeof(buffer) - 8, true); });
	std::vector<uint32_t> too_many(100'000);
	std::iota(too_many.begin(), too_many.end(), 1);
	must_refuse("too many processes", [&] { tracer.set_traced(too_many); });
}

// One dump to its end, and one that is abandoned.
void dump_sockets()
{
	const DumpLimits limits = {1 << 20, std::chrono::milliseconds(1000)};
	SocketDumper whole(limits), abandoned(limits);
	whole.start({{1, kOwn}, {2, "/nowhere"}, {3, kOwn}});
	abandoned.start(std::vector<DumpTarget>(500, {1, kOwn}));
	while (whole.take(buffer, sizeof(buffer)) >= 0)
		;
	abandoned.take(buffer, sizeof(buffer));
}

// Resources that LeakSanitizer does not see: descriptors, and memory shared with the kernel.
struct Holdings {
	unsigned descriptors = 0, mappings = 0;
	bool operator!=(const Holdings &other) const
	{
		return descriptors != other.descriptors || mappings != other.mappings;
	}
};

Holdings holdings()
{
	Holdings found;
	for (int fd = 0; fd < 1024; fd++)
		found.descriptors += fcntl(fd, F_GETFD) >= 0;
	std::ifstream maps("/proc/self/maps");
	for (std::string line; std::getline(maps, line);)
		found.mappings += line.find("bpf-map") != std::string::npos;
	return found;
}

void lose()
{
	void *volatile lost = new Tracer({kRingBytes, false, false});
	lost = nullptr;
	static_cast<void>(lost);
}
} // namespace

int main(int argc, char **argv)
{
	const long times = argc > 1 ? strtol(argv[1], nullptr, 10) : 1;
	const Holdings before = holdings();
	capture_libbpf_log();
	for (long i = 0; i < times; i++) {
		Tracer tracer({kRingBytes - 100, i % 2 == 0, i % 3 == 0});
		use(tracer);
		dump_sockets();
	}
	must_refuse("a ring without room", [] { const Tracer tracer({0, false, false}); });
	const Holdings after = holdings();
	if (after != before) {
		fprintf(stderr, "left open: %u descriptors, %u mappings\n", after.descriptors, after.mappings);
		return 1;
	}
	if (argc > 2 && strcmp(argv[2], "leak") == 0)
		lose();
	printf("%ld times\n", times);
	return 0;
}
