// SPDX-License-Identifier: MIT
#include "native/hosts/hosts_reader.h"

#include <algorithm>
#include <new>
#include <pthread.h>
#include <thread>
#include <utility>
#include "native/signals_blocked.h"

namespace
{
std::atomic<int> threads{0};

// Counts the calling thread's place, which was taken for it.
struct Place {
	~Place() { threads--; }
};

bool take_place()
{
	if (threads++ < HostsReader::kMostThreads)
		return true;
	threads--;
	return false;
}
} // namespace

void HostsReader::work(Read &read)
{
	pthread_setname_np(pthread_self(), "churn-hosts");
	try {
		read.file = read_hosts(read.pid, read.known_version);
	} catch (const std::bad_alloc &) {
		read.file.reset();
	}
}

bool HostsReader::start(pid_t pid, std::string known_version)
{
	if (read_ || !take_place())
		return false;
	auto read = std::make_shared<Read>();
	read->pid = pid;
	read->known_version = std::move(known_version);
	// The new thread inherits the mask: it never runs a handler, and takes no signal meant for the process.
	const SignalsBlocked blocked;
	try {
		std::thread([read] {
			{
				const Place place;
				work(*read);
			}
			read->done = true;
		}).detach();
	} catch (...) {
		threads--;
		throw;
	}
	read_ = std::move(read);
	return true;
}

void HostsReader::abandon()
{
	if (!read_)
		return;
	abandoned_.erase(std::remove_if(abandoned_.begin(), abandoned_.end(),
					[](const Abandoned &one) { return one.read.expired(); }),
			 abandoned_.end());
	abandoned_.push_back({read_->pid, read_});
	read_.reset();
}

bool HostsReader::waits(pid_t pid) const
{
	return std::any_of(abandoned_.begin(), abandoned_.end(),
			   [pid](const Abandoned &one) { return one.pid == pid && !one.read.expired(); });
}

bool HostsReader::done() const
{
	return read_ && read_->done;
}

std::optional<HostsFile> HostsReader::take()
{
	const auto read = std::exchange(read_, nullptr);
	return std::move(read->file);
}
