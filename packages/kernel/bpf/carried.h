/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What a flow through the gateway carries, and its end. All payload counts that passes, what is sent twice too: a client could
   otherwise hide what it sends under numbers that it has used before. */
#pragma once

/* The part of a passage that a judgement makes anew. */
#define JUDGED_BYTES __builtin_offsetof(struct passage, told)

#define FIN 0x01
#define RST 0x04

/* What a packet adds. */
struct share {
	__u32 payload;
	__u8 proto;
	/* Of TCP. */
	__u8 flags;
	__u16 pad;
};

/* `flow` is as it was told when it began. */
struct forwarded_end {
	struct forwarded flow;
	__u64 at;
	struct tally tally;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} ends SEC(".maps");

/* All but its ends. */
static __always_inline void write_forwarded(struct forwarded *e, struct passage *f, struct verdict *v, __u64 time)
{
	__builtin_memset(e, 0, sizeof(*e));
	e->time = time;
	e->generation = f->generation;
	e->client = f->client;
	e->rule = v->rule;
	e->name = v->name;
	e->verdict = VERDICT(v->word);
	e->mode = IS_MONITORED(v->word);
	e->how = HOW(v->word);
	e->limit = f->allowance.over;
}

static __always_inline void note_left(struct passage *f)
{
	if (!f->left && !__sync_val_compare_and_swap(&f->left, 0, 1))
		count_forward(FLOWS_LEFT);
}

static __always_inline void renew(struct passage *f, __u64 now)
{
	__builtin_memset(&f->tally, 0, sizeof(f->tally));
	f->closed_out = 0;
	f->closed_in = 0;
	f->told = now;
	f->ended = 0;
}

/* By what it has passed; its handshake may have been the last of it. Returns whether it has. */
static __always_inline int passed_by(struct way *way, struct passage *f, struct verdict *v)
{
	*v = f->verdict;
	struct finding *found = is_awaited(f) ? bpf_map_lookup_elem(&findings, way) : 0;
	if (found) {
		v->word = found->word;
		v->rule = found->rule;
	}
	if (!LETS_THROUGH(v->word) && f->left)
		v->word = ALLOW;
	return LETS_THROUGH(v->word);
}

enum telling { TOLD, NOTHING_TO_TELL, NO_ROOM };

/* Tells it once. Without room it stays to be told. */
static __attribute__((noinline)) int tell_end(struct way *way, struct passage *f, __u64 at)
{
	struct verdict v;
	if (f->ended || !passed_by(way, f, &v) || __sync_val_compare_and_swap(&f->ended, 0, 1))
		return NOTHING_TO_TELL;
	struct forwarded_end *e = bpf_ringbuf_reserve(&ends, sizeof(*e), 0);
	if (!e) {
		f->ended = 0;
		return NO_ROOM;
	}
	write_forwarded(&e->flow, f, &v, f->told);
	e->flow.source = way->source;
	e->flow.port = way->port;
	__builtin_memcpy(e->flow.from, way->from, 16);
	__builtin_memcpy(e->flow.addr, way->to, 16);
	e->flow.proto = way->proto;
	e->flow.limit = 0;
	e->at = at;
	e->tally.sent = __sync_lock_test_and_set(&f->tally.sent, 0);
	e->tally.received = __sync_lock_test_and_set(&f->tally.received, 0);
	e->tally.packets_sent = __sync_lock_test_and_set(&f->tally.packets_sent, 0);
	e->tally.packets_received = __sync_lock_test_and_set(&f->tally.packets_received, 0);
	note_left(f);
	f->left = 0;
	count_forward(FLOWS_ENDED);
	submit_to(&ends, e);
	return TOLD;
}

/* Another flow between the same ends, or the same under another verdict: what was carried until now is told. */
static __attribute__((noinline)) int begin_again(struct way *way, __u64 now)
{
	struct passage *f = bpf_map_lookup_elem(&ways, way);
	if (!f)
		return 0;
	if (f->left && tell_end(way, f, f->answered > f->seen ? f->answered : f->seen) == NO_ROOM) {
		count(ENDS_LOST);
		count_forward(FLOWS_ENDED);
		f->left = 0;
	}
	renew(f, now);
	return 0;
}

/* What goes on after its end was told is another flow; what only acknowledges that is none. */
static __always_inline int counts(struct passage *f, struct share *s, __u64 now)
{
	if (!f->ended)
		return 1;
	if (!s->payload)
		return 0;
	renew(f, now);
	return 1;
}

static __always_inline void close_side(struct way *way, struct passage *f, struct share *s, __u8 *side, __u64 now)
{
	if (s->proto != IPPROTO_TCP)
		return;
	if (s->flags & FIN)
		*side = 1;
	else if (s->flags & RST)
		f->closed_out = f->closed_in = 1;
	if (f->closed_out && f->closed_in && !(s->flags & FIN) && !s->payload)
		tell_end(way, f, now);
}

static __always_inline void carry_out(struct way *way, struct passage *f, struct share *s, __u64 now)
{
	if (!counts(f, s, now))
		return;
	if (!is_awaited(f))
		note_left(f);
	__sync_fetch_and_add(&f->tally.packets_sent, 1);
	if (s->payload)
		__sync_fetch_and_add(&f->tally.sent, s->payload);
	close_side(way, f, s, &f->closed_out, now);
}

static __always_inline void carry_in(struct way *way, struct passage *f, struct share *s)
{
	__u64 now = bpf_ktime_get_boot_ns();
	f->answered = now;
	if (!counts(f, s, now))
		return;
	__sync_fetch_and_add(&f->tally.packets_received, 1);
	if (s->payload)
		__sync_fetch_and_add(&f->tally.received, s->payload);
	close_side(way, f, s, &f->closed_in, now);
}
