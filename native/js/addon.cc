// SPDX-License-Identifier: MIT
// The addon's exports: the twin of src/capture/native.ts, same names. native/js/ converts values and errors; the work is
// done by the classes of native/tracer/, native/dump/ and native/hosts/ and the functions of native/process.h, which know nothing of
// JavaScript.
// Architecture invariant: native/ moves bytes. It may coalesce and group the events of one batch. It keeps no counts across
// batches (those that it returns are read from the kernel each time), filters nothing (it writes the filters that the BPF
// programs apply), logs nothing (libbpf's lines become part of an error) and knows no JSON.
#include <bpf/libbpf.h>
#include <napi.h>
#include "bpf/tcp_event.h"
#include "native/js/dumper_object.h"
#include "native/js/hosts_object.h"
#include "native/js/js_error.h"
#include "native/js/js_value.h"
#include "native/js/tracer_object.h"
#include "native/process.h"
#include "native/tcp_owner.h"

namespace
{
// Of one environment: each worker thread that loads the addon has its own.
struct Classes {
	Napi::FunctionReference tracer, dumper, hosts;
};

Napi::Value open_tracer(const Napi::CallbackInfo &info)
{
	return info.Env().GetInstanceData<Classes>()->tracer.New({info[0]});
}

Napi::Value open_socket_dumper(const Napi::CallbackInfo &info)
{
	return info.Env().GetInstanceData<Classes>()->dumper.New({info[0]});
}

Napi::Value open_hosts_reader(const Napi::CallbackInfo &info)
{
	return info.Env().GetInstanceData<Classes>()->hosts.New({});
}

void restart_with_capabilities(const Napi::CallbackInfo &info)
{
	const auto kept = numbers_of(info[0]);
	const auto words = strings_of(info[1]);
	guarded(info.Env(), [&] { restart_with(kept, words); });
}

void send_to_socket(const Napi::CallbackInfo &info)
{
	const std::string address = info[0].As<Napi::String>(), text = info[1].As<Napi::String>();
	guarded(info.Env(), [&] { send_datagram(address, text); });
}

void end_process(const Napi::CallbackInfo &info)
{
	end_at_once(info[0].As<Napi::Number>().Int32Value());
}

TcpEnd end_of(const Napi::Value &value)
{
	const auto end = value.As<Napi::Object>();
	return {end.Get("address").As<Napi::String>(),
		static_cast<uint16_t>(end.Get("port").As<Napi::Number>().Uint32Value())};
}

Napi::Value owner_of_tcp(const Napi::CallbackInfo &info)
{
	const auto local = end_of(info[0]), remote = end_of(info[1]);
	std::optional<uint32_t> uid;
	guarded(info.Env(), [&] { uid = tcp_owner(local, remote); });
	return uid ? Napi::Value(Napi::Number::New(info.Env(), *uid)) : info.Env().Null();
}

// The loader compares these with its own.
Napi::Object record_sizes(Napi::Env env)
{
	auto sizes = Napi::Object::New(env);
	sizes.Set("tcp_event", sizeof(struct tcp_event));
	sizes.Set("process_event", sizeof(struct process_event));
	sizes.Set("cgroup_event", sizeof(struct cgroup_event));
	sizes.Set("process_exit_event", sizeof(struct process_exit_event));
	sizes.Set("overflow_key", sizeof(struct overflow_key));
	sizes.Set("lost_owner", sizeof(struct lost_owner));
	return sizes;
}

Napi::Object init(Napi::Env env, Napi::Object exports)
{
	capture_libbpf_log();
	env.SetInstanceData(new Classes{Napi::Persistent(TracerObject::define(env)),
					Napi::Persistent(DumperObject::define(env)),
					Napi::Persistent(HostsObject::define(env))});
	exports.Set("eventFormat", EVENT_FORMAT);
	exports.Set("sizes", record_sizes(env));
	exports.Set("version", PORTCHURN_VERSION);
	exports.Set("libbpf", libbpf_version_string());
	exports.Set("openTracer", Napi::Function::New(env, open_tracer));
	exports.Set("openSocketDumper", Napi::Function::New(env, open_socket_dumper));
	exports.Set("openHostsReader", Napi::Function::New(env, open_hosts_reader));
	exports.Set("restartWith", Napi::Function::New(env, restart_with_capabilities));
	exports.Set("sendDatagram", Napi::Function::New(env, send_to_socket));
	exports.Set("endAtOnce", Napi::Function::New(env, end_process));
	exports.Set("tcpOwner", Napi::Function::New(env, owner_of_tcp));
	return exports;
}
} // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, init)
