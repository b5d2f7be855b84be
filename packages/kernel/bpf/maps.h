/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Tables. Everything a policy consists of is a map in a map with two slots, so that a policy is swapped as a whole. */
#pragma once

#define UNKNOWN 0xffffffffu
#define NAME_SLOTS 16
#define CGROUP_LEVELS 9

struct config {
	__u32 generation;
	__u32 flags;
	__u32 resolver_tgid;
	__u16 resolver_port;
	__u16 resolver_families;
	__u64 resolver_start;
	__u8 resolver4[16];
	__u8 resolver6[16];
	/* The inode of the process namespace that resolver_tgid is a number in. */
	__u32 resolver_namespace;
	/* The inode of the network namespace that the resolver listens in; 0: it is reached from everywhere. */
	__u32 resolver_network;
	/* The inode of the network namespace whose packets can be held for inspection. */
	__u32 inspected_network;
	__u32 pad;
};

#define ALLOW_RAW 1u
/* 2u is the gateway's. */
#define INSPECT 4u
/* Some rule of the policy has a limit. */
#define LIMITS_APPLY 8u
/* Somebody reads the first octets of flows. */
#define WATCHES 16u
#define HAS_V4 1u
#define HAS_V6 2u

struct defaults {
	__u32 user;
	__u32 app;
	__u32 unit;
	__u32 name;
	/* 1: the refusals that no rule makes (raw sockets, marks, stray DNS) are reported only. */
	__u32 monitor;
	/* Facts that some entry tells from the default: the others need no look-up. */
	__u32 asks;
	/* The class of an address without names while its handshake is awaited. */
	__u32 awaited_name;
	__u32 pad;
};

#define ASKS_USER 1u
#define ASKS_APP 2u
#define ASKS_UNIT 4u

struct executable {
	__u64 dev;
	__u64 ino;
};

struct prefix {
	__u32 length;
	__u8 addr[16];
};

struct binding {
	__u32 count;
	__u32 pad;
	struct {
		__u32 name;
		/* The name's class while the handshake is awaited. */
		__u32 awaited;
		__u64 expires;
	} slot[NAME_SLOTS];
};

struct subject {
	__u32 pid;
	__u32 tgid;
	__u32 uid;
	__u32 exec_id;
	struct executable exe;
	__u64 cgroup;
};

/* Ancestors of the subject's cgroup by level; 0 where there is none, and in all of them until a policy asks. */
struct levels {
	__u64 id[CGROUP_LEVELS];
};

struct target {
	__u8 addr[16];
	__u16 port;
	__u8 proto;
	__u8 family;
};

struct verdict {
	__u32 word;
	__u32 rank;
	__u32 rule;
	__u32 name;
	/* Where a walk that was not certain goes on: the node of the names, or the leaf. */
	__u32 resume;
};

struct tally {
	__u64 sent;
	__u64 received;
	__u32 packets_sent;
	__u32 packets_received;
};

/* What a flow may move: see limit.h. */
struct allowance {
	/* The rule that let it through, if that has a limit, by its number there. */
	__u32 rule;
	/* The limit that it ran into, from 1. */
	__u8 over;
	/* Is one of the connections that the rule has let through. */
	__u8 counted;
	__u16 pad;
};

/* What is remembered about a socket: who uses it, where it goes, what was decided under which generation. The lock keeps
   a destination and its verdict together when several threads send on one socket. The first 52 octets, to the verdict's word, lie in
   one line of the cache, and answer for every packet of an open connection. */
struct flow {
	struct bpf_spin_lock lock;
	__u32 generation;
	struct target target;
	struct allowance allowance;
	__u8 connected;
	__u8 redirected;
	__u8 exempt;
	/* 0: made with the socket, before anybody used it. */
	__u8 used;
	/* Of another network than the resolver's: its DNS is a flow like any other. */
	__u8 elsewhere;
	/* Made in another network than the inspected: its packets cannot be held. */
	__u8 unseen;
	/* A TCP socket, which writes to its peer alone, of whose flow nothing more is to be seen. */
	__u8 stream;
	/* What was looked at of the flow: see first-octets.h. */
	__u8 seen;
	/* Octets of the server that were handed to the inspector. */
	__u32 greeted;
	struct verdict verdict;
	struct subject subject;
	struct target original;
	/* The process above the subject's. */
	__u32 parent;
	struct levels levels;
	char comm[16];
	__u64 since;
	/* TCP: a connection of the socket waited for its handshake, this one or one before. */
	__u32 awaited;
	/* TCP: its end was told. */
	__u32 ended;
	/* Datagrams to this destination; TCP counts by itself. */
	struct tally tally;
};

struct event {
	__u64 time;
	__u32 pid;
	__u32 tgid;
	__u32 uid;
	__u8 verdict;
	__u8 mode;
	__u8 hook;
	__u8 family;
	__u8 proto;
	__u8 how;
	__u16 port;
	__u8 addr[16];
	__u32 rule;
	__u32 generation;
	__u32 parent;
	__u64 cgroup;
	struct executable exe;
	char comm[16];
	__u32 name;
	/* The one that was reached, from 1. */
	__u32 limit;
	__u64 cookie;
};

/* Sizes, not types: clang leaves only a forward declaration of a structure that an inner map names. */
struct image_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_INNER_MAP);
	__type(key, __u32);
	__type(value, __u32);
};

struct users_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u32);
};

struct apps_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct executable));
	__uint(value_size, 4);
};

struct units_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u32);
};

struct addresses_map {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct prefix));
	__uint(value_size, 4);
};

struct bindings_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, 16);
	__uint(value_size, sizeof(struct binding));
};

struct defaults_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, sizeof(struct defaults));
};

#define TWO_SLOTS(NAME, INNER)                                                                                         \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);                                                              \
		__uint(max_entries, 2);                                                                                \
		__type(key, __u32);                                                                                    \
		__array(values, struct INNER);                                                                         \
	} NAME SEC(".maps")

TWO_SLOTS(image, image_map);
TWO_SLOTS(ports, image_map);
TWO_SLOTS(users, users_map);
TWO_SLOTS(apps, apps_map);
TWO_SLOTS(units, units_map);
TWO_SLOTS(addresses, addresses_map);
TWO_SLOTS(bindings, bindings_map);
TWO_SLOTS(defaults, defaults_map);
/* No program reads it: a write to it returns when no program still runs on what it saw before. */
TWO_SLOTS(fence, users_map);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct config);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct flow);
} flows SEC(".maps");

#define RING_BYTES (1 << 20)
#define WAKE_BYTES (RING_BYTES / 8)

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} events SEC(".maps");

enum counter {
	ALLOWED,
	DENIED,
	MONITORED,
	EVENTS_LOST,
	WALK_ERRORS,
	BINDINGS_OVERFLOW,
	REDIRECTED,
	INSPECTED,
	NOT_INSPECTED,
	GREETINGS_LOST,
	ENDS_LOST,
	OVER_BYTES_OUT,
	OVER_BYTES_IN,
	OVER_CONNECTIONS,
	OCTETS_LOST,
	COUNTERS
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

/* How many of EVENTS_LOST and ENDS_LOST were recorded. User space's to keep. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} losses_taken SEC(".maps");

static __always_inline void count(__u32 which)
{
	__u64 *value = bpf_map_lookup_elem(&counters, &which);
	/* A program of a system call may be interrupted by one of a packet. */
	if (value)
		__sync_fetch_and_add(value, 1);
}
