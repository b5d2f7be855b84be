/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What a gateway keeps: whose an address is, and what was decided about a flow that passes. */
#pragma once

/* Bits of a packet's mark by which netfilter is told. The others are left to their owners. */
#define MARK_MASK 0xf0000000u
#define MARK_PASS 0x50000000u
#define MARK_REFUSE 0x60000000u
/* Passes when it belongs to a connection that does. */
#define MARK_RELATED 0x70000000u
/* A question for the resolver. */
#define MARK_NAMES 0x80000000u
/* Waits for the inspector. */
#define MARK_HOLD 0x90000000u

/* struct config.flags */
#define HAS_ETHERNET 2u

struct source {
	__u32 network;
	__u32 client;
	/* The only one that may use the address. */
	__u8 mac[6];
	__u8 checks_mac;
	__u8 pad;
};

struct way {
	__u8 from[16];
	__u8 to[16];
	__u16 source;
	__u16 port;
	__u8 proto;
	__u8 pad[3];
} __attribute__((aligned(8)));

struct passage {
	__u32 generation;
	__u32 client;
	struct verdict verdict;
	/* Names that were live then count as bound. */
	__u64 since;
	__u64 seen;
	__u64 mac;
	/* Ends at this machine. */
	__u8 local;
	/* Somebody was asked whether it may go straight. */
	__u8 straight;
	/* What was looked at of it: see first-octets.h. */
	__u8 looked;
	__u8 pad;
	/* TCP: the number of the client's first octet, once its server has said so. */
	__u32 first;
	/* Octets of the server that were handed to the inspector. */
	__u16 greeted;
	__u8 begun;
	/* The verdict was or is the handshake's to give. */
	__u8 inspected;
	/* When octets of it were handed up last, in units of 2^20 ns; 0: none of this connection. */
	__u32 asked;
	struct allowance allowance;
	/* Octets until somebody was asked whether it may go straight; then when that was, in units of 2^20 ns. */
	__u32 carried;
	__u32 pad2;
	/* From here on: see carried.h. */
	/* When it was told to have begun, under which time it ends. */
	__u64 told;
	/* When its server said something last. */
	__u64 answered;
	struct tally tally;
	/* Something of it has left. */
	__u32 left;
	/* What it carried was told. */
	__u32 ended;
	/* TCP: that side has closed. */
	__u8 closed_out;
	__u8 closed_in;
	__u8 pad3[6];
};

struct fragments {
	__u8 from[16];
	__u8 to[16];
	__u32 id;
	__u32 proto;
};

struct forwarded {
	__u64 time;
	__u32 generation;
	__u32 client;
	__u32 rule;
	__u32 name;
	__u16 source;
	__u16 port;
	__u8 from[16];
	__u8 addr[16];
	__u8 verdict;
	__u8 mode;
	__u8 how;
	__u8 family;
	__u8 proto;
	__u8 kind;
	/* The one that was reached, from 1. */
	__u8 limit;
	__u8 pad;
	/* TCP: the numbers that its server and its client await. */
	__u32 seq;
	__u32 ack;
};

enum forwarded_kind { JUDGED = 0, SPOOFED = 1, BULK = 2 };

struct sources_map {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct prefix));
	__uint(value_size, sizeof(struct source));
};

TWO_SLOTS(sources, sources_map);
/* By hardware address. */
TWO_SLOTS(stations, units_map);

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 18);
	__type(key, struct way);
	__type(value, struct passage);
} ways SEC(".maps");

/* What the inspector found, under the policy in force or one before. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 16);
	__type(key, struct way);
	__type(value, struct finding);
} findings SEC(".maps");

/* What a server said before its client was judged. */
struct greeting {
	struct way way;
	__u32 seq;
	__u32 length;
	__u8 bytes[GREETING_BYTES];
};

/* What became of the first fragment, for those that follow. */
struct piece {
	__u32 mark;
	struct way way;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 12);
	__type(key, struct fragments);
	__type(value, struct piece);
} pieces SEC(".maps");

/* Who used an address last, for whoever answers its questions. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 14);
	__uint(key_size, 16);
	__uint(value_size, 4);
} askers SEC(".maps");

enum gateway_counter { PACKETS, SPOOFS, UNREADABLES, FRAGMENTS_LOST, NAMES_ASKED, MIDSTREAM, STRAIGHT_OUT, STRAIGHT_IN, FLOWS_LEFT, FLOWS_ENDED, GATEWAY_COUNTERS };

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, GATEWAY_COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} gateway_counters SEC(".maps");

/* When a forged source was last reported: a flood of them must not crowd out other events. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} spoof_clock SEC(".maps");

static __always_inline void count_forward(__u32 which)
{
	__u64 *value = bpf_map_lookup_elem(&gateway_counters, &which);
	if (value)
		__sync_fetch_and_add(value, 1);
}
