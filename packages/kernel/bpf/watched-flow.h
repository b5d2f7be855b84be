/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What a flow of a socket says first, where nobody holds it back for that. */
#pragma once

static __attribute__((noinline)) int read_packet(struct __sk_buff *skb, struct packet *p)
{
	return (skb->protocol == bpf_htons(0x0800) ? read_packet4(skb, 0, p) : read_packet6(skb, 0, p)) == READABLE;
}

static __always_inline int is_watching(void)
{
	struct config *c = settings();
	return c && c->flags & WATCHES;
}

/* A packet that leaves. A call of its own: see await_handshake. */
static __attribute__((noinline)) void see_client(struct __sk_buff *skb, struct flow *f, struct packet *p)
{
	if (!is_watching()) {
		f->seen = SEEN_ENOUGH;
		return;
	}
	bpf_spin_lock(&f->lock);
	int same = same_target(&f->target, &p->target);
	__u64 since = f->since;
	bpf_spin_unlock(&f->lock);
	if (!same)
		return;
	if (!p->payload) {
		f->seen++;
		return;
	}
	__u64 cookie = bpf_get_socket_cookie(skb);
	struct saying s = { since, &cookie, 1, number_of_data(p), BY_CLIENT };
	f->seen += tell_octets(skb, p, &s) * SEEN_PIECE;
}

/* What a server says before its client. A call of its own: see await_handshake. */
static __attribute__((noinline)) void see_server(struct __sk_buff *skb, struct flow *f)
{
	struct packet p = {};
	if (!f->used || f->redirected || !LETS_THROUGH(f->verdict.word) || f->seen >= SEEN_ENOUGH || !is_watching())
		return;
	if (!read_packet(skb, &p) || !p.payload)
		return;
	f->greeted += p.payload < GREETINGS_BYTES ? p.payload : GREETINGS_BYTES;
	__u64 cookie = bpf_get_socket_cookie(skb);
	struct saying s = { f->since, &cookie, 1, number_of_data(&p), BY_SERVER };
	tell_octets(skb, &p, &s);
}
