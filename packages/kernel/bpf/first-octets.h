/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The first octets of flows that wait for nobody: copied as they pass, for whoever records what the flow is. */
#pragma once

/* A packet gives up to two pieces, of which a flow has four; what is larger than both leaves a gap. */
#define PIECE_BYTES 2048
#define PIECES_AT_ONCE 2
/* A packet without payload counts as one, a piece as eight: a connection that only acknowledges is left alone too. */
#define SEEN_PIECE 8
#define SEEN_ENOUGH 32

#define OF_WORDS 5

enum direction { BY_CLIENT, BY_SERVER };

struct first_octets {
	/* When the flow began, as it was told. */
	__u64 since;
	/* The socket's cookie; of a gateway the way. */
	__u64 of[OF_WORDS];
	__u32 seq;
	__u32 length;
	__u8 proto;
	__u8 direction;
	__u8 pad[6];
	__u8 bytes[PIECE_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 21);
} said SEC(".maps");

/* What a packet says, and of which flow. */
struct saying {
	__u64 since;
	const __u64 *of;
	__u32 of_words;
	/* TCP: the number of the first octet. */
	__u32 seq;
	enum direction direction;
};

/* Data in a SYN begins one further (RFC 9293 §3.4). */
static __always_inline __u32 number_of_data(struct packet *p)
{
	return p->seq + !!(p->flags & 0x02);
}

static __always_inline int tell_piece(struct __sk_buff *skb, struct packet *p, struct saying *s, __u32 skipped)
{
	/* Counted from the second, as in take_greeting. */
	__u32 more = p->payload - skipped - 1;
	struct first_octets *o = bpf_ringbuf_reserve(&said, sizeof(*o), 0);
	if (!o) {
		count(OCTETS_LOST);
		return 0;
	}
	o->since = s->since;
#pragma unroll
	for (__u32 i = 0; i < OF_WORDS; i++)
		o->of[i] = i < s->of_words ? s->of[i] : 0;
	o->seq = s->seq + skipped;
	o->proto = p->target.proto;
	o->direction = s->direction;
	if (more > PIECE_BYTES - 1)
		more = PIECE_BYTES - 1;
	barrier_var(more);
	o->length = more < PIECE_BYTES && bpf_skb_load_bytes(skb, p->data + skipped, o->bytes, more + 1) == 0 ? more + 1 : 0;
	submit_to(&said, o);
	return 1;
}

/* Returns how many pieces there were, whether or not they found room. */
static __always_inline int tell_octets(struct __sk_buff *skb, struct packet *p, struct saying *s)
{
	tell_piece(skb, p, s, 0);
	if (p->payload <= PIECE_BYTES)
		return 1;
	tell_piece(skb, p, s, PIECE_BYTES);
	return PIECES_AT_ONCE;
}
