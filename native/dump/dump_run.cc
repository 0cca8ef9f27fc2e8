// SPDX-License-Identifier: MIT
#include "native/dump/dump_run.h"

#include <arpa/inet.h>
#include <cstring>
#include "native/dump/dump_record.h"
#include "native/dump/monotonic.h"
#include "native/dump/settings_text.h"

namespace
{
constexpr uint8_t kClose = 7;
constexpr uint8_t kBoundInactive = 13;
constexpr uint8_t kTimerTimeWait = 3;
// Bases of namespaces that were not dumped for this long are dropped; of idle ones there is a dump every thirty seconds.
constexpr std::chrono::minutes kUnused{5};

void copy_address(uint8_t (&to)[16], uint8_t family, const __be32 (&from)[4])
{
	if (family == AF_INET) {
		to[10] = to[11] = 0xff;
		memcpy(to + 12, &from[0], 4);
	} else {
		memcpy(to, from, sizeof(to));
	}
}

// The kernel shows a socket that is only bound as CLOSE, and also one that closed between being found and being shown; but
// that one has a peer.
uint8_t state_of(const struct inet_diag_msg &socket)
{
	const bool bound_only = socket.idiag_state == kClose && socket.id.idiag_dport == 0;
	return bound_only ? kBoundInactive : socket.idiag_state;
}

// The kernel says what is left of a timer now.
uint32_t expiry_of(const struct inet_diag_msg &socket, uint32_t elapsed_ms)
{
	const bool counts_on = socket.idiag_timer == kTimerTimeWait && socket.idiag_expires != 0;
	return counts_on ? socket.idiag_expires + elapsed_ms : socket.idiag_expires;
}

struct dump_socket record_of(const struct inet_diag_msg &socket, bool request, uint32_t elapsed_ms)
{
	struct dump_socket record = {};
	record.type = DUMP_SOCKET;
	record.size = sizeof(record);
	record.state = state_of(socket);
	record.timer = socket.idiag_timer;
	record.family = socket.idiag_family;
	record.flags = request ? DUMP_SOCKET_REQUEST : 0;
	record.cookie = static_cast<uint64_t>(socket.id.idiag_cookie[1]) << 32 | socket.id.idiag_cookie[0];
	copy_address(record.laddr, socket.idiag_family, socket.id.idiag_src);
	copy_address(record.raddr, socket.idiag_family, socket.id.idiag_dst);
	record.lport = ntohs(socket.id.idiag_sport);
	record.rport = ntohs(socket.id.idiag_dport);
	record.expires_ms = expiry_of(socket, elapsed_ms);
	record.uid = socket.idiag_uid;
	record.inode = socket.idiag_inode;
	return record;
}
} // namespace

int DumpRun::dump(NetlinkDump &dump, uint64_t started_ns, DifferenceWriter &writer)
{
	const int error = dump.run([&](const struct inet_diag_msg &socket, bool request) {
		const auto elapsed_ms = static_cast<uint32_t>((dump.made_ns() - started_ns) / 1'000'000);
		struct dump_socket record = record_of(socket, request, elapsed_ms);
		return writer.add(record);
	});
	return error != 0 ? error : writer.finish();
}

void DumpRun::dump_one(const DumpTarget &target)
{
	struct dump_begin begin = {};
	struct dump_end end = {};
	NetlinkDump sockets;
	DifferenceWriter difference(writer_, bases_);
	begin.type = DUMP_BEGIN;
	begin.size = sizeof(begin);
	begin.id = end.id = target.id;
	begin.owner_uid = DUMP_OWNER_UNKNOWN;
	int error = own_error_ != 0 ? own_error_ : visit_.enter(target.path, begin.netns_inum, begin.owner_uid);
	if (error == 0)
		error = sockets.open();
	if (error == 0)
		begin.netns_cookie = sockets.netns_cookie();
	begin.error = static_cast<uint32_t>(error);
	begin.started_ns = monotonic_ns();
	const bool dumps = error == 0 && !target.settings_only;
	if (dumps)
		difference.begin(begin.netns_cookie, begin.started_ns, target.agreement);
	begin.base = difference.base();
	writer_.add_anyway(&begin, sizeof(begin));
	if (dumps)
		error = dump(sockets, begin.started_ns, difference);
	end.sockets = difference.sockets();
	end.unchanged = difference.unchanged();
	end.generation = difference.generation();
	end.type = DUMP_END;
	end.size = sizeof(end);
	end.ended_ns = monotonic_ns();
	if (begin.error == 0) {
		const int text_error = target.settings_only ? write_settings(writer_)
							    : write_settings_and_counters(writer_);
		error = error != 0 ? error : text_error;
	}
	end.error = static_cast<uint32_t>(error);
	writer_.add_anyway(&end, sizeof(end));
}

bool DumpRun::dump_all(const std::vector<DumpTarget> &targets)
{
	own_error_ = visit_.open();
	bases_.drop_unused(DumpBases::Clock::now() - kUnused);
	for (const DumpTarget &target : targets) {
		if (queue_.cancelled())
			break;
		dump_one(target);
		visit_.leave();
	}
	writer_.flush();
	return visit_.leave() == 0;
}
