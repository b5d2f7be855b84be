/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Facts to classes, and the walk of the diagram. */
#pragma once

#define MAGIC 0x53595031u
#define MAX_NODES 20
#define MAX_PROBES 8

enum variable { USER = 3, APP = 5, UNIT = 6, PORT = 9, ADDRESS = 10, NAME = 11, PROTOCOL = 12 };
/* AWAITED is never in an image: undetermined, and the handshake will tell. */
enum outcome { ALLOW = 0, DENY = 1, UNDETERMINED = 2, AWAITED = 3 };
enum kind { LEAF = 0, DENSE = 1, SPARSE = 2 };

#define CLOSED DENY
/* HOW of a leaf that allows: its rule has a limit. */
#define LIMITED 3
#define IS_LIMITED(word) (VERDICT(word) == ALLOW && HOW(word) == LIMITED)
#define IS_MONITORED(word) (((word) >> 8) & 1)
#define HOW(word) (((word) >> 16) & 0xff)
#define VERDICT(word) ((word) & 0xff)
#define EFFECT(word) ((word) & 0xffffff)
/* No other outcome is possible at the leaf: it also ends what comes later under another name. */
#define IS_SOLE(word) (((word) >> 24) & 1)
/* A leaf in monitor mode lets the connection through whatever it says. */
#define LETS_THROUGH(word) (VERDICT(word) == ALLOW || IS_MONITORED(word))

/* What the names of one address lead to, taken together. */
struct names {
	__u32 found : 1;
	__u32 agree : 1;
	__u32 monitored : 1;
};

struct classes {
	__u32 slot;
	__u32 user;
	__u32 app;
	__u32 unit;
	__u32 port;
	__u32 address;
	__u32 name;
	/* 0: none will be seen. UNKNOWN: it is awaited. */
	__u32 protocol;
	/* Set: stop at the name variable and say where, because there are several names to try. */
	__u32 stop_at_name;
	__u32 resume;
	struct names names;
};

static __always_inline void *words_of(__u32 slot)
{
	return bpf_map_lookup_elem(&image, &slot);
}

static __always_inline int word_at(void *words, __u32 offset, __u32 *out)
{
	__u32 *word = bpf_map_lookup_elem(words, &offset);
	if (!word)
		return 0;
	*out = *word;
	return 1;
}

/* Returns the next node, or 0 on a corrupt image: offset 0 is the magic word and never a node. */
__attribute__((noinline)) __u32 next_node(struct classes *c, __u32 offset, __u32 node)
{
	__u32 fact, head, child, kind = node >> 24;
	if (!c)
		return 0;
	switch (node & 0xffffff) {
	case USER: fact = c->user; break;
	case APP: fact = c->app; break;
	case UNIT: fact = c->unit; break;
	case PORT: fact = c->port; break;
	case ADDRESS: fact = c->address; break;
	case NAME: fact = c->name; break;
	case PROTOCOL: fact = c->protocol; break;
	default: return 0;
	}
	void *words = words_of(c->slot);
	if (!words)
		return 0;
	__u32 at = offset + 1;
	if (fact == UNKNOWN) {
		at = offset + 2;
	} else if (!word_at(words, offset + 3, &head)) {
		return 0;
	} else if (kind == DENSE) {
		if (fact < head)
			at = offset + 4 + fact;
	} else if (kind == SPARSE) {
		for (int i = 0; i < MAX_PROBES; i++) {
			/* Hashed anew each time: the stack has no room for more. */
			barrier_var(fact);
			__u32 place = offset + 4 + ((((fact * 2654435761u) >> 7) + i) & head) * 2, class;
			if (!word_at(words, place, &class))
				return 0;
			if (class == fact)
				at = place + 1;
			if (class == fact || class == UNKNOWN)
				break;
		}
	} else {
		return 0;
	}
	return word_at(words, at, &child) ? child : 0;
}

/* Returns 1 with a leaf, 2 when it stopped at the name, 0 on a corrupt image. */
__attribute__((noinline)) int walk(struct classes *c, struct verdict *out, __u32 start)
{
	if (!c || !out)
		return 0;
	void *words = words_of(c->slot);
	if (!words)
		return 0;
	__u32 offset = start;
	for (int i = 0; i < MAX_NODES; i++) {
		__u32 node;
		if (!offset || !word_at(words, offset, &node))
			return 0;
		if (node >> 24 == LEAF) {
			__u32 word, rank, rule;
			if (!word_at(words, offset + 1, &word) || !word_at(words, offset + 2, &rank) ||
			    !word_at(words, offset + 3, &rule))
				return 0;
			out->word = word;
			out->rank = rank;
			out->rule = rule;
			out->resume = offset;
			return 1;
		}
		if (c->stop_at_name && (node & 0xffffff) == NAME) {
			c->resume = offset;
			return 2;
		}
		offset = next_node(c, offset, node);
	}
	return 0;
}

static __always_inline struct defaults *defaults_of(__u32 generation)
{
	__u32 slot = generation & 1, zero = 0;
	void *inner = bpf_map_lookup_elem(&defaults, &slot);
	return inner ? bpf_map_lookup_elem(inner, &zero) : 0;
}

static __always_inline int asks_for_unit(__u32 generation)
{
	struct defaults *d = defaults_of(generation);
	return d && d->asks & ASKS_UNIT;
}

static __always_inline __u32 class_in(void *outer, __u32 slot, const void *key, __u32 missing)
{
	void *inner = bpf_map_lookup_elem(outer, &slot);
	if (!inner)
		return UNKNOWN;
	__u32 *class = bpf_map_lookup_elem(inner, key);
	return class ? *class : missing;
}

__attribute__((noinline)) __u32 unit_class(struct levels *l, __u64 own, __u32 slot, __u32 missing)
{
	if (!l)
		return UNKNOWN;
	void *inner = bpf_map_lookup_elem(&units, &slot);
	if (!inner)
		return UNKNOWN;
	__u64 id = own;
	__u32 *class = bpf_map_lookup_elem(inner, &id);
	if (class)
		return *class;
	for (int level = CGROUP_LEVELS - 1; level >= 0; level--) {
		id = l->id[level];
		if (!id)
			continue;
		class = bpf_map_lookup_elem(inner, &id);
		if (class)
			return *class;
	}
	return missing;
}

static __always_inline __u32 port_index(struct target *t)
{
	switch (t->proto) {
	case IPPROTO_TCP: return t->port;
	case IPPROTO_UDP: return 65536 + t->port;
	case IPPROTO_SCTP: return 131072 + t->port;
	case IPPROTO_ICMPV6: return 196608 + IPPROTO_ICMP;
	default: return 196608 + t->proto;
	}
}

/* Walks on under c->name, which a record calls `name`. The verifier looks at it once, and does not see through c->names: else it
   would follow all that the names before may have come to. Returns 0 on a corrupt image. */
__attribute__((noinline)) int try_name(struct classes *c, struct verdict *out, __u32 name)
{
	struct verdict one = {};
	if (!c || !out || walk(c, &one, c->resume) != 1)
		return 0;
	struct names *n = &c->names;
	n->monitored = n->monitored && (VERDICT(one.word) == ALLOW || IS_MONITORED(one.word));
	/* Two rules that have limits let different amounts through. */
	if (n->found && (EFFECT(one.word) != EFFECT(out->word) || (IS_LIMITED(one.word) && one.rule != out->rule)))
		n->agree = 0;
	if (n->found && one.rank >= out->rank)
		return 1;
	*out = one;
	out->name = name;
	n->found = 1;
	return 1;
}

/* 6.1 takes a key from the stack, not from where an argument points. A call of its own, since what walks has none to spare. */
static __attribute__((noinline)) struct binding *binding_of(void *inner, struct target *t)
{
	__u8 key[16];
	__builtin_memcpy(key, t->addr, 16);
	return bpf_map_lookup_elem(inner, key);
}

/* Tries every live name bound to the address; the earliest rule wins. While the handshake is awaited it may also state a name
   that the address was no answer for; unless the earliest rule is certain under all of them, the flow is undetermined. */
__attribute__((noinline)) int walk_names(struct classes *c, struct target *t, __u64 since, struct verdict *out)
{
	if (!c || !t || !out)
		return 0;
	c->names = (struct names){ .agree = 1, .monitored = 1 };
	__u32 slot = c->slot, fallback = c->name;
	int awaited = c->protocol == UNKNOWN;
	void *inner = bpf_map_lookup_elem(&bindings, &slot);
	if (!inner)
		return 0;
	struct binding *b = binding_of(inner, t);
	c->stop_at_name = 0;
	if (b) {
		__u32 count = b->count;
		for (__u32 i = 0; i < NAME_SLOTS; i++) {
			if (i >= count)
				break;
			if (b->slot[i].expires <= since)
				continue;
			c->name = awaited ? b->slot[i].awaited : b->slot[i].name;
			if (!try_name(c, out, b->slot[i].name))
				return 0;
		}
	}
	if (!c->names.found || awaited) {
		c->name = fallback;
		if (!try_name(c, out, fallback))
			return 0;
	}
	if (awaited && !c->names.agree && !IS_SOLE(out->word))
		out->word = UNDETERMINED | c->names.monitored << 8;
	out->resume = c->resume;
	return 1;
}

static __always_inline int decide_once(struct classes *c, struct target *t, struct verdict *out, __u64 since, __u32 root)
{
	c->stop_at_name = 1;
	int end = walk(c, out, root);
	return end == 2 ? walk_names(c, t, since, out) : end;
}

/* A call of its own, so that its stack is free again during the walk. */
static __attribute__((noinline)) void classify(struct subject *s, struct levels *l, struct target *t, struct classes *c,
					       struct defaults *missing)
{
	struct prefix key = { .length = 128 };
	put_client_first(key.addr, t->addr);
	struct executable exe = s->exe;
	__u32 port = port_index(t), uid = s->uid, asks = missing->asks, slot = c->slot;
	c->user = uid == UNKNOWN ? UNKNOWN : asks & ASKS_USER ? class_in(&users, slot, &uid, missing->user) : missing->user;
	c->app = !exe.ino ? UNKNOWN : asks & ASKS_APP ? class_in(&apps, slot, &exe, missing->app) : missing->app;
	c->unit = asks & ASKS_UNIT ? unit_class(l, s->cgroup, slot, missing->unit) : missing->unit;
	c->port = class_in(&ports, slot, &port, UNKNOWN);
	c->address = class_in(&addresses, slot, &key, UNKNOWN);
}

/* out->rank holds the generation on entry, out->word whether the handshake may be awaited (five arguments are the most a
   function may have).
   since: names that were live then count as bound, so that an open connection outlives the TTL of its answer. */
__attribute__((noinline)) int decide(struct subject *s, struct levels *l, struct target *t, struct verdict *out, __u64 since)
{
	if (!s || !l || !t || !out)
		return 0;
	__u32 generation = out->rank, slot = generation & 1, magic = 0, root = 0;
	int awaits = out->word && (t->proto == IPPROTO_TCP || t->proto == IPPROTO_UDP);
	out->word = CLOSED;
	out->rank = UNKNOWN;
	out->rule = UNKNOWN;
	out->name = UNKNOWN;
	out->resume = 0;
	if (!generation)
		return 0;
	struct defaults *missing = defaults_of(generation);
	void *words = words_of(slot);
	if (!missing || !words || !word_at(words, 0, &magic) || magic != MAGIC || !word_at(words, 1, &root))
		goto corrupt;
	struct classes c = {
		.slot = slot,
		.name = awaits ? missing->awaited_name : missing->name,
		.protocol = awaits ? UNKNOWN : 0,
	};
	classify(s, l, t, &c, missing);
	int end = decide_once(&c, t, out, since, root);
	/* What is let through whatever the handshake says is not held for it: it is judged by what there is. */
	if (end == 1 && awaits && VERDICT(out->word) == UNDETERMINED && IS_MONITORED(out->word)) {
		c.name = missing->name;
		c.protocol = 0;
		end = decide_once(&c, t, out, since, root);
	} else if (end == 1 && awaits && VERDICT(out->word) == UNDETERMINED) {
		out->word = AWAITED;
	}
	if (end == 1)
		return 1;
corrupt:
	count(WALK_ERRORS);
	out->word = CLOSED;
	out->rule = UNKNOWN;
	return 0;
}
