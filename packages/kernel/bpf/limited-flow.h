/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A socket's flow whose rule has a limit. */
#pragma once

/* A flow that has run into a limit. Returns whether it goes on all the same, in monitor mode. */
static __attribute__((noinline)) int exceed(struct flow *f, __u64 cookie, __u32 limit, __u64 now)
{
	__u32 monitored = IS_MONITORED(f->verdict.word);
	if (f->allowance.over != limit) {
		struct verdict v = { .word = DENY | monitored << 8, .rule = f->verdict.rule, .name = f->verdict.name };
		struct report r = { &f->target, &v, &f->subject, f->generation, EGRESS, now, { cookie, f->parent }, limit };
		count_over(limit);
		report(&r, f->comm, &f->subject.exe);
	}
	f->allowance.over = limit;
	return monitored;
}

static __attribute__((noinline)) int pass_limit(struct flow *f, __u64 cookie, __u32 which, __u64 octets)
{
	__u64 now = bpf_ktime_get_boot_ns();
	__u32 over = run_into(&f->allowance, f->target.proto == IPPROTO_TCP, which, octets, now);
	return over ? exceed(f, cookie, over, now) : 1;
}
