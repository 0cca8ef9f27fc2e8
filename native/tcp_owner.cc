// SPDX-License-Identifier: MIT
#include "native/tcp_owner.h"

#include <arpa/inet.h>
#include <cerrno>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include "native/native_error.h"
#include "native/unique_fd.h"

namespace
{
constexpr uint32_t kAllStates = 0x3ffe;
constexpr uint8_t kListen = 10;
// The kernel answers while the request is sent.
constexpr struct timeval kPatience = {1, 0};

struct Request {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
};

// Room for the answer and its attributes, of which none is asked for.
struct Answer {
	struct nlmsghdr header;
	union {
		struct inet_diag_msg socket;
		struct nlmsgerr error;
		char room[1024];
	};
};

void must(const char *operation, long result)
{
	if (result < 0)
		throw NativeError(operation, errno);
}

uint32_t address_of(const TcpEnd &end)
{
	struct in_addr address = {};
	if (inet_pton(AF_INET, end.address.c_str(), &address) != 1)
		throw NativeError("read an IPv4 address", EINVAL);
	return address.s_addr;
}

// In sock_diag's words the source is the local end.
Request request_for(const TcpEnd &local, const TcpEnd &remote)
{
	Request request = {};
	request.header.nlmsg_len = sizeof(request);
	request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	request.header.nlmsg_flags = NLM_F_REQUEST;
	request.body.sdiag_family = AF_INET;
	request.body.sdiag_protocol = IPPROTO_TCP;
	request.body.idiag_states = kAllStates;
	request.body.id.idiag_src[0] = address_of(local);
	request.body.id.idiag_sport = htons(local.port);
	request.body.id.idiag_dst[0] = address_of(remote);
	request.body.id.idiag_dport = htons(remote.port);
	request.body.id.idiag_cookie[0] = request.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return request;
}

Answer ask(const Request &request)
{
	const UniqueFd socket_fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
	must("open a sock_diag socket", socket_fd.get());
	must("limit the wait for sock_diag",
	     setsockopt(socket_fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience)));
	must("ask sock_diag", send(socket_fd.get(), &request, sizeof(request), 0));
	Answer answer = {};
	must("read the answer of sock_diag", recv(socket_fd.get(), &answer, sizeof(answer), 0));
	return answer;
}
} // namespace

std::optional<uint32_t> tcp_owner(const TcpEnd &local, const TcpEnd &remote)
{
	const Answer answer = ask(request_for(local, remote));
	if (answer.header.nlmsg_type == NLMSG_ERROR) {
		if (answer.error.error == -ENOENT)
			return std::nullopt;
		throw NativeError("look a socket up by sock_diag", -answer.error.error);
	}
	// Where there is no connection the kernel answers with a listener. Without an inode nobody has accepted it.
	if (answer.socket.idiag_state == kListen || answer.socket.idiag_inode == 0)
		return std::nullopt;
	return answer.socket.idiag_uid;
}
