// SPDX-License-Identifier: MIT
#include "native/js/dumper_object.h"

#include <algorithm>
#include <cstring>
#include <system_error>
#include "native/dump/dump_record.h"
#include "native/js/js_error.h"

namespace
{
constexpr int64_t kQueueBytes = 128 * 1024 * 1024;
constexpr int64_t kPatienceMs = 10'000;
constexpr size_t kLargestRecord = sizeof(struct dump_text) + DUMP_TEXT_PIECE;

int64_t number_or(const Napi::Value &limits, const char *name, int64_t usual)
{
	if (!limits.IsObject())
		return usual;
	const Napi::Value value = limits.As<Napi::Object>().Get(name);
	return value.IsNumber() ? value.As<Napi::Number>().Int64Value() : usual;
}

DumpLimits limits_of(const Napi::Value &limits)
{
	const int64_t bytes = number_or(limits, "queueBytes", kQueueBytes);
	const int64_t patience = number_or(limits, "patienceMs", kPatienceMs);
	return {static_cast<size_t>(std::max<int64_t>(bytes, Chunk::kBytes)), std::chrono::milliseconds(patience)};
}

std::vector<uint64_t> cookies_of(const Napi::Value &value)
{
	if (!value.IsTypedArray())
		return {};
	const auto halves = value.As<Napi::Uint32Array>();
	std::vector<uint64_t> cookies(halves.ElementLength() / 2);
	if (!cookies.empty())
		memcpy(cookies.data(), halves.Data(), cookies.size() * sizeof(uint64_t));
	return cookies;
}

Agreement agreement_of(const Napi::Object &target)
{
	const Napi::Value base = target.Get("base");
	if (!base.IsNumber())
		return {};
	return {true, base.As<Napi::Number>().Uint32Value(), cookies_of(target.Get("again"))};
}

std::vector<DumpTarget> targets_of(const Napi::Value &value)
{
	const auto list = value.As<Napi::Array>();
	std::vector<DumpTarget> targets;
	for (uint32_t i = 0; i < list.Length(); i++) {
		const auto target = list.Get(i).As<Napi::Object>();
		targets.push_back({target.Get("id").As<Napi::Number>().Uint32Value(),
				   target.Get("path").As<Napi::String>().Utf8Value(),
				   target.Get("settingsOnly").ToBoolean().Value(), agreement_of(target)});
	}
	return targets;
}
} // namespace

Napi::Function DumperObject::define(Napi::Env env)
{
	return DefineClass(env, "SocketDumper",
			   {InstanceMethod<&DumperObject::start>("start"), InstanceMethod<&DumperObject::take>("take"),
			    InstanceMethod<&DumperObject::close>("close")});
}

DumperObject::DumperObject(const Napi::CallbackInfo &info) : Napi::ObjectWrap<DumperObject>(info)
{
	dumper_ = std::make_unique<SocketDumper>(limits_of(info[0]));
}

SocketDumper &DumperObject::opened(const Napi::CallbackInfo &info)
{
	if (!dumper_)
		throw Napi::Error::New(info.Env(), "the dumper is closed");
	return *dumper_;
}

Napi::Value DumperObject::start(const Napi::CallbackInfo &info)
{
	SocketDumper &dumper = opened(info);
	try {
		return Napi::Boolean::New(info.Env(), dumper.start(targets_of(info[0])));
	} catch (const std::system_error &error) {
		throw to_js(info.Env(), NativeError("start the dump thread", error.code().value()));
	}
}

Napi::Value DumperObject::take(const Napi::CallbackInfo &info)
{
	SocketDumper &dumper = opened(info);
	auto buffer = info[0].As<Napi::Uint8Array>();
	if (buffer.ByteLength() < kLargestRecord)
		throw Napi::RangeError::New(info.Env(), "take() needs a buffer that holds the largest record");
	const auto bytes = dumper.take(buffer.Data(), buffer.ByteLength());
	return Napi::Number::New(info.Env(), static_cast<double>(bytes));
}

void DumperObject::close(const Napi::CallbackInfo &)
{
	dumper_.reset();
}
