// SPDX-License-Identifier: MIT
#include "native/dump/settings_text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <vector>
#include "native/dump/dump_record.h"
#include "native/unique_fd.h"

namespace
{
// By enum dump_file. /proc/sys shows the namespace of the reading thread; /proc/self/net would show that of the main thread.
constexpr const char *kPaths[] = {
	"/proc/sys/net/ipv4/ip_local_port_range", "/proc/sys/net/ipv4/ip_local_reserved_ports",
	"/proc/sys/net/ipv4/tcp_tw_reuse",        "/proc/sys/net/ipv4/tcp_tw_reuse_delay",
	"/proc/sys/net/ipv4/tcp_timestamps",      "/proc/sys/net/ipv4/tcp_fin_timeout",
	"/proc/sys/net/ipv4/tcp_max_tw_buckets",  "/proc/thread-self/net/netstat",
	"/proc/thread-self/net/sockstat",         "/proc/thread-self/net/snmp",
};
static_assert(std::size(kPaths) == DUMP_FILE_SNMP + 1, "one path for each dump_file");

// Reads until the file ends or `text` is full.
bool read_into(const char *path, std::vector<uint8_t> &text)
{
	const UniqueFd file(open(path, O_RDONLY | O_CLOEXEC));
	if (!file)
		return false;
	size_t used = 0;
	while (used < text.size()) {
		const ssize_t bytes = read(file.get(), text.data() + used, text.size() - used);
		if (bytes < 0 && errno != EINTR)
			return false;
		if (bytes == 0)
			break;
		used += bytes > 0 ? static_cast<size_t>(bytes) : 0;
	}
	text.resize(used);
	return true;
}

// The kernel cuts a list of ports at the size of the first read: when the buffer is full, the file is read again from the
// start.
bool read_text(const char *path, std::vector<uint8_t> &text)
{
	text.resize(DUMP_TEXT_PIECE);
	if (!read_into(path, text))
		return false;
	if (text.size() < DUMP_TEXT_PIECE)
		return true;
	text.resize(DUMP_TEXT_LIMIT);
	return read_into(path, text);
}

int write_piece(RecordWriter &writer, size_t file, const std::vector<uint8_t> &text, size_t offset)
{
	std::array<uint8_t, sizeof(struct dump_text) + DUMP_TEXT_PIECE> record = {};
	struct dump_text header = {};
	const size_t length = std::min<size_t>(text.size() - offset, DUMP_TEXT_PIECE);
	header.type = DUMP_TEXT;
	header.size = static_cast<uint16_t>((sizeof(header) + length + 7) / 8 * 8);
	header.file = static_cast<uint16_t>(file);
	header.length = static_cast<uint16_t>(length);
	header.offset = static_cast<uint32_t>(offset);
	if (offset + length == text.size())
		header.flags = text.size() == DUMP_TEXT_LIMIT ? DUMP_TEXT_LAST | DUMP_TEXT_CUT : DUMP_TEXT_LAST;
	memcpy(record.data(), &header, sizeof(header));
	std::copy_n(text.begin() + static_cast<ptrdiff_t>(offset), length, record.begin() + sizeof(header));
	return writer.add(record.data(), header.size);
}

// The first `files` of kPaths.
int write_files(RecordWriter &writer, size_t files)
{
	std::vector<uint8_t> text;
	for (size_t file = 0; file < files; file++) {
		if (!read_text(kPaths[file], text))
			continue;
		size_t offset = 0;
		do {
			if (const int error = write_piece(writer, file, text, offset))
				return error;
			offset += DUMP_TEXT_PIECE;
		} while (offset < text.size());
	}
	return 0;
}
} // namespace

int write_settings(RecordWriter &writer)
{
	return write_files(writer, DUMP_FILE_NETSTAT);
}

int write_settings_and_counters(RecordWriter &writer)
{
	return write_files(writer, std::size(kPaths));
}
