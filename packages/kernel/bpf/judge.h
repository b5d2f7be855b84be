/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A socket's verdict: cached with its generation and destination, reported once. */
#pragma once

#define REFUSED 0
#define PASSED 1

/* What a hook answers. The verifier of 6.1 does not see by itself that it is one of the two. */
static __always_inline int answer(int passes)
{
	barrier_var(passes);
	return passes & PASSED;
}

enum hook { CONNECT = 0, SENDMSG = 1, CREATE = 2, EGRESS = 3, SETSOCKOPT = 4 };

static __always_inline struct config *settings(void)
{
	__u32 zero = 0;
	return bpf_map_lookup_elem(&config, &zero);
}

static __always_inline __u32 active(struct config *c)
{
	return *(volatile __u32 *)&c->generation;
}

/* Which socket, and the process above the subject's. */
struct origin_of_event {
	__u64 cookie;
	__u32 parent;
};

struct report {
	struct target *target;
	struct verdict *verdict;
	struct subject *subject;
	__u32 generation;
	__u8 hook;
	__u64 now;
	struct origin_of_event of;
	/* The one that was reached, from 1. */
	__u32 limit;
};

/* Waking the reader interrupts this very processor; it looks by itself, and is woken only before the ring is full. */
static __always_inline void submit_to(void *ring, void *event)
{
	__u64 waiting = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);
	bpf_ringbuf_submit(event, waiting < WAKE_BYTES ? BPF_RB_NO_WAKEUP : BPF_RB_FORCE_WAKEUP);
}

static __always_inline void count_verdict(__u32 word)
{
	if (VERDICT(word) == ALLOW)
		count(ALLOWED);
	else
		count(IS_MONITORED(word) ? MONITORED : DENIED);
}

static __always_inline void write_event(struct event *e, struct report *r, const char *comm, struct executable *exe)
{
	__u32 word = r->verdict->word;
	e->time = r->now;
	e->pid = r->subject->pid;
	e->tgid = r->subject->tgid;
	e->uid = r->subject->uid;
	e->verdict = VERDICT(word);
	e->mode = IS_MONITORED(word);
	e->how = HOW(word);
	e->hook = r->hook;
	e->family = r->target->family;
	e->proto = r->target->proto;
	e->port = r->target->port;
	__builtin_memcpy(e->addr, r->target->addr, 16);
	e->rule = r->verdict->rule;
	e->generation = r->generation;
	e->cgroup = r->subject->cgroup;
	e->exe = *exe;
	e->name = r->verdict->name;
	e->parent = r->of.parent;
	e->cookie = r->of.cookie;
	e->limit = r->limit;
	if (comm)
		__builtin_memcpy(e->comm, comm, 16);
	else
		bpf_get_current_comm(e->comm, sizeof(e->comm));
}

static __always_inline void report(struct report *r, const char *comm, struct executable *exe)
{
	count_verdict(r->verdict->word);
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		count(EVENTS_LOST);
		return;
	}
	write_event(e, r, comm, exe);
	submit_to(&events, e);
}

static __always_inline __u32 structural_refusal(__u32 generation)
{
	struct defaults *d = defaults_of(generation);
	return d && d->monitor ? DENY | 1 << 8 : DENY;
}

/* Refusals that no rule makes. Returns whether it goes through all the same, in monitor mode. */
static __always_inline int refuse(struct subject *s, struct target *t, __u32 generation, __u8 hook)
{
	struct verdict v = { .word = structural_refusal(generation), .rank = UNKNOWN, .rule = UNKNOWN, .name = UNKNOWN };
	struct report r = { t, &v, s, generation, hook, bpf_ktime_get_boot_ns(), { 0, current_parent() } };
	current_executable(&s->exe);
	report(&r, 0, &s->exe);
	return LETS_THROUGH(v.word);
}

static __always_inline void remember(struct flow *f, struct subject *s, struct target *t, struct verdict *v, __u32 generation,
				     __u64 since, int connected)
{
	__u32 limit = limit_of(generation, v->word, &v->rule);
	bpf_spin_lock(&f->lock);
	f->subject = *s;
	f->target = *t;
	f->verdict = *v;
	f->allowance.rule = limit;
	f->allowance.over = 0;
	f->generation = generation;
	if (f->since != since)
		f->seen = f->stream = f->ended = 0;
	f->since = since;
	f->redirected = 0;
	f->exempt = 0;
	f->used = 1;
	if (connected)
		f->connected = 1;
	bpf_spin_unlock(&f->lock);
}
