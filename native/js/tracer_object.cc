// SPDX-License-Identifier: MIT
#include "native/js/tracer_object.h"

#include "native/js/js_error.h"
#include "native/js/js_value.h"

Napi::Function TracerObject::define(Napi::Env env)
{
	return DefineClass(
		env, "Tracer",
		{InstanceMethod<&TracerObject::attach>("attach"), InstanceMethod<&TracerObject::drain>("drain"),
		 InstanceMethod<&TracerObject::take_overflow_counters>("takeOverflowCounters"),
		 InstanceMethod<&TracerObject::take_lost_owners>("takeLostOwners"),
		 InstanceMethod<&TracerObject::seeds>("seeds"), InstanceMethod<&TracerObject::stats>("stats"),
		 InstanceMethod<&TracerObject::hooks>("hooks"),
		 InstanceMethod<&TracerObject::outcome_path>("outcomePath"),
		 InstanceMethod<&TracerObject::set_filter>("setFilter"),
		 InstanceMethod<&TracerObject::set_traced>("setTraced"),
		 InstanceMethod<&TracerObject::close>("close")});
}

TracerObject::TracerObject(const Napi::CallbackInfo &info) : Napi::ObjectWrap<TracerObject>(info)
{
	const auto options = info[0].As<Napi::Object>();
	const TracerOptions native = {options.Get("ringBytes").As<Napi::Number>().Uint32Value(),
				      options.Get("syscalls").As<Napi::Boolean>().Value(),
				      options.Get("portableOutcome").ToBoolean().Value()};
	guarded(info.Env(), [&] { tracer_ = std::make_unique<Tracer>(native); });
}

Tracer &TracerObject::opened(const Napi::CallbackInfo &info)
{
	if (!tracer_)
		throw Napi::Error::New(info.Env(), "the tracer is closed");
	return *tracer_;
}

void TracerObject::attach(const Napi::CallbackInfo &info)
{
	Tracer &tracer = opened(info);
	guarded(info.Env(), [&] { tracer.attach(); });
}

Napi::Value TracerObject::drain(const Napi::CallbackInfo &info)
{
	Tracer &tracer = opened(info);
	auto buffer = info[0].As<Napi::Uint8Array>();
	const bool coalesce = info[1].ToBoolean();
	return number(info.Env(),
		      guarded(info.Env(), [&] { return tracer.drain(buffer.Data(), buffer.ByteLength(), coalesce); }));
}

Napi::Value TracerObject::take_overflow_counters(const Napi::CallbackInfo &info)
{
	Tracer &tracer = opened(info);
	auto buffer = info[0].As<Napi::Uint8Array>();
	return number(info.Env(), guarded(info.Env(), [&] {
			      return tracer.take_overflow_counters(buffer.Data(), buffer.ByteLength());
		      }));
}

Napi::Value TracerObject::take_lost_owners(const Napi::CallbackInfo &info)
{
	Tracer &tracer = opened(info);
	auto buffer = info[0].As<Napi::Uint8Array>();
	return number(info.Env(),
		      guarded(info.Env(), [&] { return tracer.take_lost_owners(buffer.Data(), buffer.ByteLength()); }));
}

Napi::Value TracerObject::seeds(const Napi::CallbackInfo &info)
{
	Tracer &tracer = opened(info);
	auto buffer = info[0].As<Napi::Uint8Array>();
	return number(info.Env(),
		      guarded(info.Env(), [&] { return tracer.seeds(buffer.Data(), buffer.ByteLength()); }));
}

Napi::Value TracerObject::stats(const Napi::CallbackInfo &info)
{
	Tracer &tracer = opened(info);
	const TracerStats stats = guarded(info.Env(), [&] { return tracer.stats(); });
	auto result = Napi::Object::New(info.Env());
	result.Set("events", number(info.Env(), stats.counters[COUNTER_EVENTS]));
	result.Set("ringLost", number(info.Env(), stats.counters[COUNTER_RING_LOST]));
	result.Set("overflowFull", number(info.Env(), stats.counters[COUNTER_OVERFLOW_FULL]));
	result.Set("storageFailures", number(info.Env(), stats.counters[COUNTER_STORAGE_FAILURES]));
	result.Set("identityLost", number(info.Env(), stats.counters[COUNTER_IDENTITY_LOST]));
	result.Set("spareStates", number(info.Env(), stats.counters[COUNTER_SPARE_STATES]));
	result.Set("gaps", number(info.Env(), stats.counters[COUNTER_GAPS]));
	return result;
}

Napi::Value TracerObject::hooks(const Napi::CallbackInfo &info)
{
	const auto sections = opened(info).hooks();
	auto result = Napi::Array::New(info.Env(), sections.size());
	for (uint32_t i = 0; i < sections.size(); i++)
		result.Set(i, sections[i]);
	return result;
}

Napi::Value TracerObject::outcome_path(const Napi::CallbackInfo &info)
{
	return Napi::String::New(info.Env(), opened(info).walks() ? "ehash" : "portable");
}

void TracerObject::set_filter(const Napi::CallbackInfo &info)
{
	Tracer &tracer = opened(info);
	const auto filter = info[0].As<Napi::Object>();
	const KernelFilter native = {numbers_of(filter.Get("tgids")), numbers_of(filter.Get("ports")),
				     numbers_of(filter.Get("netns"))};
	guarded(info.Env(), [&] { tracer.set_filter(native); });
}

void TracerObject::set_traced(const Napi::CallbackInfo &info)
{
	Tracer &tracer = opened(info);
	const auto tgids = numbers_of(info[0]);
	guarded(info.Env(), [&] { tracer.set_traced(tgids); });
}

void TracerObject::close(const Napi::CallbackInfo &)
{
	tracer_.reset();
}
