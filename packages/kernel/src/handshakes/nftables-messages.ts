import { netfilterMessage } from '../netfilter-message.ts'
import { attribute, big32, named, nested } from '../netlink-attributes.ts'

/** Messages of nf_tables (linux/netfilter/nf_tables.h). A batch of them is one transaction. */

export type Family = 'ip' | 'ip6'

/** What a rule does with a packet, in turn, until one of them does not hold. */
export type Expression = Uint8Array

type BaseChain = { readonly table: string; readonly chain: string; readonly hook: number; readonly priority: number }

const NFTABLES = 10
const TYPES = { newTable: 0, getTable: 1, delTable: 2, newChain: 3, getChain: 4, newRule: 6, getRule: 7, delRule: 8 }
const BATCH_BEGIN = 0x10
const BATCH_END = 0x11
const REQUEST = 1
const ACK = 4
const DUMP = 0x300
const CREATE = 0x400
const APPEND = 0x800
const FAMILIES: Readonly<Record<Family, number>> = { ip: 2, ip6: 10 }
const TABLE = { name: 1, flags: 2 } as const
const CHAIN = { table: 1, name: 3, hook: 4, policy: 5, type: 7 } as const
const HOOK = { number: 1, priority: 2 } as const
const RULE = { table: 1, chain: 2, expressions: 4 } as const
const LIST_ELEMENT = 1
const EXPRESSION = { name: 1, data: 2 } as const
const PAYLOAD = { to: 1, base: 2, offset: 3, length: 4 } as const
const BITWISE = { from: 1, to: 2, length: 3, mask: 4, xor: 5 } as const
const COMPARE = { from: 1, operator: 2, data: 3 } as const
const DATA = { value: 1 } as const
/** Of what iptables calls a match or a target. */
const EXTENSION = { name: 1, revision: 2, info: 3 } as const
/** Registers. */
const READ = 1
const MASKED = 2
const EQUAL = 0
const NOT_EQUAL = 1
const ACCEPT = 1
const BASES = { network: 1, transport: 2 } as const

/** One transaction: all of it, or nothing. */
export function batch(...messages: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([boundary(BATCH_BEGIN), ...messages, boundary(BATCH_END)])
}

/** The kernel says whether it would do it, and does not. */
export function check(...messages: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([boundary(BATCH_BEGIN), ...messages])
}

/** Is as it is when it is there, and in force. */
export function newTable(family: Family, table: string): Uint8Array {
  return message(TYPES.newTable, ACK | CREATE, family, named(TABLE.name, table), attribute(TABLE.flags, big32(0)))
}

export function deleteTable(family: Family, table: string): Uint8Array {
  return message(TYPES.delTable, ACK, family, named(TABLE.name, table))
}

/** What no rule ends is accepted. */
export function newBaseChain(family: Family, { table, chain, hook, priority }: BaseChain): Uint8Array {
  return message(
    TYPES.newChain,
    ACK | CREATE,
    family,
    named(CHAIN.table, table),
    named(CHAIN.name, chain),
    nested(CHAIN.hook, attribute(HOOK.number, big32(hook)), attribute(HOOK.priority, big32(priority))),
    attribute(CHAIN.policy, big32(ACCEPT)),
    named(CHAIN.type, 'filter'),
  )
}

/** No packet meets it by itself. */
export function newChain(family: Family, table: string, chain: string): Uint8Array {
  return message(TYPES.newChain, ACK | CREATE, family, named(CHAIN.table, table), named(CHAIN.name, chain))
}

export function flushChain(family: Family, table: string, chain: string): Uint8Array {
  return message(TYPES.delRule, ACK, family, named(RULE.table, table), named(RULE.chain, chain))
}

export function newRule(family: Family, table: string, chain: string, expressions: readonly Expression[]): Uint8Array {
  return message(
    TYPES.newRule,
    ACK | CREATE | APPEND,
    family,
    named(RULE.table, table),
    named(RULE.chain, chain),
    nested(RULE.expressions, ...expressions),
  )
}

/** A table, one of its chains and the rules there are asked for. */
export function askFor(family: Family, table: string, chain: string): readonly Uint8Array[] {
  const names = [named(RULE.table, table), named(RULE.chain, chain)]
  return [
    message(TYPES.getTable, ACK, family, named(TABLE.name, table)),
    message(TYPES.getChain, ACK, family, named(CHAIN.table, table), named(CHAIN.name, chain)),
    message(TYPES.getRule, DUMP, family, ...names),
  ]
}

/** At most four octets of a header, which are then compared. A packet where they are missing is not meant. */
export function octets(base: keyof typeof BASES, offset: number, length: number): Expression {
  return expression(
    'payload',
    attribute(PAYLOAD.to, big32(READ)),
    attribute(PAYLOAD.base, big32(BASES[base])),
    attribute(PAYLOAD.offset, big32(offset)),
    attribute(PAYLOAD.length, big32(length)),
  )
}

/** What was read is this, or begins with it. */
export function are(value: Uint8Array): Expression {
  return compared(READ, EQUAL, value)
}

export function areNot(value: Uint8Array): Expression {
  return compared(READ, NOT_EQUAL, value)
}

/** What was read is this under a mask of four octets. */
export function areUnder(mask: Uint8Array, value: Uint8Array): readonly Expression[] {
  return [masked(mask), compared(MASKED, EQUAL, value)]
}

function masked(mask: Uint8Array): Expression {
  return expression(
    'bitwise',
    attribute(BITWISE.from, big32(READ)),
    attribute(BITWISE.to, big32(MASKED)),
    attribute(BITWISE.length, big32(mask.length)),
    nested(BITWISE.mask, attribute(DATA.value, mask)),
    nested(BITWISE.xor, attribute(DATA.value, new Uint8Array(mask.length))),
  )
}

function compared(register: number, operator: number, value: Uint8Array): Expression {
  return expression(
    'cmp',
    attribute(COMPARE.from, big32(register)),
    attribute(COMPARE.operator, big32(operator)),
    nested(COMPARE.data, attribute(DATA.value, value)),
  )
}

/** A match or a target of iptables; `info` is the structure that its revision has. */
export function extension(kind: 'match' | 'target', name: string, revision: number, info: Uint8Array): Expression {
  return expression(
    kind,
    named(EXTENSION.name, name),
    attribute(EXTENSION.revision, big32(revision)),
    attribute(EXTENSION.info, info),
  )
}

function expression(name: string, ...data: readonly Uint8Array[]): Expression {
  return nested(LIST_ELEMENT, named(EXPRESSION.name, name), nested(EXPRESSION.data, ...data))
}

function boundary(type: number): Uint8Array {
  return netfilterMessage({ type, flags: REQUEST, resource: NFTABLES })
}

function message(type: number, flags: number, family: Family, ...attributes: readonly Uint8Array[]): Uint8Array {
  const header = { type: (NFTABLES << 8) | type, flags: REQUEST | flags, family: FAMILIES[family] }
  return netfilterMessage(header, ...attributes)
}
