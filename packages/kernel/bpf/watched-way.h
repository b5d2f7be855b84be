/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What a flow through the gateway says first, where nobody holds it back for that. */
#pragma once

#define GREETED_ENOUGH 4096

/* Whether there is something left to be seen of it, and somebody who reads it. */
static __always_inline int is_looked_at(struct passage *f)
{
	struct config *c = settings();
	if (c && c->flags & WATCHES && !f->inspected)
		return 1;
	f->looked = SEEN_ENOUGH;
	return 0;
}

/* A packet of its client. A call of its own: stacks of 512 bytes are shared by all that are called from one another. */
static __attribute__((noinline)) void see_out(struct __sk_buff *skb, struct packet *p, struct way *way, struct passage *f)
{
	if (!is_looked_at(f))
		return;
	if (!p->payload) {
		f->looked++;
		return;
	}
	struct saying s = { f->told, (__u64 *)way, OF_WORDS, number_of_data(p), BY_CLIENT };
	f->looked += tell_octets(skb, p, &s) * SEEN_PIECE;
}

/* What a server says before its client, whose packets until then had no payload. */
static __always_inline int is_watched_greeting(struct passage *f, struct share *share)
{
	return share->proto == IPPROTO_TCP && share->payload && f->looked && f->looked < SEEN_PIECE && f->greeted < GREETED_ENOUGH;
}

/* `p` has been turned: what its server numbers is what its client awaits. */
static __attribute__((noinline)) void see_in(struct __sk_buff *skb, struct packet *p, struct way *way, struct passage *f)
{
	if (!is_looked_at(f))
		return;
	struct saying s = { f->told, (__u64 *)way, OF_WORDS, p->ack, BY_SERVER };
	f->greeted += p->payload < GREETED_ENOUGH ? p->payload : GREETED_ENOUGH;
	tell_octets(skb, p, &s);
}
