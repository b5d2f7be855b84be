/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Packets that come in from the guarded network. Judged here, stopped by netfilter: it knows which are forwarded, and can
   answer them. What bears no mark is dropped there, so that nothing leaves when this program is gone. */
#pragma once

#define AF_INET4 2
#define AF_INET6_ 10
#define SECOND 1000000000ull
/* As long as connection tracking keeps a stream of datagrams. */
#define DATAGRAMS_IDLE (180 * SECOND)
#define LOCAL_KNOWN SECOND
#define SPOOF_REPORTS (SECOND / 10)

static __always_inline int mark(struct __sk_buff *skb, __u32 value)
{
	skb->mark = (skb->mark & ~MARK_MASK) | value;
	return TC_ACT_UNSPEC;
}

static __always_inline __u32 mark_of(__u32 word)
{
	if (LETS_THROUGH(word))
		return MARK_PASS;
	/* how: drop. Without a mark it vanishes. */
	return HOW(word) == 1 ? 0 : MARK_REFUSE;
}

/* Whether the packet ends here: a flow to this machine does not leave through it. */
static __attribute__((noinline)) int is_local(struct __sk_buff *skb, __u32 base)
{
	struct bpf_fib_lookup fib = { .ifindex = skb->ifindex };
	if (skb->protocol == IPV4) {
		fib.family = AF_INET4;
		if (bpf_skb_load_bytes(skb, base + 12, &fib.ipv4_src, 4) < 0 ||
		    bpf_skb_load_bytes(skb, base + 16, &fib.ipv4_dst, 4) < 0)
			return 0;
	} else {
		fib.family = AF_INET6_;
		if (bpf_skb_load_bytes(skb, base + 8, fib.ipv6_src, 16) < 0 ||
		    bpf_skb_load_bytes(skb, base + 24, fib.ipv6_dst, 16) < 0)
			return 0;
	}
	return bpf_fib_lookup(skb, &fib, sizeof(fib), 0) == BPF_FIB_LKUP_RET_NOT_FWDED;
}

static __always_inline void announce(struct packet *p, struct passage *f, __u8 kind, __u64 now)
{
	count_verdict(f->verdict.word);
	struct forwarded *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		count(EVENTS_LOST);
		return;
	}
	write_forwarded(e, f, &f->verdict, now);
	e->source = p->source;
	e->port = p->target.port;
	__builtin_memcpy(e->from, p->from, 16);
	__builtin_memcpy(e->addr, p->target.addr, 16);
	e->family = p->target.family;
	e->proto = p->target.proto;
	e->kind = kind;
	e->seq = p->seq;
	e->ack = p->ack;
	submit_to(&events, e);
}

/* A flow that has run into a limit. Returns whether it goes on all the same, in monitor mode. */
static __attribute__((noinline)) int exceed(struct packet *p, struct passage *f, __u32 limit, __u64 now)
{
	__u32 monitored = IS_MONITORED(f->verdict.word);
	if (f->allowance.over != limit) {
		struct passage told = *f;
		told.verdict.word = DENY | monitored << 8;
		told.allowance.over = limit;
		count_over(limit);
		announce(p, &told, JUDGED, now);
	}
	f->allowance.over = limit;
	return monitored;
}

static __always_inline __u32 refuse_spoof(struct packet *p, __u32 generation, __u64 now)
{
	__u32 zero = 0;
	struct passage f = { .generation = generation };
	count_forward(SPOOFS);
	__u64 *last = bpf_map_lookup_elem(&spoof_clock, &zero);
	f.verdict.word = structural_refusal(generation);
	f.verdict.rule = UNKNOWN;
	f.verdict.name = UNKNOWN;
	if (last && now - *last >= SPOOF_REPORTS) {
		*last = now;
		announce(p, &f, SPOOFED, now);
	}
	return LETS_THROUGH(f.verdict.word) ? MARK_PASS : 0;
}

/* BCP 38: whose the address is, if it is of this network and used by whom it was given to. Returns 0 when it is not. */
__attribute__((noinline)) int find_source(struct packet *p, __u64 mac, __u32 slot, struct source *out)
{
	if (!p || !out)
		return 0;
	struct prefix key = { .length = 128 };
	__builtin_memcpy(key.addr, p->from, 16);
	void *inner = bpf_map_lookup_elem(&sources, &slot);
	if (!inner)
		return 0;
	struct source *found = bpf_map_lookup_elem(inner, &key);
	if (!found || found->network == UNKNOWN)
		return 0;
	*out = *found;
	if (found->checks_mac) {
		__u64 owner = 0;
		__builtin_memcpy(&owner, found->mac, 6);
		if (owner != mac)
			return 0;
	}
	if (out->client)
		return 1;
	out->client = class_in(&stations, slot, &mac, 0);
	return out->client != UNKNOWN;
}

static __always_inline int is_error(struct packet *p)
{
	__u8 type = p->icmp_type;
	if (p->target.proto == IPPROTO_ICMP)
		return type == 3 || type == 11 || type == 12;
	return p->target.proto == IPPROTO_ICMPV6 && type >= 1 && type <= 4;
}

static __always_inline int is_question(struct packet *p)
{
	return p->target.port == 53 && (p->target.proto == IPPROTO_UDP || p->target.proto == IPPROTO_TCP);
}

/* Whether what was decided about these ends is of an earlier flow between them. */
static __always_inline int begins(struct packet *p, struct passage *f, __u64 now)
{
	if (p->target.proto == IPPROTO_TCP)
		return (p->flags & 0x12) == 2 && now - f->seen > SECOND;
	return now - f->seen > DATAGRAMS_IDLE;
}

struct arrival {
	struct packet packet;
	struct way way;
	struct passage passage;
	struct source source;
	/* No process: none of its cgroups. */
	struct levels levels;
	__u64 now;
	__u64 mac;
	__u32 generation;
	__u32 base;
	__u32 inspects;
};

/* More than a stack holds. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct arrival);
} arrivals SEC(".maps");

static __always_inline int opens(struct packet *p)
{
	return p->target.proto == IPPROTO_TCP && (p->flags & 0x12) == 2;
}

/* In units of 2^20 ns: by then the inspector has answered what it was handed, and what came behind that. */
#define ANSWERED_AFTER 4000u
#define SETTLED_AFTER 1000u

static __always_inline __u32 never_zero(__u64 now)
{
	return (__u32)(now >> 20) | 1;
}

/* Whether the inspector may still find something about the connection before, which would hold for this one. */
static __always_inline int may_be_found(struct arrival *a, struct passage *f, struct finding *found)
{
	__u32 passed = never_zero(a->now) - f->asked;
	return f->asked && passed < (found && found->generation == a->generation ? SETTLED_AFTER : ANSWERED_AFTER);
}

/* A flow whose handshake is awaited. Where the client's octets begin is the server's to say: of several SYNs it took one. */
static __always_inline __u32 mark_awaited(struct arrival *a, struct passage *f)
{
	struct packet *p = &a->packet;
	int beginning = opens(p);
	if (!beginning && VERDICT(f->verdict.word) != AWAITED)
		return mark_of(f->verdict.word);
	struct finding *found = bpf_map_lookup_elem(&findings, &a->way);
	if (beginning) {
		/* Its client tries again a second later. */
		if (may_be_found(a, f, found))
			return 0;
		f->asked = 0;
		/* What was found is of an earlier connection between the same ends. */
		if (found)
			bpf_map_delete_elem(&findings, &a->way);
		if (found || f->first != p->seq + 1) {
			f->begun = 0;
			begin_again(&a->way, a->now);
		}
		f->first = p->seq + 1;
		f->greeted = 0;
		f->verdict.word = AWAITED;
		f->allowance = (struct allowance){};
		/* Octets in a SYN come before the server has taken it; without an answer they are sent again behind it. */
		return p->payload ? 0 : MARK_PASS;
	}
	if (found && found->generation == a->generation) {
		if (!LETS_THROUGH(found->word))
			begin_again(&a->way, a->now);
		f->verdict.word = found->word;
		f->verdict.rule = found->rule;
		/* What was held of it was charged when it was let go. */
		f->allowance = (struct allowance){ .rule = limit_of(a->generation, f->verdict.word, &f->verdict.rule), .counted = 1 };
		return mark_of(found->word);
	}
	/* What opens and closes a connection says nothing. */
	if (p->target.proto == IPPROTO_TCP && !p->payload)
		return MARK_PASS;
	f->asked = never_zero(a->now);
	return MARK_HOLD;
}

/* What a flow sends whose rule has a limit. The server of a flow that ran into one may still be told by its client. */
static __always_inline __u32 keep_within(struct arrival *a, struct passage *f, __u32 value)
{
	struct packet *p = &a->packet;
	if (!f->allowance.rule || value != MARK_PASS || is_reset(p))
		return value;
	__u32 over = run_into(&f->allowance, p->target.proto == IPPROTO_TCP, BYTES_OUT, p->payload, a->now);
	return !over || exceed(p, f, over, a->now) ? MARK_PASS : MARK_REFUSE;
}

/* Puts it in the place of the one before as a whole, with what that has carried: it may be another flow's place by now. */
static __always_inline void keep(struct arrival *a, struct passage *f, struct passage *before)
{
	__u8 *carried = (__u8 *)f + JUDGED_BYTES;
	if (before)
		__builtin_memcpy(carried, (__u8 *)before + JUDGED_BYTES, sizeof(*f) - JUDGED_BYTES);
	else
		__builtin_memset(carried, 0, sizeof(*f) - JUDGED_BYTES);
	if (!before)
		f->told = a->now;
	bpf_map_update_elem(&ways, &a->way, f, BPF_ANY);
}

/* Decides a flow and keeps the verdict. Returns the mark. */
static __always_inline __u32 judge_way(struct arrival *a, struct passage *before)
{
	struct passage *f = &a->passage;
	struct subject s = { .uid = a->source.client, .cgroup = a->source.network };
	int fresh = !before || begins(&a->packet, before, a->now);
	__u32 word = before ? before->verdict.word : 0;
	f->generation = a->generation;
	f->client = a->source.client;
	f->mac = a->mac;
	f->since = fresh ? a->now : before->since;
	f->seen = a->now;
	f->local = 0;
	f->first = before ? before->first : 0;
	f->begun = before ? before->begun : 0;
	f->greeted = before ? before->greeted : 0;
	f->asked = before ? before->asked : 0;
	f->straight = !fresh && before->straight;
	f->looked = fresh ? 0 : before->looked;
	f->carried = fresh ? 0 : before->carried;
	f->allowance = (struct allowance){ .counted = !fresh && before->allowance.counted };
	f->verdict.rank = a->generation;
	f->verdict.word = a->inspects;
	decide(&s, &a->levels, &a->packet.target, &f->verdict, f->since);
	if (!before && a->packet.target.proto == IPPROTO_TCP && (a->packet.flags & 0x12) != 2)
		count_forward(MIDSTREAM);
	f->inspected = VERDICT(f->verdict.word) == AWAITED;
	if (f->inspected) {
		/* Datagrams after a long silence are another flow, too. */
		if (fresh)
			begin_again(&a->way, a->now);
		if (fresh && !opens(&a->packet))
			bpf_map_delete_elem(&findings, &a->way);
		count(INSPECTED);
		__u32 value = keep_within(a, f, mark_awaited(a, f));
		keep(a, f, before);
		return value;
	}
	f->allowance.rule = limit_of(a->generation, f->verdict.word, &f->verdict.rule);
	__u32 value = keep_within(a, f, mark_of(f->verdict.word));
	/* A flow that goes on as before under a new policy is no news. */
	int news = fresh || word != f->verdict.word;
	if (news)
		begin_again(&a->way, a->now);
	keep(a, f, before);
	if (news && !f->allowance.over)
		announce(&a->packet, f, JUDGED, a->now);
	return value;
}

static __always_inline __u32 mark_for(struct __sk_buff *skb, struct arrival *a)
{
	struct packet *p = &a->packet;
	__builtin_memcpy(a->way.from, p->from, 16);
	__builtin_memcpy(a->way.to, p->target.addr, 16);
	a->way.source = p->source;
	a->way.port = p->target.port;
	a->way.proto = p->target.proto;
	struct passage *f = bpf_map_lookup_elem(&ways, &a->way);
	if (f && f->mac == a->mac && opens(p)) {
		f->straight = 0;
		f->carried = 0;
	}
	if (f && f->generation == a->generation && f->mac == a->mac && !is_error(p) && !begins(p, f, a->now)) {
		if (!f->local) {
			f->seen = a->now;
			return keep_within(a, f, f->inspected ? mark_awaited(a, f) : mark_of(f->verdict.word));
		}
		if (a->now - f->seen < LOCAL_KNOWN)
			return 0;
	}
	int ours = find_source(p, a->mac, a->generation & 1, &a->source);
	if (is_question(p)) {
		if (!ours)
			return refuse_spoof(p, a->generation, a->now) ? MARK_NAMES : 0;
		count_forward(NAMES_ASKED);
		bpf_map_update_elem(&askers, p->from, &a->source.client, BPF_ANY);
		return MARK_NAMES;
	}
	if (is_local(skb, a->base)) {
		a->passage = (struct passage){ .generation = a->generation, .mac = a->mac, .seen = a->now, .local = 1 };
		bpf_map_update_elem(&ways, &a->way, &a->passage, BPF_ANY);
		return 0;
	}
	if (!ours)
		return refuse_spoof(p, a->generation, a->now);
	if (is_error(p))
		return MARK_RELATED;
	return judge_way(a, f && f->local ? 0 : f);
}

static __always_inline struct fragments whole_of(struct packet *p)
{
	struct fragments whole = { .id = p->id, .proto = p->target.proto };
	__builtin_memcpy(whole.from, p->from, 16);
	__builtin_memcpy(whole.to, p->target.addr, 16);
	return whole;
}

static __attribute__((noinline)) __u32 mark_fragment(struct arrival *a, int read, __u32 value)
{
	struct packet *p = &a->packet;
	struct fragments whole = whole_of(p);
	if (read == READABLE) {
		struct piece piece = { .mark = value, .way = a->way };
		bpf_map_update_elem(&pieces, &whole, &piece, BPF_ANY);
		return value;
	}
	struct piece *first = bpf_map_lookup_elem(&pieces, &whole);
	if (!first) {
		count_forward(FRAGMENTS_LOST);
		return 0;
	}
	struct passage *f = bpf_map_lookup_elem(&ways, &first->way);
	a->way = first->way;
	return f ? keep_within(a, f, first->mark) : first->mark;
}

static __always_inline void count_out(struct __sk_buff *skb, struct arrival *a, int sees)
{
	struct packet *p = &a->packet;
	struct share share = { .payload = p->payload, .flags = p->flags, .proto = p->target.proto };
	struct passage *f = bpf_map_lookup_elem(&ways, &a->way);
	if (!f || f->local)
		return;
	if (sees && f->looked < SEEN_ENOUGH)
		see_out(skb, p, &a->way, f);
	carry_out(&a->way, f, &share, a->now);
}

#define HOPS 64

/* What is judged must reach the server: a client could show octets that end on their way, and send others in their place. */
static __always_inline void lengthen_way(struct __sk_buff *skb, __u32 base)
{
	__u16 before, after;
	__u8 *hops = (__u8 *)&after;
	if (skb->protocol == IPV6) {
		__u8 most = HOPS, now;
		if (bpf_skb_load_bytes(skb, base + 7, &now, 1) == 0 && now < most)
			bpf_skb_store_bytes(skb, base + 7, &most, 1, BPF_F_RECOMPUTE_CSUM);
		return;
	}
	if (bpf_skb_load_bytes(skb, base + 8, &before, 2) < 0)
		return;
	after = before;
	if (*hops >= HOPS)
		return;
	*hops = HOPS;
	bpf_l3_csum_replace(skb, base + 10, before, after, 2);
	bpf_skb_store_bytes(skb, base + 8, &after, 2, 0);
}

#define JUDGE (-2)

/* A plain packet, when what was decided about its flow holds for it too. A function of its own: to judge takes all of the stack. */
static __attribute__((noinline)) int forward_known(struct __sk_buff *skb, __u32 base, __u64 mac, __u32 generation, __u64 now)
{
	struct way way = {};
	struct share share = {};
	__u8 *ports = read_way(skb, base, &way, &share.payload, FROM_CLIENT);
	if (!ports)
		return JUDGE;
	share.proto = way.proto;
	share.flags = ports[13];
	struct passage *f = bpf_map_lookup_elem(&ways, &way);
	if (!f || f->generation != generation || f->mac != mac || f->local || f->allowance.rule || is_awaited(f))
		return JUDGE;
	/* What may begin another flow between the same ends. */
	if (way.proto == IPPROTO_TCP ? (share.flags & 0x12) == 2 : now - f->seen > DATAGRAMS_IDLE)
		return JUDGE;
	__u32 known = mark_of(f->verdict.word);
	f->seen = now;
	if (known != MARK_PASS)
		return mark(skb, known);
	if (f->looked < SEEN_ENOUGH)
		return JUDGE;
	carry_out(&way, f, &share, now);
	int across = cross(skb, &way, 0, f, FROM_CLIENT, now);
	return across == TC_ACT_UNSPEC ? mark(skb, known) : across;
}

SEC("tc")
int forward(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct config *c = settings();
	if (!c)
		return TC_ACT_SHOT;
	if (skb->tc_index)
		skb->tc_index = 0;
	/* Tagged frames belong to another interface, and what is not for this host goes no further. */
	if ((skb->vlan_present && (skb->vlan_tci & 0xfff)) || skb->pkt_type != 0)
		return mark(skb, 0);
	if (skb->protocol != IPV4 && skb->protocol != IPV6)
		return mark(skb, 0);
	count_forward(PACKETS);
	__u32 generation = active(c), base = c->flags & HAS_ETHERNET ? 14 : 0;
	__u64 now = bpf_ktime_get_boot_ns(), mac = 0;
	if (base && bpf_skb_load_bytes(skb, 6, &mac, 6) < 0)
		return mark(skb, 0);
	int known = forward_known(skb, base, mac, generation, now);
	if (known != JUDGE)
		return known;
	struct arrival *a = bpf_map_lookup_elem(&arrivals, &zero);
	if (!a)
		return TC_ACT_SHOT;
	struct packet *p = &a->packet;
	__builtin_memset(p, 0, sizeof(*p));
	a->generation = generation;
	a->now = now;
	a->base = base;
	a->mac = mac;
	int read = skb->protocol == IPV4 ? read_packet4(skb, a->base, p) : read_packet6(skb, a->base, p);
	if (read == UNREADABLE) {
		count_forward(UNREADABLES);
		return mark(skb, 0);
	}
	a->inspects = !!(c->flags & INSPECT);
	__u32 value = read == READABLE ? mark_for(skb, a) : 0;
	if (value == MARK_HOLD)
		lengthen_way(skb, a->base);
	if (read == LATER_FRAGMENT || p->more)
		value = mark_fragment(a, read, value);
	if (value == MARK_PASS || value == MARK_HOLD)
		count_out(skb, a, value == MARK_PASS && read == READABLE);
	return mark(skb, value);
}
