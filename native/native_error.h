// SPDX-License-Identifier: MIT
// Errors of system calls and libbpf: the operation, errno, and libbpf's last log lines. libbpf prints nothing: its last
// lines are kept here and become part of an error. One lock guards them, since several threads of JavaScript may call
// libbpf.
#pragma once
#include <stdexcept>
#include <string>

// Thrown inside native code only; every entry point turns it into a JavaScript error by to_js().
class NativeError : public std::runtime_error
{
public:
	// `error` is a positive errno.
	NativeError(const std::string &operation, int error);
	const std::string &operation() const { return operation_; }
	int error() const { return errno_; }
	const std::string &log() const { return log_; }

private:
	std::string operation_;
	int errno_;
	std::string log_;
};

// Throws when `result`, of a libbpf call, is a negative errno.
void check(int result, const std::string &operation);

// From now on libbpf's last lines are kept instead of printed. To be called before any other function of libbpf.
void capture_libbpf_log();
void clear_libbpf_log();
