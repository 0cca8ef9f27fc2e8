// SPDX-License-Identifier: MIT
// Errors of system calls and libbpf: the operation, errno, and what libbpf said.
#pragma once
#include <stdexcept>
#include <string>

// Thrown inside native code only; every entry point turns it into a JavaScript error by to_js().
class BpfError : public std::runtime_error
{
public:
	// `error` is a positive errno.
	BpfError(const std::string &operation, int error);
	const std::string &operation() const { return operation_; }
	int error() const { return errno_; }
	const std::string &log() const { return log_; }

private:
	std::string operation_;
	int errno_;
	std::string log_;
};

// Keeps libbpf's last lines instead of printing them. Called once, before any other libbpf call.
void capture_libbpf_log();
void clear_libbpf_log();
