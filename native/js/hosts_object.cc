// SPDX-License-Identifier: MIT
#include "native/js/hosts_object.h"

#include <system_error>
#include "native/js/js_error.h"

Napi::Function HostsObject::define(Napi::Env env)
{
	return DefineClass(env, "HostsReader",
			   {InstanceMethod<&HostsObject::start>("start"), InstanceMethod<&HostsObject::take>("take"),
			    InstanceMethod<&HostsObject::abandon>("abandon"),
			    InstanceMethod<&HostsObject::waits>("waits")});
}

Napi::Value HostsObject::start(const Napi::CallbackInfo &info)
{
	const auto pid = info[0].As<Napi::Number>().Int32Value();
	try {
		return Napi::Boolean::New(info.Env(), reader_.start(pid, info[1].As<Napi::String>()));
	} catch (const std::system_error &error) {
		throw to_js(info.Env(), NativeError("start a thread for a hosts file", error.code().value()));
	}
}

Napi::Value HostsObject::take(const Napi::CallbackInfo &info)
{
	if (!reader_.done())
		return info.Env().Undefined();
	const auto file = reader_.take();
	if (!file)
		return info.Env().Null();
	auto result = Napi::Object::New(info.Env());
	result.Set("version", file->version);
	result.Set("bytes", file->bytes ? Napi::Value(Napi::Buffer<uint8_t>::Copy(
						  info.Env(), reinterpret_cast<const uint8_t *>(file->bytes->data()),
						  file->bytes->size()))
					: info.Env().Null());
	return result;
}

void HostsObject::abandon(const Napi::CallbackInfo &)
{
	reader_.abandon();
}

Napi::Value HostsObject::waits(const Napi::CallbackInfo &info)
{
	return Napi::Boolean::New(info.Env(), reader_.waits(info[0].As<Napi::Number>().Int32Value()));
}
