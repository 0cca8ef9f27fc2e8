// SPDX-License-Identifier: MIT
#include "native/js/js_error.h"

#include <cstring>

// A function of libuv, which is part of every Node; strerrorname_np() exists in glibc only.
extern "C" char *uv_err_name_r(int error, char *name, size_t size);

namespace
{
std::string name_of(int error)
{
	char name[64] = "";
	uv_err_name_r(-error, name, sizeof(name));
	return strchr(name, ' ') ? "UNKNOWN" : name; /* "Unknown system error -524" */
}
} // namespace

Napi::Error to_js(Napi::Env env, const NativeError &error)
{
	Napi::Error result = Napi::Error::New(env, error.what());
	result.Set("code", Napi::String::New(env, name_of(error.error())));
	result.Set("errno", Napi::Number::New(env, error.error()));
	result.Set("operation", Napi::String::New(env, error.operation()));
	result.Set("log", Napi::String::New(env, error.log()));
	return result;
}
