// SPDX-License-Identifier: MIT
// Native errors as they cross to JavaScript: {code, errno, operation, log}, NativeError of src/capture/native.ts.
#pragma once
#include <napi.h>
#include "native/native_error.h"

Napi::Error to_js(Napi::Env env, const NativeError &error);

// Runs `work` and turns a native error into a JavaScript one.
template <typename Work> auto guarded(Napi::Env env, Work work) -> decltype(work())
{
	try {
		return work();
	} catch (const NativeError &error) {
		throw to_js(env, error);
	}
}
