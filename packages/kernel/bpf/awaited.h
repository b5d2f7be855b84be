/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Flows whose handshake is awaited: what the inspector is told of them, and what it found. */
#pragma once

/* One flow of one socket; `family` is 0, since an IPv6 socket may send IPv4. */
struct flow_key {
	__u64 cookie;
	struct target target;
	__u32 pad;
};

/* What the kernel knows of a flow whose handshake is awaited. */
struct ticket {
	__u32 generation;
	__u32 resume;
	__u64 since;
	struct subject subject;
	struct levels levels;
	char comm[16];
};

/* Ports and addresses of a packet that is handed up, which name its socket. */
struct origin {
	struct target target;
	__u8 source[16];
	__u16 port;
	__u16 pad;
};

/* What a server said before its client was judged. */
struct greeting {
	struct flow_key key;
	__u32 seq;
	__u32 length;
	__u8 bytes[GREETING_BYTES];
};

/* Bounded by forgetting what was not used longest: a flow that is forgotten is asked about once more. */
#define INSPECTED_FLOWS 16384
#define BY_FLOW(NAME, KEY, VALUE)                                                                                      \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_LRU_HASH);                                                                   \
		__uint(max_entries, INSPECTED_FLOWS);                                                                  \
		__type(key, KEY);                                                                                      \
		__type(value, VALUE);                                                                                  \
	} NAME SEC(".maps")

BY_FLOW(tickets, struct flow_key, struct ticket);
BY_FLOW(findings, struct flow_key, struct finding);
BY_FLOW(origins, struct origin, __u64);
/* Of a socket that has tickets. */
struct socket_state {
	/* TCP: the policy under which its handshake was found, so that its packets need no other look; 0 while it may wait. */
	__u32 found_under;
	/* Octets of it were handed up. */
	__u32 looked_at;
};
BY_FLOW(waiting, __u64, struct socket_state);

static __always_inline struct flow_key key_of(__u64 cookie, struct target *t)
{
	struct flow_key key = { .cookie = cookie, .target = *t };
	key.target.family = 0;
	return key;
}

static __always_inline void set_found(__u64 cookie, __u32 generation)
{
	struct socket_state *known = bpf_map_lookup_elem(&waiting, &cookie);
	struct socket_state state = { .found_under = generation };
	if (known)
		known->found_under = generation;
	else
		bpf_map_update_elem(&waiting, &cookie, &state, BPF_ANY);
}

/* A call of its own: stacks of 512 bytes are shared by all that are called from one another. */
static __attribute__((noinline)) void await_handshake(struct flow *f, struct flow_key *key, __u32 resume, __u32 generation)
{
	struct ticket ticket = { .generation = generation, .resume = resume, .since = f->since };
	ticket.subject = f->subject;
	ticket.levels = f->levels;
	__builtin_memcpy(ticket.comm, f->comm, 16);
	bpf_map_update_elem(&tickets, key, &ticket, BPF_ANY);
	set_found(key->cookie, 0);
	count(INSPECTED);
}

/* A TCP socket may try again what nobody answered. Once an octet of it was looked at, a finding is there or on its way, and would
   hold for another connection of the socket to the same end. */
static __always_inline int was_looked_at(struct flow *f, __u64 cookie)
{
	struct socket_state *state = bpf_map_lookup_elem(&waiting, &cookie);
	int before = f->awaited;
	f->awaited = 1;
	return before && (!state || state->looked_at);
}

static __always_inline struct finding *find_verdict(struct flow_key *key, __u32 generation)
{
	struct finding *found = bpf_map_lookup_elem(&findings, key);
	return found && found->generation == generation ? found : 0;
}

/* Whether a handshake of the socket's flows can be seen. */
static __always_inline __u32 may_await(struct config *c, struct flow *f)
{
	return (c->flags & INSPECT) && !f->unseen;
}
