/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Asked by netfilter about every packet that leaves: whether it waits for the inspector. */
#pragma once

/* Under a policy that came after the ticket: whether the handshake matters still, and from where the walk goes on. */
static __always_inline int still_awaited(struct ticket *ticket, struct flow_key *key, __u32 generation)
{
	struct subject s = ticket->subject;
	struct verdict v = { .rank = generation, .word = 1 };
	decide(&s, &ticket->levels, &key->target, &v, ticket->since);
	if (VERDICT(v.word) != AWAITED)
		return 0;
	ticket->resume = v.resume;
	ticket->generation = generation;
	return 1;
}

SEC("socket")
int held(struct __sk_buff *skb)
{
	__u64 cookie = bpf_get_socket_cookie(skb);
	struct config *c = settings();
	struct socket_state *state = bpf_map_lookup_elem(&waiting, &cookie);
	if (!state || !c)
		return 0;
	__u32 generation = active(c);
	struct packet p = {};
	if (state->found_under == generation || !read_packet(skb, &p))
		return 0;
	struct flow_key key = key_of(cookie, &p.target);
	struct ticket *ticket = bpf_map_lookup_elem(&tickets, &key);
	/* What opens and closes a connection says nothing. */
	if (!ticket || (p.target.proto == IPPROTO_TCP && !p.payload))
		return 0;
	if (ticket->generation != generation && !still_awaited(ticket, &key, generation))
		return 0;
	if (find_verdict(&key, generation))
		return 0;
	state->looked_at = 1;
	struct origin origin = { .target = key.target, .port = p.source };
	__builtin_memcpy(origin.source, p.from, 16);
	bpf_map_update_elem(&origins, &origin, &cookie, BPF_ANY);
	return 1;
}

/* Something that was let through, which the server has acknowledged; a SYN counts as one octet. */
static __always_inline int has_client_spoken(struct bpf_tcp_sock *tcp)
{
	return tcp->bytes_acked > 1;
}

/* Nothing that this server says is a greeting, and no octets are counted: its client has spoken, or it has said so much itself. */
static __always_inline int is_past_greeting(struct bpf_tcp_sock *tcp)
{
	struct config *c = settings();
	return c && !(c->flags & LIMITS_APPLY) && (has_client_spoken(tcp) || tcp->bytes_received > GREETINGS_BYTES);
}

/* What a server says before its client is judged: some clients wait for it, and it tells what they speak. */
static __attribute__((noinline)) int receive(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	if (sk)
		sk = bpf_sk_fullsock(sk);
	if (!sk)
		return PASSED;
	struct flow *f = bpf_sk_storage_get(&flows, sk, 0, 0);
	if (!f || f->exempt)
		return PASSED;
	struct packet p = {};
	if (f->allowance.rule && read_packet(skb, &p) && p.payload && !pass_limit(f, bpf_get_socket_cookie(skb), BYTES_IN, p.payload))
		return DROPPED;
	if (sk->protocol != IPPROTO_TCP) {
		count_received(skb, f);
		return PASSED;
	}
	if (f->greeted >= GREETINGS_BYTES)
		return PASSED;
	if (VERDICT(f->verdict.word) != AWAITED) {
		struct bpf_tcp_sock *tcp = bpf_tcp_sock(sk);
		if (tcp && !has_client_spoken(tcp))
			see_server(skb, f);
		return PASSED;
	}
	bpf_spin_lock(&f->lock);
	struct target target = f->target;
	__u32 word = f->verdict.word;
	bpf_spin_unlock(&f->lock);
	if (VERDICT(word) != AWAITED || !read_packet(skb, &p) || !p.payload)
		return PASSED;
	__u32 length = p.payload;
	if (length > GREETING_BYTES)
		length = GREETING_BYTES;
	f->greeted += length;
	struct greeting *g = bpf_ringbuf_reserve(&greetings, sizeof(*g), 0);
	if (!g) {
		count(GREETINGS_LOST);
		return PASSED;
	}
	g->key = key_of(bpf_get_socket_cookie(skb), &target);
	g->seq = p.seq;
	g->length = take_greeting(skb, p.data, length, g->bytes);
	bpf_ringbuf_submit(g, 0);
	return PASSED;
}

SEC("cgroup_skb/ingress")
int ingress(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	if (!sk)
		return PASSED;
	/* As in egress: one call for most packets. */
	struct bpf_tcp_sock *tcp = bpf_tcp_sock(sk);
	return tcp && is_past_greeting(tcp) ? PASSED : receive(skb);
}
