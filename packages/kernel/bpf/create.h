/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Sockets that may exist at all, and options that would carry them past the other hooks. */
#pragma once

#define SOCK_STREAM_TYPE 1
#define SOCK_DGRAM_TYPE 2
#define SOCK_RAW_TYPE 3

static __always_inline int is_known_protocol(__u32 type, __u32 protocol)
{
	if (type == SOCK_RAW_TYPE)
		return 0;
	switch (protocol) {
	case IPPROTO_TCP:
	case IPPROTO_MPTCP:
	case IPPROTO_SCTP: return 1;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6: return type == SOCK_DGRAM_TYPE;
	default: return 0;
	}
}

SEC("cgroup/sock_create")
int sock_create(struct bpf_sock *ctx)
{
	struct config *c = settings();
	if (!c)
		return REFUSED;
	if (is_known_protocol(ctx->type, ctx->protocol) || (ctx->type == SOCK_RAW_TYPE && (c->flags & ALLOW_RAW))) {
		/* Made here, where memory is allocated anyway: connect(2) then finds it. */
		struct flow *f = bpf_sk_storage_get(&flows, ctx, 0, BPF_SK_STORAGE_GET_F_CREATE);
		if (f) {
			f->elsewhere = is_elsewhere(c);
			f->unseen = is_unseen(c);
		}
		return PASSED;
	}
	struct subject s = {};
	struct target t = { .proto = ctx->protocol, .family = ctx->family };
	current_subject(&s);
	if (is_resolver(c))
		return PASSED;
	return refuse(&s, &t, active(c), CREATE);
}

/* Families without IP never reach the cgroup's IP hooks; a packet socket writes frames past them. */
SEC("lsm_cgroup/socket_create")
int BPF_PROG(family_guard, int family, int type, int protocol, int kern)
{
	struct config *c = settings();
	if (kern)
		return PASSED;
	if (!c)
		return REFUSED;
	switch (family) {
	case 1:  /* AF_UNIX */
	case 2:  /* AF_INET */
	case 10: /* AF_INET6 */
	case 16: /* AF_NETLINK */
	case 38: /* AF_ALG */
		return PASSED;
	case 17: /* AF_PACKET */
		if (c->flags & ALLOW_RAW)
			return PASSED;
	}
	struct subject s = {};
	struct target t = { .proto = 0, .family = family };
	current_subject(&s);
	return refuse(&s, &t, active(c), CREATE);
}

#define OPTION(LEVEL, NAME) ((LEVEL) << 16 | (NAME))

static __always_inline int is_guarded_option(__u32 level, __u32 name, __s32 length)
{
	switch (OPTION(level, name)) {
	case OPTION(1, 36): /* SO_MARK */
	case OPTION(0, 19): /* IP_TRANSPARENT */
	case OPTION(41, 75): /* IPV6_TRANSPARENT */
	case OPTION(6, 19): /* TCP_REPAIR: an established connection without a handshake */
		return 1;
	case OPTION(0, 4):   /* IP_OPTIONS: source routes */
	case OPTION(41, 57): /* IPV6_RTHDR */
	case OPTION(41, 6):  /* IPV6_2292PKTOPTIONS */
		return length > 0;
	default: return 0;
	}
}

SEC("cgroup/setsockopt")
int setsockopt(struct bpf_sockopt *ctx)
{
	/* The kernel hands over one page at most; a zero tells it to use the caller's own buffer. */
	__s32 length = ctx->optlen;
	if (!is_guarded_option(ctx->level, ctx->optname, length)) {
		if (length > 4096)
			ctx->optlen = 0;
		return PASSED;
	}
	struct config *c = settings();
	if (!c)
		return REFUSED;
	struct subject s = {};
	struct target t = {};
	if (ctx->sk) {
		t.family = ctx->sk->family;
		t.proto = ctx->sk->protocol;
	}
	current_subject(&s);
	if (is_resolver(c))
		return PASSED;
	return refuse(&s, &t, active(c), SETSOCKOPT);
}
