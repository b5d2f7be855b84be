/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* How much a rule lets through in all. A span is counted in slices, and what a slice saw is given back when the whole span behind
   it is over: no span, wherever it begins, has more than the amount. */
#pragma once

#define LIMITED_RULES 256
#define SLICES 64
#define UNLIMITED (~0ull)
#define NO_LIMIT 0

enum limit { BYTES_OUT = 0, BYTES_IN = 1, CONNECTIONS = 2, LIMITS };

struct budget {
	struct bpf_spin_lock lock;
	/* Something found no room since a slice was last given back: whatever would fit does not pass either. */
	__u32 full;
	__u64 amount;
	/* Nanoseconds; 0: nothing is given back. */
	__u64 slice;
	__u64 last;
	__u64 used;
	__u64 spent[SLICES];
	/* Of the rule that it belongs to: see budgets.ts. */
	__u8 owner[16];
};

/* They outlive the policy: a rule that stays goes on with what it has used. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LIMITED_RULES * LIMITS);
	__type(key, __u32);
	__type(value, struct budget);
} budgets SEC(".maps");

/* Rules that have a limit, by their number in the policy. */
TWO_SLOTS(limited, users_map);

/* Whether so much may pass, which is then used; without a cost, whether there is anything left. */
__attribute__((noinline)) int spend(__u32 rule, __u32 which, __u64 cost, __u64 now)
{
	__u32 index = (rule - 1) * LIMITS + which;
	struct budget *b = bpf_map_lookup_elem(&budgets, &index);
	if (!b)
		return 0;
	if (b->amount == UNLIMITED)
		return 1;
	bpf_spin_lock(&b->lock);
	__u64 slice = b->slice ? now / b->slice : b->last;
	if (slice > b->last + SLICES)
		b->last = slice - SLICES;
	for (int i = 0; i < SLICES; i++) {
		/* Read anew: kept in a register it is the first plus i, to the verifier another each time, with all that follows. */
		barrier();
		if (b->last >= slice)
			break;
		b->last++;
		__u64 *given = &b->spent[b->last & (SLICES - 1)];
		if (*given)
			b->full = 0;
		b->used -= *given;
		*given = 0;
	}
	int passes = !b->full && (cost ? b->used + cost <= b->amount : b->used < b->amount);
	if (passes) {
		b->used += cost;
		b->spent[b->last & (SLICES - 1)] += cost;
	} else if (cost) {
		b->full = 1;
	}
	bpf_spin_unlock(&b->lock);
	return passes;
}

/* 1 and up; a number without a budget lets nothing through. */
static __always_inline __u32 limit_of(__u32 generation, __u32 word, const __u32 *rule)
{
	return IS_LIMITED(word) ? class_in(&limited, generation & 1, rule, UNKNOWN) : NO_LIMIT;
}

/* Which limit a flow that begins runs into, from 1; 0 when it may begin. */
__attribute__((noinline)) __u32 begin_within(__u32 rule, __u64 now)
{
	if (!spend(rule, BYTES_OUT, 0, now))
		return BYTES_OUT + 1;
	if (!spend(rule, BYTES_IN, 0, now))
		return BYTES_IN + 1;
	return spend(rule, CONNECTIONS, 1, now) ? 0 : CONNECTIONS + 1;
}

/* Whether a flow may send or get so much: the limit that it runs into, from 1, or 0. TCP that ran into one has ended; datagrams go
   on when there is room again. */
static __always_inline __u32 run_into(struct allowance *a, int is_tcp, __u32 which, __u64 octets, __u64 now)
{
	__u32 over = is_tcp ? a->over : 0;
	if (!over && !a->counted) {
		over = begin_within(a->rule, now);
		a->counted = !over;
	}
	if (!over && octets && !spend(a->rule, which, octets, now))
		over = which + 1;
	if (!over)
		a->over = 0;
	return over;
}

static __always_inline void count_over(__u32 limit)
{
	count(OVER_BYTES_OUT + limit - 1);
}
