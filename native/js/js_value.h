// SPDX-License-Identifier: MIT
// Values as they cross between JavaScript and native code.
#pragma once
#include <cstdint>
#include <napi.h>
#include <string>
#include <vector>

std::vector<uint32_t> numbers_of(const Napi::Value &list);
std::vector<std::string> strings_of(const Napi::Value &list);
// Exact up to 2^53.
Napi::Number number(Napi::Env env, uint64_t value);
