// SPDX-License-Identifier: MIT
// The dumper's differences without a kernel: takes the sockets of dumps on stdin, as the kernel might show them, and writes
// the records that the dumper makes of them, each dump after its length in bytes (u32). For tests.
#include <cerrno>
#include <cstdio>
#include <vector>
#include "native/difference/difference_writer.h"

namespace
{
// Before each dump; after it `again` cookies and `sockets` records of dump_socket.
struct Request {
	uint64_t netns_cookie;
	uint64_t started_ns;
	uint32_t generation;
	uint32_t error; /* how the dump ends, after its sockets */
	uint32_t again;
	uint32_t sockets;
	uint32_t netns_inum;
	uint32_t pad;
};

template <typename T> bool read_all(T *to, size_t count)
{
	return fread(to, sizeof(T), count, stdin) == count;
}

struct dump_begin begin_of(const Request &request, const DifferenceWriter &difference)
{
	struct dump_begin begin = {};
	begin.type = DUMP_BEGIN;
	begin.size = sizeof(begin);
	begin.started_ns = request.started_ns;
	begin.netns_cookie = request.netns_cookie;
	begin.netns_inum = request.netns_inum;
	begin.base = difference.base();
	return begin;
}

struct dump_end end_of(uint32_t error, const DifferenceWriter &difference)
{
	struct dump_end end = {};
	end.type = DUMP_END;
	end.size = sizeof(end);
	end.sockets = difference.sockets();
	end.unchanged = difference.unchanged();
	end.generation = difference.generation();
	end.error = error;
	return end;
}

void dump(const Request &request, Agreement &&agreement, std::vector<struct dump_socket> &sockets, RecordWriter &writer,
	  DumpBases &bases)
{
	DifferenceWriter difference(writer, bases);
	difference.begin(request.netns_cookie, request.started_ns, agreement);
	const struct dump_begin begin = begin_of(request, difference);
	writer.add_anyway(&begin, sizeof(begin));
	for (struct dump_socket &socket : sockets)
		difference.add(socket);
	const int error = request.error != 0 ? static_cast<int>(request.error) : difference.finish();
	const struct dump_end end = end_of(static_cast<uint32_t>(error), difference);
	writer.add_anyway(&end, sizeof(end));
	writer.flush();
}

void write_taken(ChunkQueue &queue)
{
	std::vector<uint8_t> all;
	std::vector<uint8_t> buffer(Chunk::kBytes);
	while (const size_t bytes = queue.take(buffer.data(), buffer.size()))
		all.insert(all.end(), buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(bytes));
	const auto length = static_cast<uint32_t>(all.size());
	fwrite(&length, sizeof(length), 1, stdout);
	fwrite(all.data(), 1, all.size(), stdout);
	fflush(stdout);
}
} // namespace

int main()
{
	ChunkQueue queue({size_t{1} << 30, std::chrono::milliseconds(0)});
	RecordWriter writer(queue);
	DumpBases bases;
	Request request = {};
	while (read_all(&request, 1)) {
		Agreement agreement = {true, request.generation, std::vector<uint64_t>(request.again)};
		std::vector<struct dump_socket> sockets(request.sockets);
		if (!read_all(agreement.again.data(), request.again) || !read_all(sockets.data(), request.sockets))
			return 1;
		dump(request, std::move(agreement), sockets, writer, bases);
		write_taken(queue);
	}
	return 0;
}
