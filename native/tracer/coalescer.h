// SPDX-License-Identifier: MIT
// Joins the open and the close of a connection that lie in one batch. Used by one thread, JavaScript's; holds no lock.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

/*
 * Most connections that churn live for less than a look at the ring: both their events come at once. Told as one
 * EVENT_COALESCED they cost the aggregator half, and no place among the connections that are open.
 * Opens of the batch by cookie: a hash table with open addressing, emptied by counting its era.
 */
class Coalescer
{
public:
	Coalescer();

	// A new batch: what was remembered of the last one lies elsewhere now.
	void begin() { forget(); }

	// Looks at the record at `at`, the last of the batch so far. True: it became part of an earlier one, its room is free.
	bool coalesce(uint8_t *batch, size_t at);

private:
	struct Open {
		uint64_t cookie;
		uint32_t at;
		uint32_t era;
	};

	void forget();
	void remember(uint64_t cookie, size_t at);
	const Open *find(uint64_t cookie) const;
	size_t home(uint64_t cookie) const;

	std::vector<Open> opens_;
	size_t used_ = 0;
	uint32_t era_ = 1;
};
