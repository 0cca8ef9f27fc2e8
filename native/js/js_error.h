// SPDX-License-Identifier: MIT
// Native errors as they cross to JavaScript: {code, errno, operation, log}.
#pragma once
#include <napi.h>
#include "native/bpf_error.h"

Napi::Error to_js(Napi::Env env, const BpfError &error);
