// SPDX-License-Identifier: MIT
#include "native/audit_object.h"

#include <algorithm>
#include <system_error>
#include "native/audit_record.h"
#include "native/js_error.h"

namespace
{
constexpr int64_t kQueueBytes = 128 * 1024 * 1024;
constexpr int64_t kPatienceMs = 10'000;
constexpr size_t kLargestRecord = sizeof(struct audit_text) + AUDIT_TEXT_PIECE;

int64_t number_or(const Napi::Value &limits, const char *name, int64_t usual)
{
	if (!limits.IsObject())
		return usual;
	const Napi::Value value = limits.As<Napi::Object>().Get(name);
	return value.IsNumber() ? value.As<Napi::Number>().Int64Value() : usual;
}

AuditLimits limits_of(const Napi::Value &limits)
{
	const int64_t bytes = number_or(limits, "queueBytes", kQueueBytes);
	const int64_t patience = number_or(limits, "patienceMs", kPatienceMs);
	return {static_cast<size_t>(std::max<int64_t>(bytes, AuditChunk::kBytes)), std::chrono::milliseconds(patience)};
}

std::vector<AuditTarget> targets_of(const Napi::Value &value)
{
	const auto list = value.As<Napi::Array>();
	std::vector<AuditTarget> targets;
	for (uint32_t i = 0; i < list.Length(); i++) {
		const auto target = list.Get(i).As<Napi::Object>();
		targets.push_back({target.Get("id").As<Napi::Number>().Uint32Value(),
				   target.Get("path").As<Napi::String>().Utf8Value()});
	}
	return targets;
}
} // namespace

Napi::Function AuditorObject::define(Napi::Env env)
{
	return DefineClass(env, "Auditor",
			   {InstanceMethod<&AuditorObject::start>("start"),
			    InstanceMethod<&AuditorObject::take>("take"),
			    InstanceMethod<&AuditorObject::close>("close")});
}

AuditorObject::AuditorObject(const Napi::CallbackInfo &info) : Napi::ObjectWrap<AuditorObject>(info)
{
	auditor_ = std::make_unique<Auditor>(limits_of(info[0]));
}

Auditor &AuditorObject::opened(const Napi::CallbackInfo &info)
{
	if (!auditor_)
		throw Napi::Error::New(info.Env(), "the auditor is closed");
	return *auditor_;
}

Napi::Value AuditorObject::start(const Napi::CallbackInfo &info)
{
	Auditor &auditor = opened(info);
	try {
		return Napi::Boolean::New(info.Env(), auditor.start(targets_of(info[0])));
	} catch (const std::system_error &error) {
		throw to_js(info.Env(), BpfError("start the audit thread", error.code().value()));
	}
}

Napi::Value AuditorObject::take(const Napi::CallbackInfo &info)
{
	Auditor &auditor = opened(info);
	auto buffer = info[0].As<Napi::Uint8Array>();
	if (buffer.ByteLength() < kLargestRecord)
		throw Napi::RangeError::New(info.Env(), "take() needs a buffer that holds the largest record");
	const auto bytes = auditor.take(buffer.Data(), buffer.ByteLength());
	return Napi::Number::New(info.Env(), static_cast<double>(bytes));
}

void AuditorObject::close(const Napi::CallbackInfo &)
{
	auditor_.reset();
}
