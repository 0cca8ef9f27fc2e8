// SPDX-License-Identifier: MIT
#include "native/js/js_value.h"

std::vector<uint32_t> numbers_of(const Napi::Value &list)
{
	const auto array = list.As<Napi::Array>();
	std::vector<uint32_t> result;
	for (uint32_t i = 0; i < array.Length(); i++)
		result.push_back(array.Get(i).As<Napi::Number>().Uint32Value());
	return result;
}

std::vector<std::string> strings_of(const Napi::Value &list)
{
	const auto array = list.As<Napi::Array>();
	std::vector<std::string> result;
	for (uint32_t i = 0; i < array.Length(); i++)
		result.push_back(array.Get(i).As<Napi::String>());
	return result;
}

Napi::Number number(Napi::Env env, uint64_t value)
{
	return Napi::Number::New(env, static_cast<double>(value));
}
