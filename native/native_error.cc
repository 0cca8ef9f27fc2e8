// SPDX-License-Identifier: MIT
#include "native/native_error.h"

#include <bpf/libbpf.h>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <sstream>

namespace
{
constexpr size_t kLogLines = 20;
constexpr size_t kLogLineBytes = 512;
std::mutex log_lock;
std::deque<std::string> log_lines;

std::string printed(const char *format, va_list args)
{
	char *text = nullptr;
	const int length = vasprintf(&text, format, args);
	if (length < 0)
		return "";
	const std::unique_ptr<char, decltype(&free)> owner(text, free);
	return {text, static_cast<size_t>(length)};
}

// The verifier's whole log comes in one call, and the reason is in its last lines.
int keep_lines(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_DEBUG)
		return 0;
	std::istringstream text(printed(format, args));
	std::lock_guard<std::mutex> guard(log_lock);
	for (std::string line; std::getline(text, line);) {
		log_lines.push_back(line.substr(0, kLogLineBytes));
		if (log_lines.size() > kLogLines)
			log_lines.pop_front();
	}
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
	libbpf_set_print(keep_lines);
}

void clear_libbpf_log()
{
	std::lock_guard<std::mutex> guard(log_lock);
	log_lines.clear();
}

NativeError::NativeError(const std::string &operation, int error)
	: std::runtime_error(operation + ": " + strerror(error)), operation_(operation), errno_(error), log_(last_log())
{
}

void check(int result, const std::string &operation)
{
	if (result < 0)
		throw NativeError(operation, -result);
}
