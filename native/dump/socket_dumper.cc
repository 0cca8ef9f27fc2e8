// SPDX-License-Identifier: MIT
#include "native/dump/socket_dumper.h"

#include <new>
#include <pthread.h>
#include "native/signals_blocked.h"

SocketDumper::~SocketDumper()
{
	if (!thread_.joinable())
		return;
	queue_.cancel();
	{
		std::lock_guard<std::mutex> guard(lock_);
		stop_ = true;
		wake_.notify_one();
	}
	thread_.join();
}

void SocketDumper::ensure_thread()
{
	if (thread_ended_.exchange(false))
		thread_.join();
	if (thread_.joinable())
		return;
	// The new thread inherits the mask: it never runs a handler, and takes no signal meant for the process.
	const SignalsBlocked blocked;
	thread_ = std::thread([this] { work(); });
}

bool SocketDumper::start(std::vector<DumpTarget> targets)
{
	if (running_)
		return false;
	ensure_thread();
	queue_.restart();
	running_ = true;
	std::lock_guard<std::mutex> guard(lock_);
	targets_ = std::move(targets);
	wake_.notify_one();
	return true;
}

ssize_t SocketDumper::take(uint8_t *buffer, size_t size)
{
	if (!running_)
		return -1;
	// Checked before taking: when it is finished, all its records are in the queue.
	const bool finished = queue_.finished();
	const size_t bytes = queue_.take(buffer, size);
	running_ = !finished || bytes > 0;
	return running_ ? static_cast<ssize_t>(bytes) : -1;
}

std::optional<std::vector<DumpTarget>> SocketDumper::next_targets()
{
	std::unique_lock<std::mutex> guard(lock_);
	wake_.wait(guard, [this] { return stop_ || targets_.has_value(); });
	if (stop_)
		return std::nullopt;
	return std::exchange(targets_, std::nullopt);
}

// Without memory the dump stops: a namespace without its end record counts as not dumped.
bool SocketDumper::run(const std::vector<DumpTarget> &targets)
{
	DumpRun run(queue_, bases_);
	try {
		return run.dump_all(targets);
	} catch (const std::bad_alloc &) {
		return false;
	}
}

void SocketDumper::work()
{
	pthread_setname_np(pthread_self(), "churn-dump");
	bool returned = true;
	while (returned) {
		const auto targets = next_targets();
		if (!targets)
			return;
		returned = run(*targets);
		thread_ended_ = !returned; /* before JavaScript may start again */
		queue_.finish();
	}
}
