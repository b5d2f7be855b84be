/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Every address is judged in one form: IPv4 as ::ffff:a.b.c.d, whatever way it was written. */
#pragma once

#define MAPPED bpf_htonl(0xffff)
#define NAT64 bpf_htonl(0x0064ff9b)

static __always_inline void put_words(__u8 *addr, __u32 a, __u32 b, __u32 c, __u32 d)
{
	__u32 words[4] = { a, b, c, d };
	/* RFC 6052: the well-known prefix denotes the IPv4 address in its last 32 bits. */
	if (a == NAT64 && !b && !c) {
		words[0] = 0;
		words[2] = MAPPED;
	}
	__builtin_memcpy(addr, words, 16);
}

/* The key of an address in the table of classes. Teredo (RFC 4380): the client's address, which is inverted at the end, in front. */
static __always_inline void put_client_first(__u8 *key, const __u8 *addr)
{
	__u32 w[4];
	__builtin_memcpy(w, addr, 16);
	if (w[0] == bpf_htonl(0x20010000)) {
		__u32 server = w[1];
		w[1] = ~w[3];
		w[3] = ~server;
	}
	__builtin_memcpy(key, w, 16);
}

static __always_inline int same_address(const __u8 *a, const __u8 *b)
{
	const __u64 *x = (const void *)a, *y = (const void *)b;
	__u64 p[2], q[2];
	__builtin_memcpy(p, x, 16);
	__builtin_memcpy(q, y, 16);
	return p[0] == q[0] && p[1] == q[1];
}

static __always_inline int same_target(const struct target *a, const struct target *b)
{
	return same_address(a->addr, b->addr) && a->port == b->port && a->proto == b->proto;
}

static __always_inline int is_loopback(const __u8 *addr)
{
	__u32 w[4];
	__builtin_memcpy(w, addr, 16);
	if (w[0] || w[1])
		return 0;
	if (w[2] == MAPPED)
		return (w[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
	return !w[2] && w[3] == bpf_htonl(1);
}

/* connect(2) to the unspecified address means this host. */
static __always_inline int is_unspecified(const __u8 *addr)
{
	__u32 w[4];
	__builtin_memcpy(w, addr, 16);
	return !w[0] && !w[1] && (!w[2] || w[2] == MAPPED) && !w[3];
}

static __always_inline int is_link_scope(const __u8 *addr)
{
	return (addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80) || (addr[0] == 0xff && (addr[1] & 0x0f) <= 2);
}

static __always_inline int is_dhcp(const struct target *t, __u16 source)
{
	if (t->proto != IPPROTO_UDP)
		return 0;
	return (t->port == 67 && (source == 68 || source == 67)) || (t->port == 68 && source == 67) ||
	       (t->port == 547 && (source == 546 || source == 547)) || (t->port == 546 && source == 547);
}
