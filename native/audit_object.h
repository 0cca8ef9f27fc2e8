// SPDX-License-Identifier: MIT
// The auditor as JavaScript sees it: NativeAuditor of src/capture/native.ts.
#pragma once
#include <memory>
#include <napi.h>
#include "native/auditor.h"

class AuditorObject : public Napi::ObjectWrap<AuditorObject>
{
public:
	static Napi::Function define(Napi::Env env);
	explicit AuditorObject(const Napi::CallbackInfo &info);

private:
	Auditor &opened(const Napi::CallbackInfo &info);
	Napi::Value start(const Napi::CallbackInfo &info);
	Napi::Value take(const Napi::CallbackInfo &info);
	void close(const Napi::CallbackInfo &info);

	std::unique_ptr<Auditor> auditor_;
};
