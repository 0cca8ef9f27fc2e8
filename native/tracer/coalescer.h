// SPDX-License-Identifier: MIT
// Coalesces the open and the close of a connection that are in the same batch. Keeps nothing from one batch to the next.
// For one thread, JavaScript's; holds no lock.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

/*
 * Most connections that churn are shorter than the time between two drains: both their events are in one batch. As one
 * EVENT_COALESCED they cost the aggregator half, and take no place in its table of open connections.
 * The opens of the batch are kept by cookie, in a hash table with open addressing that is emptied by raising its era.
 */
class Coalescer
{
public:
	Coalescer();

	// A new batch: the opens of the last one are no longer in the buffer.
	void begin() { forget(); }

	// Takes the record at `at`, the last of the batch so far. True: it was merged into an earlier one, and its bytes are
	// free.
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
	size_t first_slot(uint64_t cookie) const;

	std::vector<Open> opens_;
	size_t used_ = 0;
	uint32_t era_ = 1;
};
