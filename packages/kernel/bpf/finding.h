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
