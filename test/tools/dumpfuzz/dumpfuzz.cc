// SPDX-License-Identifier: MIT
// Fuzzes the reader of sock_diag dumps: of well-formed dumps it must show every socket, damaged ones must not crash it. For
// use with the sanitizers, since each buffer ends where its bytes end. `dumpfuzz SEED ROUNDS` prints its counts, and exits 1
// when a well-formed dump was misread.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>
#include "native/dump/dump_reader.h"

namespace
{
constexpr uint8_t kEstablished = 1, kSynRecv = 3;

std::mt19937_64 random_bits;

uint32_t below(uint32_t bound)
{
	return static_cast<uint32_t>(random_bits() % bound);
}

struct Dump {
	std::vector<uint8_t> bytes;
	unsigned sockets = 0, requests = 0;
};

void append(std::vector<uint8_t> &to, const void *from, size_t size)
{
	const auto *bytes = static_cast<const uint8_t *>(from);
	to.insert(to.end(), bytes, bytes + size);
	to.resize(NLMSG_ALIGN(to.size()));
}

void add_attribute(std::vector<uint8_t> &to, uint16_t type)
{
	uint8_t payload[64] = {};
	const size_t size = below(sizeof(payload));
	const struct nlattr header = {static_cast<uint16_t>(NLA_HDRLEN + size), type};
	append(to, &header, sizeof(header));
	append(to, payload, size);
}

// A full socket has INET_DIAG_SHUTDOWN among its attributes, a request has not.
std::vector<uint8_t> socket_body(bool request)
{
	std::vector<uint8_t> body;
	struct inet_diag_msg socket = {};
	socket.idiag_state = request || below(4) == 0 ? kSynRecv : kEstablished;
	append(body, &socket, sizeof(socket));
	for (uint32_t i = below(4); i > 0; i--)
		add_attribute(body, static_cast<uint16_t>(INET_DIAG_SHUTDOWN + 1 + below(20)));
	if (!request)
		add_attribute(body, INET_DIAG_SHUTDOWN);
	return body;
}

void add_message(Dump &dump, uint16_t type, const std::vector<uint8_t> &body)
{
	struct nlmsghdr header = {};
	header.nlmsg_len = static_cast<uint32_t>(NLMSG_HDRLEN + body.size());
	header.nlmsg_type = type;
	append(dump.bytes, &header, sizeof(header));
	append(dump.bytes, body.data(), body.size());
}

Dump well_formed()
{
	Dump dump;
	for (uint32_t i = below(12); i > 0; i--) {
		const bool request = below(3) == 0;
		add_message(dump, TCPDIAG_GETSOCK, socket_body(request));
		dump.sockets++;
		dump.requests += request;
	}
	add_message(dump, NLMSG_DONE, std::vector<uint8_t>(sizeof(int)));
	return dump;
}

// Removes the padding of the last message.
void shorten_last(std::vector<uint8_t> &bytes)
{
	size_t at = 0;
	struct nlmsghdr header = {};
	for (size_t next = 0; next + sizeof(header) <= bytes.size(); next += NLMSG_ALIGN(header.nlmsg_len)) {
		at = next;
		memcpy(&header, &bytes[at], sizeof(header));
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > bytes.size() - at)
			return;
	}
	if (bytes.size() < at + sizeof(header))
		return;
	bytes.resize(bytes.size() - below(4));
	header.nlmsg_len = static_cast<uint32_t>(bytes.size() - at);
	memcpy(&bytes[at], &header, sizeof(header));
}

// Lengths that are hard on a reader: that of the rest, about that, 0, less than a header, far too large.
uint32_t bad_length(size_t rest)
{
	const uint32_t left = static_cast<uint32_t>(rest);
	const uint32_t choices[] = {left, left - 1, left - 3, left + 1, 0, 3, NLMSG_HDRLEN - 1, 0xffff, 0xffffffff};
	return choices[below(sizeof(choices) / sizeof(*choices))];
}

// Messages and attributes both begin with their length, at a multiple of 4.
void damage(std::vector<uint8_t> &bytes)
{
	for (uint32_t i = 1 + below(4); i > 0 && bytes.size() > sizeof(uint32_t); i--) {
		const size_t at = below(static_cast<uint32_t>(bytes.size() / sizeof(uint32_t))) * sizeof(uint32_t);
		const uint32_t length = bad_length(bytes.size() - at);
		if (below(2) == 0)
			bytes[at] = static_cast<uint8_t>(random_bits());
		else
			memcpy(&bytes[at], &length, below(2) == 0 ? sizeof(uint16_t) : sizeof(uint32_t));
	}
	if (below(2) == 0)
		bytes.resize(below(static_cast<uint32_t>(bytes.size()) + 1));
	if (below(2) == 0)
		shorten_last(bytes);
}

// Reads the dump from memory of exactly its size, and reads every socket that the reader shows.
int read(const std::vector<uint8_t> &bytes, Dump &seen)
{
	const std::unique_ptr<uint8_t[]> exact(new uint8_t[bytes.size()]);
	memcpy(exact.get(), bytes.data(), bytes.size());
	DumpReader reader;
	return reader.read(exact.get(), bytes.size(), [&](const struct inet_diag_msg &socket, bool request) {
		struct inet_diag_msg copy = socket;
		append(seen.bytes, &copy, sizeof(copy));
		seen.sockets++;
		seen.requests += request;
		return 0;
	});
}

bool reads_whole(const Dump &dump)
{
	Dump seen;
	return read(dump.bytes, seen) == 0 && seen.sockets == dump.sockets && seen.requests == dump.requests;
}
} // namespace

int main(int argc, char **argv)
{
	const uint64_t seed = argc > 1 ? strtoull(argv[1], nullptr, 10) : 1;
	const long rounds = argc > 2 ? strtol(argv[2], nullptr, 10) : 1;
	unsigned long damaged = 0, refused = 0;
	random_bits.seed(seed);
	for (long i = 0; i < rounds; i++) {
		Dump dump = well_formed(), seen;
		if (!reads_whole(dump)) {
			fprintf(stderr, "seed %llu, round %ld: misread\n", static_cast<unsigned long long>(seed), i);
			return 1;
		}
		damage(dump.bytes);
		damaged++;
		refused += read(dump.bytes, seen) != 0;
	}
	printf("{\"seed\":%llu,\"dumps\":%ld,\"damaged\":%lu,\"refused\":%lu}\n", static_cast<unsigned long long>(seed),
	       rounds, damaged, refused);
	return 0;
}
