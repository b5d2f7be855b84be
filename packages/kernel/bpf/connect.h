/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* connect(2) and sendmsg(2) with an address; DNS is turned to the resolver and its answers turned back. */
#pragma once

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#define DNS_PORT 53

static __always_inline void read_target(struct bpf_sock_addr *ctx, struct target *t, int six)
{
	if (six)
		put_words(t->addr, ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3]);
	else
		put_words(t->addr, 0, 0, MAPPED, ctx->user_ip4);
	t->port = bpf_ntohs(ctx->user_port);
	t->proto = ctx->protocol == IPPROTO_MPTCP ? IPPROTO_TCP : ctx->protocol;
	t->family = six ? 10 : 2;
}

static __always_inline void write_address(struct bpf_sock_addr *ctx, const __u8 *addr, __u16 port, int six)
{
	__u32 w[4];
	__builtin_memcpy(w, addr, 16);
	if (six) {
		ctx->user_ip6[0] = w[0];
		ctx->user_ip6[1] = w[1];
		ctx->user_ip6[2] = w[2];
		ctx->user_ip6[3] = w[3];
	} else {
		ctx->user_ip4 = w[3];
	}
	ctx->user_port = bpf_htons(port);
}

static __always_inline int is_mapped(const __u8 *addr)
{
	__u32 w[4];
	__builtin_memcpy(w, addr, 16);
	return !w[0] && !w[1] && w[2] == MAPPED;
}

static __always_inline int is_resolver_address(struct config *c, struct target *t)
{
	if (t->port != c->resolver_port)
		return 0;
	return ((c->resolver_families & HAS_V4) && same_address(t->addr, c->resolver4)) ||
	       ((c->resolver_families & HAS_V6) && same_address(t->addr, c->resolver6));
}

static __always_inline int is_dns(struct config *c, struct target *t)
{
	return c->resolver_families && t->port == DNS_PORT && (t->proto == IPPROTO_UDP || t->proto == IPPROTO_TCP);
}

static __always_inline int redirect(struct bpf_sock_addr *ctx, struct config *c, struct flow *f, struct subject *s,
				    struct target *t, int six, __u8 hook)
{
	int mapped = is_mapped(t->addr);
	const __u8 *to;
	if (!six || (mapped && (c->resolver_families & HAS_V4)))
		to = c->resolver_families & HAS_V4 ? c->resolver4 : 0;
	else if (c->resolver_families & HAS_V6)
		to = c->resolver6;
	else
		/* The kernel does not take a rewrite from IPv6 to IPv4 in sendmsg. */
		to = hook == CONNECT ? c->resolver4 : 0;
	if (!to)
		return refuse(s, t, active(c), hook);
	bpf_spin_lock(&f->lock);
	f->subject = *s;
	f->original = *t;
	f->used = 1;
	f->redirected = 1;
	f->connected = hook == CONNECT;
	f->exempt = 0;
	f->allowance.rule = NO_LIMIT;
	bpf_spin_unlock(&f->lock);
	write_address(ctx, to, c->resolver_port, six);
	count(REDIRECTED);
	return PASSED;
}

/* Judges the current task's wish to reach t through the socket of f. */
static __always_inline __u32 judge_current(struct bpf_sock_addr *ctx, struct config *c, struct flow *f, struct subject *s,
					    struct target *t, __u32 generation, __u8 hook)
{
	struct verdict v;
	__u64 now = bpf_ktime_get_boot_ns(), cookie = bpf_get_socket_cookie(ctx);
	end_datagrams(f, cookie);
	current_executable(&s->exe);
	if (asks_for_unit(generation))
		current_levels(&f->levels);
	else
		f->levels.id[0] = 0;
	bpf_get_current_comm(f->comm, sizeof(f->comm));
	f->parent = current_parent();
	v.rank = generation;
	v.word = may_await(c, f);
	decide(s, &f->levels, t, &v, now);
	if (VERDICT(v.word) == AWAITED && t->proto == IPPROTO_TCP && was_looked_at(f, cookie))
		v = (struct verdict){ .word = structural_refusal(generation), .rank = UNKNOWN, .rule = UNKNOWN, .name = UNKNOWN };
	f->allowance.counted = 0;
	remember(f, s, t, &v, generation, now, hook == CONNECT);
	/* Datagrams count when the first one is sent: many sockets are only connected to choose an address. */
	if (f->allowance.rule && t->proto == IPPROTO_TCP) {
		__u32 over = run_into(&f->allowance, 1, BYTES_OUT, 0, now);
		if (over)
			return exceed(f, cookie, over, now) ? v.word : DENY;
	}
	if (VERDICT(v.word) == AWAITED) {
		struct flow_key key = key_of(cookie, t);
		await_handshake(f, &key, v.resume, generation);
		return v.word;
	}
	struct report r = { t, &v, s, generation, hook, now, { cookie, f->parent } };
	report(&r, f->comm, &s->exe);
	return v.word;
}

/* how: drop. The application notices nothing; its packets do not leave. A handshake that is awaited must be able to come. */
static __always_inline int may_begin(__u32 word)
{
	return LETS_THROUGH(word) || HOW(word) == 1 || VERDICT(word) == AWAITED;
}

static __always_inline int address_hook(struct bpf_sock_addr *ctx, int six, __u8 hook)
{
	struct target t = {};
	struct subject s = {};
	struct config *c = settings();
	if (!c || !ctx->sk)
		return REFUSED;
	__u32 generation = active(c);
	read_target(ctx, &t, six);
	current_subject(&s);
	struct flow *f = bpf_sk_storage_get(&flows, ctx->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!f)
		return REFUSED;
	if (is_resolver(c)) {
		f->exempt = 1;
		f->connected = hook == CONNECT;
		return PASSED;
	}
	f->exempt = 0;
	f->elsewhere = is_elsewhere(c);
	if (is_dns(c, &t) && !f->elsewhere && !is_resolver_address(c, &t))
		return redirect(ctx, c, f, &s, &t, six, hook);
	if (is_resolver_address(c, &t) || is_loopback(t.addr) || is_unspecified(t.addr) ||
	    is_dhcp(&t, ctx->sk->src_port)) {
		f->redirected = 0;
		return PASSED;
	}
	if (hook == SENDMSG && f->generation == generation && f->subject.tgid == s.tgid && f->subject.uid == s.uid &&
	    f->subject.exec_id == s.exec_id) {
		struct target cached;
		__u32 word;
		bpf_spin_lock(&f->lock);
		cached = f->target;
		word = f->verdict.word;
		bpf_spin_unlock(&f->lock);
		if (same_target(&cached, &t))
			return may_begin(word);
	}
	return may_begin(judge_current(ctx, c, f, &s, &t, generation, hook));
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	return answer(address_hook(ctx, 0, CONNECT));
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx)
{
	return answer(address_hook(ctx, 1, CONNECT));
}

SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *ctx)
{
	return answer(address_hook(ctx, 0, SENDMSG));
}

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *ctx)
{
	return answer(address_hook(ctx, 1, SENDMSG));
}

/* The application sees the server it asked, not the resolver that answered. */
static __always_inline int turn_back(struct bpf_sock_addr *ctx, int six)
{
	struct target from = {};
	struct config *c = settings();
	if (!c || !ctx->sk || !c->resolver_families)
		return PASSED;
	struct flow *f = bpf_sk_storage_get(&flows, ctx->sk, 0, 0);
	if (!f || !f->redirected)
		return PASSED;
	read_target(ctx, &from, six);
	if (!is_resolver_address(c, &from))
		return PASSED;
	struct target original;
	bpf_spin_lock(&f->lock);
	original = f->original;
	bpf_spin_unlock(&f->lock);
	write_address(ctx, original.addr, original.port, six);
	return PASSED;
}

SEC("cgroup/recvmsg4")
int recvmsg4(struct bpf_sock_addr *ctx)
{
	return turn_back(ctx, 0);
}

SEC("cgroup/recvmsg6")
int recvmsg6(struct bpf_sock_addr *ctx)
{
	return turn_back(ctx, 1);
}

SEC("cgroup/getpeername4")
int getpeername4(struct bpf_sock_addr *ctx)
{
	return turn_back(ctx, 0);
}

SEC("cgroup/getpeername6")
int getpeername6(struct bpf_sock_addr *ctx)
{
	return turn_back(ctx, 1);
}
