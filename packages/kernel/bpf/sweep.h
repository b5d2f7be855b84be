/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Run by user space now and then: flows that are silent have ended. */
#pragma once

/* As long as a mapping of TCP is to be kept (RFC 5382, REQ-5); of a connection that is not whole, or not any more, shorter. */
#define STREAMS_IDLE (7440 * SECOND)
#define TRANSITORY_IDLE (240 * SECOND)

struct sweep {
	/* Told all the same: nothing is counted from now on. */
	__u32 all;
	/* Flows that go on. */
	__u32 open;
	/* There is more to tell than there is room for. */
	__u32 full;
	/* Were forgotten for others: user space's to keep. */
	__u32 missed;
	__u64 now;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sweep);
} swept SEC(".maps");

static __always_inline __u64 longest_silence(struct way *way, struct passage *f)
{
	if (way->proto != IPPROTO_TCP)
		return DATAGRAMS_IDLE;
	return f->closed_out || f->closed_in || !f->answered ? TRANSITORY_IDLE : STREAMS_IDLE;
}

static long sweep_one(void *map, struct way *key, struct passage *f, struct sweep *s)
{
	struct way way = *key;
	if (f->local || f->ended)
		return 0;
	__u64 last = f->answered > f->seen ? f->answered : f->seen;
	if (!s->all && (s->now < last || s->now - last < longest_silence(&way, f))) {
		s->open += f->left;
		return 0;
	}
	if (tell_end(&way, f, last) != NO_ROOM)
		return 0;
	s->full = 1;
	return 1;
}

SEC("tc")
int sweep(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct sweep *s = bpf_map_lookup_elem(&swept, &zero);
	if (!s)
		return 0;
	struct sweep now = { .all = s->all, .missed = s->missed, .now = bpf_ktime_get_boot_ns() };
	bpf_for_each_map_elem(&ways, sweep_one, &now, 0);
	*s = now;
	return 0;
}
