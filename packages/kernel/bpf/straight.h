/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Past netfilter: what an allowed flow that carries much sends goes straight to the other interface, as the last of its packets
   that went netfilter's way came out there. That one is a second old at most, so that routes, neighbours, and the rules and
   marks of others hold for all of them, and connection tracking goes on hearing of the flow. */
#pragma once

#define ETHERNET 14
#define LEASE 1000000000ull
/* What a flow has carried when it is asked about, and how long it waits for an answer until it is again, in units of 2^20 ns. By
   then datagrams are settled for connection tracking. */
#define BULK_OCTETS (256u << 10)
#define ASK_AGAIN 3000u
#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04

/* skb->tc_index, which netfilter leaves alone: look how it comes out; it needs no look. */
#define WATCHED 0x5a12
#define CROSSED 0x5a13

/* How packets come out, for as long as that holds. */
struct lease {
	__u64 until;
	__u32 mark;
	__u32 priority;
	/* Octets of the longest that came out whole: one that is longer may not fit. */
	__u32 longest;
	__u16 protocol;
	/* Differentiated services: rules may change them by packet. */
	__u8 class;
	/* Of the packet that is on its way. */
	__u8 hops;
	/* Hardware addresses, as a frame begins. */
	__u8 ends[12];
	__u8 pad[4];
};

/* By heading: from the client, to it. */
struct straight {
	/* Of the passage that it was given to. */
	__u64 since;
	__u64 last;
	/* One end has said that it is over: the rest is connection tracking's. */
	__u32 ended;
	/* IPv4: the address that its client has outside; 0: its own. */
	__u32 outside;
	/* And the port, as in a packet. */
	__u16 outside_port;
	__u16 pad[3];
	struct lease lease[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, struct way);
	__type(value, struct straight);
} straights SEC(".maps");

/* The ways of clients that have another address outside, by how they look there. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, struct way);
	__type(value, struct way);
} aliases SEC(".maps");

/* Zeros: every packet goes netfilter's way. */
struct crossing {
	__u32 lan;
	__u32 wan;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct crossing);
} crossings SEC(".maps");

static __always_inline int is_outside(struct straight *s, struct way *way)
{
	__u32 address;
	__builtin_memcpy(&address, way->from + 12, 4);
	return s->outside && s->outside == address && bpf_ntohs(s->outside_port) == way->source;
}

/* What of a packet decides whether it is like the one before. */
struct shape {
	__u32 longest;
	__u8 class;
	__u8 hops;
	__u8 flags;
};

static __always_inline struct crossing *open_crossing(void)
{
	__u32 zero = 0;
	struct crossing *x = bpf_map_lookup_elem(&crossings, &zero);
	return x && x->wan ? x : 0;
}

/* Of a packet that read_way has read. Returns 0 for one whose lengths are not what they seem. */
static __always_inline int read_shape(struct __sk_buff *skb, struct shape *shape)
{
	__u8 *ip = (__u8 *)(long)skb->data + ETHERNET, *end = (__u8 *)(long)skb->data_end, *ports;
	__u32 head, total;
	__u8 proto;
	if (skb->protocol == IPV4) {
		head = 20;
		ports = ip + 20;
		if (ports + 14 > end)
			return 0;
		proto = ip[9];
		total = ip[2] << 8 | ip[3];
		shape->class = ip[1] >> 2;
		shape->hops = ip[8];
	} else {
		head = 40;
		ports = ip + 40;
		if (ports + 14 > end)
			return 0;
		proto = ip[6];
		total = head + (ip[4] << 8 | ip[5]);
		shape->class = (ip[0] & 15) << 2 | ip[1] >> 6;
		shape->hops = ip[7];
	}
	shape->flags = proto == IPPROTO_TCP ? ports[13] : 0;
	head += proto == IPPROTO_TCP ? (ports[12] >> 4) * 4 : 8;
	if (total < head || total + ETHERNET > skb->len)
		return 0;
	shape->longest = skb->gso_size ? head + skb->gso_size : total;
	return 1;
}

/* Whoever knows connection tracking decides whether it may go straight. */
static __always_inline void ask_about(struct way *way, struct passage *f, __u32 protocol)
{
	struct forwarded *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e)
		return;
	__builtin_memset(e, 0, sizeof(*e));
	e->time = f->since;
	e->generation = f->generation;
	__builtin_memcpy(e->from, way->from, 16);
	__builtin_memcpy(e->addr, way->to, 16);
	e->source = way->source;
	e->port = way->port;
	e->proto = way->proto;
	e->family = protocol == IPV4 ? 2 : 10;
	e->kind = BULK;
	submit_to(&events, e);
}

static __always_inline struct straight *straight_of(struct __sk_buff *skb, struct way *way, struct passage *f, __u64 now)
{
	struct straight *s = f->straight ? bpf_map_lookup_elem(&straights, way) : 0;
	if (s && s->since == f->since && !s->ended)
		return s;
	__u32 units = now >> 20;
	if (f->straight) {
		if (units - f->carried < ASK_AGAIN)
			return 0;
	} else {
		f->carried += skb->len;
		if (f->carried < BULK_OCTETS)
			return 0;
	}
	ask_about(way, f, skb->protocol);
	f->straight = 1;
	f->carried = units;
	return 0;
}

/* The client's end: its own on the inside, another on the outside. Its place is by heading: source, destination. */
static __always_inline int translate(struct __sk_buff *skb, struct straight *s, struct way *way, enum heading heading)
{
	__u32 at = heading == FROM_CLIENT ? 26 : 30, port_at = heading == FROM_CLIENT ? 34 : 36, before, after;
	__u32 check = 34 + (way->proto == IPPROTO_TCP ? 16 : 6);
	__u16 port = bpf_htons(way->source), port_before = port, port_after = s->outside_port;
	__builtin_memcpy(&before, way->from + 12, 4);
	after = s->outside;
	if (heading == TO_CLIENT) {
		after = before;
		before = s->outside;
		port_before = s->outside_port;
		port_after = port;
	}
	if (bpf_l4_csum_replace(skb, check, before, after, 4 | BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0) < 0)
		return 0;
	/* What has changed has to change as a whole. */
	bpf_l4_csum_replace(skb, check, port_before, port_after, 2 | BPF_F_MARK_MANGLED_0);
	bpf_l3_csum_replace(skb, 24, before, after, 4);
	bpf_skb_store_bytes(skb, at, &after, 4, 0);
	bpf_skb_store_bytes(skb, port_at, &port_after, 2, 0);
	return 1;
}

static __always_inline int send_across(struct __sk_buff *skb, struct straight *s, struct way *way, struct lease *l, enum heading heading, __u32 out)
{
	__u8 head[26];
	if (s->outside && !translate(skb, s, way, heading))
		return TC_ACT_UNSPEC;
	if (bpf_skb_load_bytes(skb, 0, head, sizeof(head)) < 0)
		return TC_ACT_UNSPEC;
	__builtin_memcpy(head, l->ends, 12);
	if (skb->protocol == IPV4) {
		__u16 sum;
		__builtin_memcpy(&sum, head + 24, 2);
		/* RFC 1624: one hop less. */
		__u32 next = sum + bpf_htons(0x0100);
		sum = next + (next >= 0xffff);
		__builtin_memcpy(head + 24, &sum, 2);
		head[22]--;
		if (bpf_skb_store_bytes(skb, 0, head, sizeof(head), 0) < 0)
			return TC_ACT_UNSPEC;
	} else {
		__u8 hops = head[21] - 1;
		if (bpf_skb_store_bytes(skb, 0, head, 12, 0) < 0 || bpf_skb_store_bytes(skb, 21, &hops, 1, BPF_F_RECOMPUTE_CSUM) < 0)
			return TC_ACT_UNSPEC;
	}
	skb->mark = l->mark;
	skb->priority = l->priority;
	skb->tc_index = CROSSED;
	return bpf_redirect(out, 0);
}

/* A packet of a flow that is allowed, as read_way has read it. `seen` is its way as it looks outside, where that is another.
   TC_ACT_UNSPEC: it goes netfilter's way. */
static __always_inline int cross(struct __sk_buff *skb, struct way *way, struct way *seen, struct passage *f, enum heading heading, __u64 now)
{
	struct shape shape;
	struct crossing *x = open_crossing();
	struct straight *s = x ? straight_of(skb, way, f, now) : 0;
	if (!s || !read_shape(skb, &shape))
		return TC_ACT_UNSPEC;
	/* Nobody outside reaches a client by an address that it has inside alone, or had before. */
	if (heading == TO_CLIENT && (seen ? !is_outside(s, seen) : !!s->outside))
		return TC_ACT_UNSPEC;
	s->last = now;
	if (shape.flags & (TCP_FIN | TCP_RST))
		s->ended = 1;
	if (shape.flags & (TCP_FIN | TCP_SYN | TCP_RST))
		return TC_ACT_UNSPEC;
	struct lease *l = &s->lease[heading];
	if (now >= l->until || shape.longest > l->longest || shape.class != l->class || shape.hops < 2 || skb->protocol != l->protocol) {
		l->hops = shape.hops;
		skb->tc_index = WATCHED;
		return TC_ACT_UNSPEC;
	}
	int action = send_across(skb, s, way, l, heading, heading == FROM_CLIENT ? x->wan : x->lan);
	if (action != TC_ACT_UNSPEC)
		count_forward(heading == FROM_CLIENT ? STRAIGHT_OUT : STRAIGHT_IN);
	return action;
}

/* Of a way as it looks outside. */
static __always_inline struct straight *straight_outside(struct way *way)
{
	struct way *inside = bpf_map_lookup_elem(&aliases, way);
	struct straight *s = inside ? bpf_map_lookup_elem(&straights, inside) : 0;
	return s && is_outside(s, way) ? s : 0;
}

/* How a packet came out that was to be watched: what netfilter let through, and left as it was but for its hop. */
static __always_inline void watch(struct __sk_buff *skb, enum heading heading)
{
	struct way way = {};
	struct shape shape;
	__u8 ends[12];
	__u32 payload;
	if (!read_way(skb, ETHERNET, &way, &payload, heading) || !read_shape(skb, &shape) || bpf_skb_load_bytes(skb, 0, ends, 12) < 0)
		return;
	struct straight *s = bpf_map_lookup_elem(&straights, &way);
	if (!s && heading == FROM_CLIENT)
		s = straight_outside(&way);
	else if (s && s->outside && heading == FROM_CLIENT)
		return;
	if (!s)
		return;
	struct lease *l = &s->lease[heading];
	__u64 now = bpf_ktime_get_boot_ns();
	if (shape.hops + 1 != l->hops)
		return;
	if (now < l->until) {
		if (shape.class == l->class && skb->protocol == l->protocol && shape.longest > l->longest)
			l->longest = shape.longest;
		return;
	}
	__builtin_memcpy(l->ends, ends, 12);
	l->mark = skb->mark;
	l->priority = skb->priority;
	l->longest = shape.longest;
	l->protocol = skb->protocol;
	l->class = shape.class;
	barrier();
	*(volatile __u64 *)&l->until = now + LEASE;
}

/* What goes out by the other interface. */
SEC("tc")
int left(struct __sk_buff *skb)
{
	__u32 index = skb->tc_index;
	if (!index)
		return TC_ACT_UNSPEC;
	struct crossing *x = open_crossing();
	if (index == WATCHED && x && skb->ingress_ifindex == x->lan)
		watch(skb, FROM_CLIENT);
	skb->tc_index = 0;
	return TC_ACT_UNSPEC;
}
