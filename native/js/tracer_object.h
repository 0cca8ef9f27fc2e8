// SPDX-License-Identifier: MIT
// The tracer as JavaScript sees it: NativeTracer of src/capture/native.ts.
#pragma once
#include <memory>
#include <napi.h>
#include "native/tracer/tracer.h"

class TracerObject : public Napi::ObjectWrap<TracerObject>
{
public:
	static Napi::Function define(Napi::Env env);
	explicit TracerObject(const Napi::CallbackInfo &info);

private:
	// Throws when the tracer is closed.
	Tracer &opened(const Napi::CallbackInfo &info);
	void attach(const Napi::CallbackInfo &info);
	Napi::Value drain(const Napi::CallbackInfo &info);
	Napi::Value take_overflow_counters(const Napi::CallbackInfo &info);
	Napi::Value take_lost_owners(const Napi::CallbackInfo &info);
	Napi::Value seeds(const Napi::CallbackInfo &info);
	Napi::Value stats(const Napi::CallbackInfo &info);
	Napi::Value hooks(const Napi::CallbackInfo &info);
	Napi::Value outcome_path(const Napi::CallbackInfo &info);
	void set_filter(const Napi::CallbackInfo &info);
	void set_traced(const Napi::CallbackInfo &info);
	void close(const Napi::CallbackInfo &info);

	std::unique_ptr<Tracer> tracer_;
};
