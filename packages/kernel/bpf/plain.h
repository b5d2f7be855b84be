/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The shortest way: most packets belong to a flow that was judged under the policy in force, and have a header without
   extras. One look at it and one look-up answer those; all others go the long way. */
#pragma once

#define IPV4 bpf_htons(0x0800)
#define IPV6 bpf_htons(0x86dd)

enum heading { FROM_CLIENT, TO_CLIENT };

/* The flow of a packet without options, extension headers and fragments, whose headers can be read in place. Returns its
   octets from the ports on, of which there are 14: to TCP's flags. A size of 0 is more than the header can say. */
static __always_inline __u8 *read_way(struct __sk_buff *skb, __u32 base, struct way *way, __u32 *payload, enum heading heading)
{
	__u8 *ip = (__u8 *)(long)skb->data + base, *end = (__u8 *)(long)skb->data_end, *ports;
	__u32 size;
	__u32 server[4] = { 0, 0, MAPPED, 0 };
	if (skb->protocol == IPV4) {
		ports = ip + 20;
		if (ports + 14 > end || ip[0] != 0x45 || (ip[6] & 0x3f) || ip[7])
			return 0;
		way->proto = ip[9];
		size = ip[2] << 8 | ip[3];
		size = size ? size - 20 : skb->len - base - 20;
		__u32 client = *(__u32 *)(ip + (heading == FROM_CLIENT ? 12 : 16));
		put_words(way->from, 0, 0, MAPPED, client);
		server[3] = *(__u32 *)(ip + (heading == FROM_CLIENT ? 16 : 12));
	} else {
		ports = ip + 40;
		if (ports + 14 > end)
			return 0;
		way->proto = ip[6];
		size = ip[4] << 8 | ip[5];
		size = size ? size : skb->len - base - 40;
		__builtin_memcpy(way->from, ip + (heading == FROM_CLIENT ? 8 : 24), 16);
		__builtin_memcpy(server, ip + (heading == FROM_CLIENT ? 24 : 8), 16);
	}
	if (way->proto != IPPROTO_TCP && way->proto != IPPROTO_UDP)
		return 0;
	__u32 head = way->proto == IPPROTO_TCP ? (ports[12] >> 4) * 4 : 8;
	*payload = size > head ? size - head : 0;
	put_words(way->to, server[0], server[1], server[2], server[3]);
	way->source = bpf_ntohs(*(__u16 *)(ports + (heading == FROM_CLIENT ? 0 : 2)));
	way->port = bpf_ntohs(*(__u16 *)(ports + (heading == FROM_CLIENT ? 2 : 0)));
	return ports;
}

static __always_inline int is_awaited(struct passage *f)
{
	return f->inspected && VERDICT(f->verdict.word) == AWAITED;
}
