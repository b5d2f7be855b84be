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
	g->seq = p->ack;
	g->length = take_greeting(skb, p->data, length, g->bytes);
	bpf_ringbuf_submit(g, 0);
}

/* Ends as its client would name them. */
static __always_inline void turn(struct packet *p)
{
	struct packet back = *p;
	__u32 server[4];
	__builtin_memcpy(server, back.from, 16);
	__builtin_memcpy(p->from, back.target.addr, 16);
	put_words(p->target.addr, server[0], server[1], server[2], server[3]);
	p->source = back.target.port;
	p->target.port = back.source;
	p->seq = back.ack;
	p->ack = back.seq;
}

static __always_inline struct passage *passage_of(struct packet *p, int read, struct way *way)
{
	struct fragments whole = whole_of(p);
	if (read == LATER_FRAGMENT) {
		struct piece *first = bpf_map_lookup_elem(&pieces, &whole);
		if (!first)
			return 0;
		*way = first->way;
		return bpf_map_lookup_elem(&ways, way);
	}
	turn(p);
	__builtin_memcpy(way->from, p->from, 16);
	__builtin_memcpy(way->to, p->target.addr, 16);
	way->source = p->source;
	way->port = p->target.port;
	way->proto = p->target.proto;
	struct passage *f = bpf_map_lookup_elem(&ways, way);
	if (f && p->more) {
		struct piece piece = { .way = *way };
		bpf_map_update_elem(&pieces, &whole, &piece, BPF_ANY);
	}
	return f;
}

/* Whether a flow whose rule has a limit gets what its server sends. */
static __always_inline int gets(struct packet *p, struct passage *f)
{
	__u64 now = bpf_ktime_get_boot_ns();
	if (is_reset(p) || !p->payload)
		return 1;
	__u32 over = run_into(&f->allowance, p->target.proto == IPPROTO_TCP, BYTES_IN, p->payload, now);
	return !over || exceed(p, f, over, now);
}

SEC("tc")
int returned(struct __sk_buff *skb)
{
	struct packet p = {};
	struct way way = {};
	struct config *c = settings();
	__u32 index = skb->tc_index;
	if (index) {
		struct crossing *x = open_crossing();
		skb->tc_index = 0;
		if (x && skb->ingress_ifindex == x->wan) {
			if (index == CROSSED)
				return TC_ACT_UNSPEC;
			if (index == WATCHED)
				watch(skb, TO_CLIENT);
		}
	}
	if (!c || (skb->protocol != IPV4 && skb->protocol != IPV6))
		return TC_ACT_UNSPEC;
	__u32 base = c->flags & HAS_ETHERNET ? 14 : 0;
	struct share share = {};
	__u8 *ports = read_way(skb, base, &way, &share.payload, TO_CLIENT);
	if (ports) {
		share.proto = way.proto;
		share.flags = ports[13];
		struct passage *known = bpf_map_lookup_elem(&ways, &way);
		if (!known || known->local)
			return TC_ACT_UNSPEC;
		if (!known->allowance.rule && !is_awaited(known) && !is_watched_greeting(known, &share)) {
			carry_in(&way, known, &share);
			return TC_ACT_UNSPEC;
		}
	}
	int read = skb->protocol == IPV4 ? read_packet4(skb, base, &p) : read_packet6(skb, base, &p);
	if (read == UNREADABLE)
		return TC_ACT_UNSPEC;
	struct passage *f = passage_of(&p, read, &way);
	if (!f || f->local)
		return TC_ACT_UNSPEC;
	if (f->allowance.rule && !gets(&p, f))
		return TC_ACT_SHOT;
	share = (struct share){ .payload = p.payload, .flags = p.flags, .proto = p.target.proto };
	if (read == READABLE && is_watched_greeting(f, &share))
		see_in(skb, &p, &way, f);
	carry_in(&way, f, &share);
	if (f->allowance.rule)
		return TC_ACT_UNSPEC;
	if (read != READABLE || p.target.proto != IPPROTO_TCP || !is_awaited(f))
		return TC_ACT_UNSPEC;
	if ((p.flags & 0x12) == 0x12) {
		f->first = p.seq;
		f->begun = 1;
	} else if (!bpf_map_lookup_elem(&findings, &way)) {
		/* Behind a finding it would be taken for the next connection's. */
		tell_greeting(skb, &p, &way, f);
	}
	return TC_ACT_UNSPEC;
}

/* What comes in by the other interface. The way back is open to a flow that its client's packets have been let through by, under
   the same policy. */
SEC("tc")
int answers(struct __sk_buff *skb)
{
	struct way way = {};
	struct share share = {};
	__u8 *ports;
	struct config *c = settings();
	if (skb->tc_index)
		skb->tc_index = 0;
	if (!c || !open_crossing() || (skb->vlan_present && (skb->vlan_tci & 0xfff)) || skb->pkt_type != 0)
		return TC_ACT_UNSPEC;
	if ((skb->protocol != IPV4 && skb->protocol != IPV6) || !(ports = read_way(skb, ETHERNET, &way, &share.payload, TO_CLIENT)))
		return TC_ACT_UNSPEC;
	share.proto = way.proto;
	share.flags = ports[13];
	struct passage *f = bpf_map_lookup_elem(&ways, &way);
	struct way *inside = f ? 0 : bpf_map_lookup_elem(&aliases, &way);
	struct way seen = way;
	if (inside) {
		way = *inside;
		f = bpf_map_lookup_elem(&ways, &way);
	}
	if (!f || f->generation != active(c) || f->local || f->allowance.rule || is_awaited(f) || mark_of(f->verdict.word) != MARK_PASS)
		return TC_ACT_UNSPEC;
	__u64 now = bpf_ktime_get_boot_ns();
	if (way.proto == IPPROTO_UDP && now - f->seen > DATAGRAMS_IDLE)
		return TC_ACT_UNSPEC;
	int across = cross(skb, &way, inside ? &seen : 0, f, TO_CLIENT, now);
	/* The others are counted as they leave for the client. */
	if (across != TC_ACT_UNSPEC)
		carry_in(&way, f, &share);
	return across;
}
