// SPDX-License-Identifier: MIT
// The socket dumper as JavaScript sees it: NativeSocketDumper of src/capture/native.ts.
#pragma once
#include <memory>
#include <napi.h>
#include "native/dump/socket_dumper.h"

class DumperObject : public Napi::ObjectWrap<DumperObject>
{
public:
	static Napi::Function define(Napi::Env env);
	explicit DumperObject(const Napi::CallbackInfo &info);

private:
	SocketDumper &opened(const Napi::CallbackInfo &info);
	Napi::Value start(const Napi::CallbackInfo &info);
	Napi::Value take(const Napi::CallbackInfo &info);
	void close(const Napi::CallbackInfo &info);

	std::unique_ptr<SocketDumper> dumper_;
};
