/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Packets that go out to the guarded network. None is stopped: they tell where a connection begins, and what a server says
   before its client is judged. */
#pragma once

static __always_inline void tell_greeting(struct __sk_buff *skb, struct packet *p, struct way *way, struct passage *f)
{
	__u32 length = p->payload;
	if (!length || f->greeted >= GREETINGS_BYTES)
		return;
	if (length > GREETING_BYTES)
		length = GREETING_BYTES;
	f->greeted += length;
	struct greeting *g = bpf_ringbuf_reserve(&greetings, sizeof(*g), 0);
	if (!g) {
		count(GREETINGS_LOST);
		return;
	}
	g->way = *way;
	g->seq = p->seq;
	g->length = length;
	if (bpf_skb_load_bytes(skb, p->data, g->bytes, length) < 0)
		g->length = 0;
	bpf_ringbuf_submit(g, 0);
}

SEC("tc")
int returned(struct __sk_buff *skb)
{
	struct packet p = {};
	struct way way = {};
	struct config *c = settings();
	if (!c || !(c->flags & INSPECT) || (skb->protocol != IPV4 && skb->protocol != IPV6))
		return TC_ACT_UNSPEC;
	__u32 base = c->flags & HAS_ETHERNET ? 14 : 0;
	if (read_way(skb, base, &way, TO_CLIENT)) {
		struct passage *known = bpf_map_lookup_elem(&ways, &way);
		if (!known || !is_awaited(known))
			return TC_ACT_UNSPEC;
	}
	int read = skb->protocol == IPV4 ? read_packet4(skb, base, &p) : read_packet6(skb, base, &p);
	if (read != READABLE || p.target.proto != IPPROTO_TCP)
		return TC_ACT_UNSPEC;
	__u32 server[4];
	__builtin_memcpy(server, p.from, 16);
	__builtin_memcpy(way.from, p.target.addr, 16);
	put_words(way.to, server[0], server[1], server[2], server[3]);
	way.source = p.target.port;
	way.port = p.source;
	way.proto = IPPROTO_TCP;
	struct passage *f = bpf_map_lookup_elem(&ways, &way);
	if (!f || !is_awaited(f))
		return TC_ACT_UNSPEC;
	if ((p.flags & 0x12) == 0x12) {
		f->first = p.ack;
		f->begun = 1;
	} else {
		tell_greeting(skb, &p, &way, f);
	}
	return TC_ACT_UNSPEC;
}
