// SPDX-License-Identifier: MIT
#include "native/bpf_error.h"

#include <bpf/libbpf.h>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <deque>
#include <mutex>

namespace
{
constexpr size_t kLogLines = 20;
constexpr size_t kLogLineBytes = 512;
std::mutex log_lock;
std::deque<std::string> log_lines;

int keep_line(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_DEBUG)
		return 0;
	char line[kLogLineBytes];
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	std::lock_guard<std::mutex> guard(log_lock);
	log_lines.emplace_back(line);
	if (log_lines.size() > kLogLines)
		log_lines.pop_front();
	return 0;
}

std::string last_log()
{
	std::lock_guard<std::mutex> guard(log_lock);
	std::string text;
	for (const auto &line : log_lines)
		text += line + "\n";
	return text;
}
} // namespace

void capture_libbpf_log()
{
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	libbpf_set_print(keep_line);
}

void clear_libbpf_log()
{
	std::lock_guard<std::mutex> guard(log_lock);
	log_lines.clear();
}

BpfError::BpfError(const std::string &operation, int error)
	: std::runtime_error(operation + ": " + strerror(error)), operation_(operation), errno_(error), log_(last_log())
{
}
