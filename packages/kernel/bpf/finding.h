/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What an inspector and the kernel tell one another, on an endpoint and on a gateway. */
#pragma once

/* What the inspector found: the verdict under one generation, and what it rests on, for the next. */
struct finding {
	__u32 generation;
	__u32 word;
	__u32 facts;
	__u32 name_length;
	/* By which it may pass, where that has a limit. */
	__u32 rule;
	__u32 pad;
	char protocol[16];
	char name[256];
};

/* Of what a server says before its client is judged. */
#define GREETING_BYTES 1400
#define GREETINGS_BYTES 4096

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} greetings SEC(".maps");

/* Returns how many octets were taken, 0 of a packet that has none there. */
static __always_inline __u32 take_greeting(struct __sk_buff *skb, __u32 at, __u32 length, __u8 *bytes)
{
	/* Counted from the second: the verifier of 6.1 does not learn from a comparison with 0 that there is a first. */
	__u32 more = length - 1;
	barrier_var(more);
	return more < GREETING_BYTES && bpf_skb_load_bytes(skb, at, bytes, more + 1) == 0 ? more + 1 : 0;
}
