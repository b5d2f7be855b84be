/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Run by the inspector before it lets go what was held of a flow: what waits there does not come by again. */
#pragma once

struct charge {
	__u32 generation;
	__u32 rule;
	__u32 octets;
	/* Was let through before, under another policy. */
	__u32 counted;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct charge);
} charged SEC(".maps");

/* The limit that was reached, from 1; 0 when the flow may go on. */
SEC("tc")
int charge(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct charge *c = bpf_map_lookup_elem(&charged, &zero);
	if (!c)
		return BYTES_OUT + 1;
	__u32 limit = limit_of(c->generation, ALLOW | LIMITED << 16, &c->rule);
	struct allowance a = { .rule = limit, .counted = !!c->counted };
	__u32 over = run_into(&a, 0, BYTES_OUT, c->octets, bpf_ktime_get_boot_ns());
	if (over)
		count_over(over);
	return over;
}
