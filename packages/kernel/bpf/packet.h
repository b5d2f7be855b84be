/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What a packet says of its flow. `base` is where the IP header begins. */
#pragma once

#define EXTENSIONS 6
#define UNREADABLE 0
#define READABLE 1
/* Its addresses are known, its ports were in the first one. */
#define LATER_FRAGMENT 2

struct packet {
	struct target target;
	__u8 from[16];
	/* Where the payload begins, and how much there is. */
	__u32 data;
	__u32 payload;
	__u32 seq;
	__u32 ack;
	__u16 source;
	__u8 flags;
	__u8 icmp_type;
	/* The first of several fragments. */
	__u8 more;
	__u32 id;
};

/* `end`: where the packet ends; a frame may be longer, since Ethernet has a least length. */
static __always_inline int read_ports(struct __sk_buff *skb, __u32 offset, __u32 end, struct packet *p)
{
	__u32 numbers[2];
	__u16 ports[2];
	__u8 words;
	p->data = offset + 8;
	switch (p->target.proto) {
	case IPPROTO_TCP:
		if (bpf_skb_load_bytes(skb, offset + 4, numbers, 8) < 0 || bpf_skb_load_bytes(skb, offset + 12, &words, 1) < 0 ||
		    bpf_skb_load_bytes(skb, offset + 13, &p->flags, 1) < 0)
			return UNREADABLE;
		p->seq = bpf_ntohl(numbers[0]);
		p->ack = bpf_ntohl(numbers[1]);
		p->data = offset + (words >> 4) * 4;
		/* fall through */
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
		if (bpf_skb_load_bytes(skb, offset, ports, 4) < 0)
			return UNREADABLE;
		p->source = bpf_ntohs(ports[0]);
		p->target.port = bpf_ntohs(ports[1]);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (bpf_skb_load_bytes(skb, offset, &p->icmp_type, 1) < 0)
			return UNREADABLE;
		break;
	default: p->data = offset; break;
	}
	p->payload = end > p->data ? end - p->data : 0;
	return READABLE;
}

/* 0 is more than the field can say. */
static __always_inline __u32 packet_end(struct __sk_buff *skb, const __u8 *size, __u32 base)
{
	__u32 end = base + (size[0] << 8 | size[1]);
	return end == base || end > skb->len ? skb->len : end;
}

static __always_inline int read_packet4(struct __sk_buff *skb, __u32 base, struct packet *p)
{
	__u8 header[20];
	__u32 from, to;
	__u16 id;
	if (bpf_skb_load_bytes(skb, base, header, 20) < 0)
		return UNREADABLE;
	__u32 length = (header[0] & 15) * 4;
	p->target.family = 2;
	p->target.proto = header[9];
	__builtin_memcpy(&id, header + 4, 2);
	__builtin_memcpy(&from, header + 12, 4);
	__builtin_memcpy(&to, header + 16, 4);
	put_words(p->from, 0, 0, MAPPED, from);
	put_words(p->target.addr, 0, 0, MAPPED, to);
	p->id = id;
	p->more = !!(header[6] & 0x20);
	/* Options could route by the source; IGMP carries router alert. */
	if (length != 20 && header[9] != IPPROTO_IGMP)
		return UNREADABLE;
	__u32 end = packet_end(skb, header + 2, base);
	p->payload = end > base + length ? end - base - length : 0;
	if ((header[6] & 0x1f) || header[7])
		return LATER_FRAGMENT;
	return read_ports(skb, base + length, end, p);
}

static __always_inline int read_packet6(struct __sk_buff *skb, __u32 base, struct packet *p)
{
	__u32 from[4], to[4], offset = base + 40;
	__u8 next, extension[8], size[2];
	if (bpf_skb_load_bytes(skb, base + 6, &next, 1) < 0 || bpf_skb_load_bytes(skb, base + 4, size, 2) < 0 || bpf_skb_load_bytes(skb, base + 8, from, 16) < 0 ||
	    bpf_skb_load_bytes(skb, base + 24, to, 16) < 0)
		return UNREADABLE;
	__u32 end = packet_end(skb, size, base + 40);
	p->target.family = 10;
	__builtin_memcpy(p->from, from, 16);
	put_words(p->target.addr, to[0], to[1], to[2], to[3]);
	for (int i = 0; i < EXTENSIONS; i++) {
		if (next != 0 && next != 60 && next != 44)
			break;
		if (bpf_skb_load_bytes(skb, offset, extension, 8) < 0)
			return UNREADABLE;
		offset += next == 44 ? 8 : (extension[1] + 1) * 8;
		if (next == 44) {
			p->target.proto = extension[0];
			p->more = extension[3] & 1;
			__builtin_memcpy(&p->id, extension + 4, 4);
			p->payload = end > offset ? end - offset : 0;
			if (extension[2] || extension[3] & 0xf8)
				return LATER_FRAGMENT;
		}
		next = extension[0];
	}
	p->target.proto = next;
	/* A routing header leads past the address that was judged. */
	if (next == 0 || next == 43 || next == 44 || next == 60)
		return UNREADABLE;
	return read_ports(skb, offset, end, p);
}

/* The end of a connection that had begun: the server is told too, and waits for nothing. */
static __always_inline int is_reset(struct packet *p)
{
	return p->target.proto == IPPROTO_TCP && (p->flags & 0x06) == 0x04 && !p->payload;
}
