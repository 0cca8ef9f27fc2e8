// SPDX-License-Identifier: MIT
// The reader of hosts files as JavaScript sees it: NativeHostsReader of src/capture/native.ts.
#pragma once
#include <napi.h>
#include "native/hosts/hosts_reader.h"

class HostsObject : public Napi::ObjectWrap<HostsObject>
{
public:
	static Napi::Function define(Napi::Env env);
	explicit HostsObject(const Napi::CallbackInfo &info) : Napi::ObjectWrap<HostsObject>(info) {}

private:
	Napi::Value start(const Napi::CallbackInfo &info);
	Napi::Value take(const Napi::CallbackInfo &info);
	void abandon(const Napi::CallbackInfo &info);
	Napi::Value waits(const Napi::CallbackInfo &info);

	HostsReader reader_;
};
