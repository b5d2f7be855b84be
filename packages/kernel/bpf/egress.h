/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Every packet of the cgroup's sockets: what had no connect, and what a later policy no longer allows. */
#pragma once

#define DROPPED 0
#define TCP_SYN_ONLY 2
static __always_inline int is_implicit(struct packet *p, int owned)
{
	__u8 type = p->icmp_type;
	if (is_loopback(p->target.addr) || is_dhcp(&p->target, p->source))
		return 1;
	if (p->target.proto == IPPROTO_IGMP)
		return 1;
	/* Errors and answers come from the kernel's own sockets, which nobody created through the cgroup. */
	if (p->target.proto == IPPROTO_ICMP)
		return !owned && (type == 0 || type == 3 || type == 11 || type == 12);
	if (p->target.proto != IPPROTO_ICMPV6)
		return 0;
	if (!owned && ((type >= 1 && type <= 4) || type == 129 || (type >= 133 && type <= 136)))
		return 1;
	return is_link_scope(p->target.addr) && ((type >= 130 && type <= 136) || type == 143);
}

static __always_inline void subject_of_packet(struct __sk_buff *skb, struct subject *s)
{
	s->uid = bpf_get_socket_uid(skb);
	s->cgroup = bpf_skb_cgroup_id(skb);
}

static __always_inline void levels_of_packet(struct __sk_buff *skb, struct levels *l)
{
#pragma unroll
	for (int level = 0; level < CGROUP_LEVELS; level++)
		l->id[level] = bpf_skb_ancestor_cgroup_id(skb, level);
}

/* A flow whose verdict is remembered. A call of its own: see await_handshake. */
static __attribute__((noinline)) void tell_flow(struct flow *f, struct target *t, struct verdict *v, __u64 now, __u64 cookie)
{
	struct report r = { t, v, &f->subject, f->generation, EGRESS, now, { cookie, f->parent } };
	report(&r, f->comm, &f->subject.exe);
}

static __always_inline int drop_stray(struct flow *f, struct packet *p, __u32 generation)
{
	struct verdict v = { .word = structural_refusal(generation), .rank = UNKNOWN, .rule = UNKNOWN, .name = UNKNOWN };
	__u64 now = bpf_ktime_get_boot_ns();
	if (f->generation != generation || !same_target(&f->target, &p->target)) {
		struct subject s = f->subject;
		remember(f, &s, &p->target, &v, generation, now, 0);
		tell_flow(f, &p->target, &v, now, 0);
	}
	return LETS_THROUGH(v.word) ? PASSED : DROPPED;
}

static __always_inline int may_leave(struct __sk_buff *skb, struct flow *f, __u32 word, struct packet *p)
{
	if (is_reset(p))
		return PASSED;
	if (!LETS_THROUGH(word) || (f->allowance.rule && !pass_limit(f, bpf_get_socket_cookie(skb), BYTES_OUT, p->payload)))
		return DROPPED;
	count_sent(f, p);
	if (f->seen < SEEN_ENOUGH)
		see_client(skb, f, p);
	return PASSED;
}

/* A packet of a flow whose handshake is awaited: it has passed netfilter, which holds what the inspector has to see. A call of its
   own: see await_handshake. */
static __attribute__((noinline)) int await_packet(struct __sk_buff *skb, struct flow *f, struct packet *p, struct verdict *v,
					__u32 generation)
{
	struct flow_key key = key_of(bpf_get_socket_cookie(skb), &p->target);
	struct finding *found = find_verdict(&key, generation);
	if (found) {
		__u32 word = found->word, rule = found->rule, limit = limit_of(generation, word, &found->rule);
		bpf_spin_lock(&f->lock);
		if (f->generation == generation && same_target(&f->target, &p->target)) {
			f->verdict.word = word;
			f->verdict.rule = rule;
			f->allowance.rule = limit;
			f->seen = SEEN_ENOUGH;
		}
		bpf_spin_unlock(&f->lock);
		if (p->target.proto == IPPROTO_TCP)
			set_found(key.cookie, generation);
		return may_leave(skb, f, word, p);
	}
	struct ticket *ticket = bpf_map_lookup_elem(&tickets, &key);
	if (!ticket || ticket->generation != generation)
		await_handshake(f, &key, v->resume, generation);
	if (p->target.proto == IPPROTO_TCP && !p->payload)
		return PASSED;
	/* It comes again, and is asked about then. */
	set_found(key.cookie, 0);
	count(NOT_INSPECTED);
	return DROPPED;
}

/* The whole of what a packet says that a connected TCP socket does not: no options, no extension headers. */
static __always_inline int is_plain_tcp(struct __sk_buff *skb)
{
	__u8 *ip = (__u8 *)(long)skb->data;
	if (ip + 20 > (__u8 *)(long)skb->data_end)
		return 0;
	return skb->protocol == bpf_htons(0x0800) ? ip[0] == 0x45 : ip[6] == IPPROTO_TCP;
}

/* Whether the socket is connected to what was judged last. */
static __always_inline int is_peer(struct bpf_sock *sk, struct target *t)
{
	__u8 peer[16];
	if (bpf_ntohs(sk->dst_port) != t->port)
		return 0;
	if (sk->family == 2)
		put_words(peer, 0, 0, MAPPED, sk->dst_ip4);
	else
		put_words(peer, sk->dst_ip6[0], sk->dst_ip6[1], sk->dst_ip6[2], sk->dst_ip6[3]);
	return same_address(peer, t->addr);
}

/* A packet of a connection that was let through under the policy in force. Its socket's own lock is held here and in connect(2),
   so that its record does not change meanwhile. A raw socket writes packets to others than its peer. */
static __always_inline int is_settled(struct __sk_buff *skb, struct bpf_sock *sk, struct flow *f, __u32 generation)
{
	return f->generation == generation && LETS_THROUGH(f->verdict.word) && !f->allowance.rule && f->stream && is_peer(sk, &f->target) &&
	       is_plain_tcp(skb);
}

/* All other packets. A call of its own, so that the program that most packets meet is short. */
static __attribute__((noinline)) int judge_packet(struct __sk_buff *skb, struct flow *f, __u32 generation)
{
	struct config *c = settings();
	struct bpf_sock *sk = skb->sk;
	if (!c)
		return DROPPED;
	if (sk)
		sk = bpf_sk_fullsock(sk);
	if (!sk || (f && f->exempt))
		return PASSED;
	struct packet p = {};
	/* A later fragment has no port to judge; a socket's own are made below this hook. */
	int readable = read_packet(skb, &p);
	int answers = p.target.proto == IPPROTO_TCP && (p.flags & 0x12) != TCP_SYN_ONLY && !(f && (f->connected || f->used));
	if (readable && is_resolver_address(c, &p.target))
		return PASSED;
	int dns = is_dns(c, &p.target) && !(f && f->elsewhere);
	if (readable && !dns && (answers || is_implicit(&p, f && f->used)))
		return PASSED;
	if (readable && answers)
		return PASSED;
	int fresh = !f || !f->used;
	if (!f)
		f = bpf_sk_storage_get(&flows, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!f)
		return DROPPED;
	if (fresh)
		subject_of_packet(skb, &f->subject);
	f->stream = f->seen >= SEEN_ENOUGH && sk->type == SOCK_STREAM_TYPE && sk->protocol == IPPROTO_TCP;
	if (!readable || dns)
		return drop_stray(f, &p, generation);

	struct subject s;
	struct verdict v;
	__u32 decided;
	bpf_spin_lock(&f->lock);
	int same = same_target(&f->target, &p.target);
	v = f->verdict;
	decided = f->generation;
	s = f->subject;
	bpf_spin_unlock(&f->lock);
	if (same && decided == generation && VERDICT(v.word) == AWAITED)
		return await_packet(skb, f, &p, &v, generation);
	if (same && decided == generation)
		return may_leave(skb, f, v.word, &p);

	__u32 before = v.word;
	__u64 since = same ? f->since : bpf_ktime_get_boot_ns();
	/* Level 0 is the root of every cgroup. */
	if (!f->levels.id[0] && asks_for_unit(generation))
		levels_of_packet(skb, &f->levels);
	if (!same) {
		end_datagrams(f, bpf_get_socket_cookie(skb));
		f->allowance.counted = 0;
	}
	v.rank = generation;
	v.word = may_await(c, f);
	decide(&s, &f->levels, &p.target, &v, since);
	remember(f, &s, &p.target, &v, generation, since, 0);
	if (VERDICT(v.word) == AWAITED)
		return await_packet(skb, f, &p, &v, generation);
	/* A flow that goes on as before under a new policy is no news. */
	if (!same || before != v.word)
		tell_flow(f, &p.target, &v, same ? bpf_ktime_get_boot_ns() : since, bpf_get_socket_cookie(skb));
	return may_leave(skb, f, v.word, &p);
}

SEC("cgroup_skb/egress")
int egress(struct __sk_buff *skb)
{
	struct config *c = settings();
	struct bpf_sock *sk = skb->sk;
	if (!c)
		return DROPPED;
	if (!sk)
		return PASSED;
	__u32 generation = active(c);
	/* A call costs an open connection more than all comparisons: there is one. */
	struct flow *f = bpf_sk_storage_get(&flows, sk, 0, 0);
	if (f && is_settled(skb, sk, f, generation))
		return PASSED;
	return judge_packet(skb, f, generation);
}
