/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What a flow that was let through had carried when it ended. */
#pragma once

#define TCP_STATE_CLOSE 7

/* `flow` is as it was told when it began. */
struct ended {
	struct event flow;
	__u64 at;
	struct tally tally;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} ends SEC(".maps");

/* A call of its own: see await_handshake. */
static __attribute__((noinline)) void report_end(struct flow *f, __u64 cookie, struct tally *tally)
{
	struct ended *e = bpf_ringbuf_reserve(&ends, sizeof(*e), 0);
	if (!e) {
		count(ENDS_LOST);
		return;
	}
	struct origin_of_event o = { cookie, f->parent };
	struct report r = { &f->target, &f->verdict, &f->subject, f->generation, f->connected ? CONNECT : EGRESS, f->since, o };
	write_event(&e->flow, &r, f->comm, &f->subject.exe);
	e->at = bpf_ktime_get_boot_ns();
	e->tally = *tally;
	submit_to(&ends, e);
}

/* Flows that were reported when they began. */
static __always_inline int has_begun(struct flow *f)
{
	return f->used && !f->exempt && !f->redirected && LETS_THROUGH(f->verdict.word) && VERDICT(f->verdict.word) != AWAITED;
}

/* Datagrams know no end: it is another destination of their socket, or the end of that. A call of its own: see await_handshake. */
static __attribute__((noinline)) void end_datagrams(struct flow *f, __u64 cookie)
{
	if (f->target.proto == IPPROTO_TCP)
		return;
	struct tally tally = f->tally;
	__builtin_memset(&f->tally, 0, sizeof(f->tally));
	if (tally.packets_sent && has_begun(f))
		report_end(f, cookie, &tally);
}

static __always_inline void count_sent(struct flow *f, struct packet *p)
{
	if (p->target.proto == IPPROTO_TCP)
		return;
	__sync_fetch_and_add(&f->tally.sent, p->payload);
	__sync_fetch_and_add(&f->tally.packets_sent, 1);
}

/* Without the headers of IP and UDP. */
static __always_inline void count_received(struct __sk_buff *skb, struct flow *f)
{
	__u32 headers = skb->protocol == bpf_htons(0x0800) ? 28 : 48;
	__sync_fetch_and_add(&f->tally.received, skb->len > headers ? skb->len - headers : 0);
	__sync_fetch_and_add(&f->tally.packets_received, 1);
}

SEC("cgroup/sock_release")
int sock_release(struct bpf_sock *ctx)
{
	struct flow *f = bpf_sk_storage_get(&flows, ctx, 0, 0);
	if (f)
		end_datagrams(f, bpf_get_socket_cookie(ctx));
	return PASSED;
}

/* Once for a connection. */
static __always_inline void end_connection(struct sock *sk)
{
	struct flow *f = bpf_sk_storage_get(&flows, sk, 0, 0);
	if (!f || f->target.proto != IPPROTO_TCP || f->ended || !has_begun(f))
		return;
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp)
		return;
	struct tally tally = {
		.sent = tcp->bytes_sent - tcp->bytes_retrans,
		.received = tcp->bytes_received,
		.packets_sent = tcp->segs_out,
		.packets_received = tcp->segs_in,
	};
	f->ended = 1;
	report_end(f, bpf_get_socket_cookie(sk), &tally);
}

/* Of every socket of the machine; ours have a record. What was still to be sent when the application closed is in it. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tcp_end, struct sock *sk, int before, int after)
{
	if (after == TCP_STATE_CLOSE && before != TCP_STATE_CLOSE)
		end_connection(sk);
	return 0;
}

/* Should the change of state not have been seen: the kernel does not run a program on a processor where it runs already, and system
   calls change states where packets may interrupt them. What was refused before its first segment has not begun. */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(tcp_gone, struct sock *sk)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	if (tcp && tcp->segs_out)
		end_connection(sk);
	return 0;
}
