// SPDX-License-Identifier: MIT
// Errors of system calls and libbpf, as they cross to JavaScript: {code, errno, operation, log}.
#pragma once
#include <napi.h>
#include <stdexcept>
#include <string>

// Thrown inside native code only; every entry point turns it into a JavaScript error by throw_to_js().
class BpfError : public std::runtime_error
{
public:
	// `error` is a positive errno.
	BpfError(const std::string &operation, int error);
	Napi::Error to_js(Napi::Env env) const;

private:
	std::string operation_;
	int errno_;
	std::string log_;
};

// Keeps libbpf's last lines instead of printing them. Called once, before any other libbpf call.
void capture_libbpf_log();
void clear_libbpf_log();
