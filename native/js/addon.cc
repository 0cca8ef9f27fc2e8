// SPDX-License-Identifier: MIT
// What JavaScript sees: the twin of src/capture/native.ts, same names, same order. Converts values and errors; the work
// is done by the classes it wraps.
#include <napi.h>
#include "bpf/tcp_event.h"
#include "native/js/dumper_object.h"
#include "native/js/js_error.h"
#include "native/process.h"
#include "native/tracer/tracer.h"

namespace
{
// Runs `work`, turning native errors into JavaScript ones.
template <typename Work> auto guarded(Napi::Env env, Work work) -> decltype(work())
{
	try {
		return work();
	} catch (const BpfError &error) {
		throw to_js(env, error);
	}
}

std::vector<uint32_t> numbers(const Napi::Value &value)
{
	const auto list = value.As<Napi::Array>();
	std::vector<uint32_t> result;
	for (uint32_t i = 0; i < list.Length(); i++)
		result.push_back(list.Get(i).As<Napi::Number>().Uint32Value());
	return result;
}

Napi::Number number(Napi::Env env, uint64_t value)
{
	return Napi::Number::New(env, static_cast<double>(value));
}

class TracerObject : public Napi::ObjectWrap<TracerObject>
{
public:
	static Napi::Function define(Napi::Env env)
	{
		return DefineClass(
			env, "Tracer",
			{InstanceMethod<&TracerObject::attach>("attach"), InstanceMethod<&TracerObject::drain>("drain"),
			 InstanceMethod<&TracerObject::overflow_counters>("overflowCounters"),
			 InstanceMethod<&TracerObject::seeds>("seeds"),
			 InstanceMethod<&TracerObject::take_lost_owners>("takeLostOwners"),
			 InstanceMethod<&TracerObject::stats>("stats"), InstanceMethod<&TracerObject::hooks>("hooks"),
			 InstanceMethod<&TracerObject::outcome_path>("outcomePath"),
			 InstanceMethod<&TracerObject::set_filter>("setFilter"),
			 InstanceMethod<&TracerObject::set_traced>("setTraced"),
			 InstanceMethod<&TracerObject::close>("close")});
	}

	explicit TracerObject(const Napi::CallbackInfo &info) : Napi::ObjectWrap<TracerObject>(info)
	{
		const auto options = info[0].As<Napi::Object>();
		const TracerOptions native = {options.Get("ringBytes").As<Napi::Number>().Uint32Value(),
					      options.Get("syscalls").As<Napi::Boolean>().Value(),
					      options.Get("portableOutcome").ToBoolean().Value()};
		guarded(info.Env(), [&] { tracer_ = std::make_unique<Tracer>(native); });
	}

private:
	Tracer &opened(const Napi::CallbackInfo &info)
	{
		if (!tracer_)
			throw Napi::Error::New(info.Env(), "the tracer is closed");
		return *tracer_;
	}

	void attach(const Napi::CallbackInfo &info)
	{
		Tracer &tracer = opened(info);
		guarded(info.Env(), [&] { tracer.attach(); });
	}

	Napi::Value drain(const Napi::CallbackInfo &info)
	{
		Tracer &tracer = opened(info);
		auto buffer = info[0].As<Napi::Uint8Array>();
		const bool coalesce = info[1].ToBoolean();
		return number(info.Env(), guarded(info.Env(), [&] {
				      return tracer.drain(buffer.Data(), buffer.ByteLength(), coalesce);
			      }));
	}

	Napi::Value overflow_counters(const Napi::CallbackInfo &info)
	{
		Tracer &tracer = opened(info);
		auto buffer = info[0].As<Napi::Uint8Array>();
		return number(info.Env(), guarded(info.Env(), [&] {
				      return tracer.overflow_counters(buffer.Data(), buffer.ByteLength());
			      }));
	}

	Napi::Value take_lost_owners(const Napi::CallbackInfo &info)
	{
		Tracer &tracer = opened(info);
		auto buffer = info[0].As<Napi::Uint8Array>();
		return number(info.Env(), guarded(info.Env(), [&] {
				      return tracer.take_lost_owners(buffer.Data(), buffer.ByteLength());
			      }));
	}

	Napi::Value seeds(const Napi::CallbackInfo &info)
	{
		Tracer &tracer = opened(info);
		auto buffer = info[0].As<Napi::Uint8Array>();
		return number(info.Env(),
			      guarded(info.Env(), [&] { return tracer.seeds(buffer.Data(), buffer.ByteLength()); }));
	}

	Napi::Value stats(const Napi::CallbackInfo &info)
	{
		Tracer &tracer = opened(info);
		const TracerStats stats = guarded(info.Env(), [&] { return tracer.stats(); });
		auto result = Napi::Object::New(info.Env());
		result.Set("events", number(info.Env(), stats.counters[COUNTER_EVENTS]));
		result.Set("ringLost", number(info.Env(), stats.counters[COUNTER_RING_LOST]));
		result.Set("overflowFull", number(info.Env(), stats.counters[COUNTER_OVERFLOW_FULL]));
		result.Set("storageFailures", number(info.Env(), stats.counters[COUNTER_STORAGE_FAILURES]));
		result.Set("identityLost", number(info.Env(), stats.counters[COUNTER_IDENTITY_LOST]));
		result.Set("gaps", number(info.Env(), stats.counters[COUNTER_GAPS]));
		return result;
	}

	Napi::Value hooks(const Napi::CallbackInfo &info)
	{
		const auto sections = opened(info).hooks();
		auto result = Napi::Array::New(info.Env(), sections.size());
		for (uint32_t i = 0; i < sections.size(); i++)
			result.Set(i, sections[i]);
		return result;
	}

	Napi::Value outcome_path(const Napi::CallbackInfo &info)
	{
		return Napi::String::New(info.Env(), opened(info).walks() ? "ehash" : "portable");
	}

	void set_filter(const Napi::CallbackInfo &info)
	{
		Tracer &tracer = opened(info);
		const auto filter = info[0].As<Napi::Object>();
		const KernelFilter native = {numbers(filter.Get("tgids")), numbers(filter.Get("ports")),
					     numbers(filter.Get("netns"))};
		guarded(info.Env(), [&] { tracer.set_filter(native); });
	}

	void set_traced(const Napi::CallbackInfo &info)
	{
		Tracer &tracer = opened(info);
		const auto tgids = numbers(info[0]);
		guarded(info.Env(), [&] { tracer.set_traced(tgids); });
	}

	void close(const Napi::CallbackInfo &) { tracer_.reset(); }

	std::unique_ptr<Tracer> tracer_;
};

// Of one environment: each worker thread that loads the addon has its own.
struct Classes {
	Napi::FunctionReference tracer, dumper;
};

Napi::Value open_tracer(const Napi::CallbackInfo &info)
{
	return info.Env().GetInstanceData<Classes>()->tracer.New({info[0]});
}

Napi::Value open_socket_dumper(const Napi::CallbackInfo &info)
{
	return info.Env().GetInstanceData<Classes>()->dumper.New({info[0]});
}

void restart_with_capabilities(const Napi::CallbackInfo &info)
{
	const auto kept = numbers(info[0]);
	const auto list = info[1].As<Napi::Array>();
	std::vector<std::string> words;
	for (uint32_t i = 0; i < list.Length(); i++)
		words.push_back(list.Get(i).As<Napi::String>());
	guarded(info.Env(), [&] { restart_with(kept, words); });
}

void send_to_socket(const Napi::CallbackInfo &info)
{
	const std::string address = info[0].As<Napi::String>(), text = info[1].As<Napi::String>();
	guarded(info.Env(), [&] { send_datagram(address, text); });
}

Napi::Object init(Napi::Env env, Napi::Object exports)
{
	capture_libbpf_log();
	env.SetInstanceData(
		new Classes{Napi::Persistent(TracerObject::define(env)), Napi::Persistent(DumperObject::define(env))});
	auto sizes = Napi::Object::New(env);
	sizes.Set("tcp_event", sizeof(struct tcp_event));
	sizes.Set("process_event", sizeof(struct process_event));
	sizes.Set("process_exit_event", sizeof(struct process_exit_event));
	sizes.Set("overflow_key", sizeof(struct overflow_key));
	sizes.Set("lost_owner", sizeof(struct lost_owner));
	exports.Set("eventFormat", EVENT_FORMAT);
	exports.Set("sizes", sizes);
	exports.Set("version", PORTCHURN_VERSION);
	exports.Set("libbpf", libbpf_version_string());
	exports.Set("openTracer", Napi::Function::New(env, open_tracer));
	exports.Set("openSocketDumper", Napi::Function::New(env, open_socket_dumper));
	exports.Set("restartWith", Napi::Function::New(env, restart_with_capabilities));
	exports.Set("sendDatagram", Napi::Function::New(env, send_to_socket));
	return exports;
}
} // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, init)
