// SPDX-License-Identifier: MIT
#include "native/dump/dump_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace
{
constexpr uint8_t kSynRecv = 3;

// Only full sockets have this attribute: it distinguishes one in SYN_RECV from a request.
bool has_shutdown(const uint8_t *at, size_t left)
{
	while (left >= NLA_HDRLEN) {
		const auto *attribute = reinterpret_cast<const struct nlattr *>(at);
		if (attribute->nla_type == INET_DIAG_SHUTDOWN)
			return true;
		if (attribute->nla_len < NLA_HDRLEN || attribute->nla_len > left)
			return false;
		const size_t step = std::min<size_t>(NLA_ALIGN(attribute->nla_len), left);
		at += step;
		left -= step;
	}
	return false;
}

int visit(const struct nlmsghdr &message, const DumpReader::Visitor &visitor)
{
	constexpr size_t kFixed = NLMSG_LENGTH(sizeof(struct inet_diag_msg));
	if (message.nlmsg_len < kFixed)
		return EPROTO;
	const auto *start = reinterpret_cast<const uint8_t *>(&message);
	const auto *socket = reinterpret_cast<const struct inet_diag_msg *>(start + NLMSG_HDRLEN);
	const bool request = socket->idiag_state == kSynRecv &&
			     !has_shutdown(start + kFixed, message.nlmsg_len - kFixed);
	return visitor(*socket, request);
}

// DONE and ERROR both begin with a negative errno or 0.
int result_of(const struct nlmsghdr &message)
{
	int result = 0;
	if (message.nlmsg_len >= NLMSG_LENGTH(sizeof(result)))
		memcpy(&result, reinterpret_cast<const uint8_t *>(&message) + NLMSG_HDRLEN, sizeof(result));
	return result <= 0 && result > -4096 ? -result : EPROTO;
}
} // namespace

int DumpReader::take(const struct nlmsghdr &message, const Visitor &visitor)
{
	interrupted_ |= (message.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
	done_ = message.nlmsg_type == NLMSG_DONE || message.nlmsg_type == NLMSG_ERROR;
	return done_ ? result_of(message) : visit(message, visitor);
}

// Not with NLMSG_NEXT: when the last message ends before its padding, that macro makes the remaining length wrap below zero.
int DumpReader::read(const uint8_t *bytes, size_t size, const Visitor &visitor)
{
	int error = 0;
	while (size > 0 && error == 0 && !done_) {
		const auto *message = reinterpret_cast<const struct nlmsghdr *>(bytes);
		if (size < sizeof(*message) || message->nlmsg_len < sizeof(*message) || message->nlmsg_len > size)
			return EPROTO;
		error = take(*message, visitor);
		const size_t step = std::min<size_t>(NLMSG_ALIGN(message->nlmsg_len), size);
		bytes += step;
		size -= step;
	}
	return error;
}
