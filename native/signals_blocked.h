// SPDX-License-Identifier: MIT
// Blocks every signal in the calling thread for as long as the object exists.
#pragma once
#include <csignal>
#include <pthread.h>

class SignalsBlocked
{
public:
	SignalsBlocked()
	{
		sigset_t all;
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before_);
	}
	SignalsBlocked(const SignalsBlocked &) = delete;
	SignalsBlocked &operator=(const SignalsBlocked &) = delete;
	~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
	sigset_t before_;
};
