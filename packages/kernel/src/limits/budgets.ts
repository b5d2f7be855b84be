import { createHash } from 'node:crypto'
import { lookup, update, word } from '../bpf-map.ts'
import { KernelError } from '../kernel-error.ts'
import { LIMITS, type RuleLimit } from './rule-limit.ts'

/** `struct budget` of bpf/limit.h. */
const BUDGET_BYTES = 568
const AMOUNT = 8
const SLICE = 16
const OWNER = 552
const OWNER_BYTES = 16
const UNLIMITED = 0xffff_ffff_ffff_ffffn
/** The running slice and these cover the whole span. */
const WHOLE_SLICES = 63n
const SECOND_NS = 1_000_000_000n

/** As many rules as may have a limit at a time. */
export const LIMITED_RULES = 256

/** What rules with a limit have used, for as long as the programs are attached. */
export class Budgets {
  readonly #fd: number
  /** By owner, from 1. */
  readonly #numbers = new Map<string, number>()
  #held: ReadonlySet<number> = new Set()

  constructor(fd: number) {
    this.#fd = fd
    for (let number = 1; number <= LIMITED_RULES; number++) {
      const owner = this.#ownerAt(number)
      if (owner !== null) this.#numbers.set(owner, number)
    }
    this.#held = new Set(this.#numbers.values())
  }

  /** Rule → number of its budget. Those of the policy in force are left alone until the next call. */
  assign(limits: readonly RuleLimit[]): ReadonlyMap<number, number> {
    const wanted = limits.map((limit) => ({ limit, owner: ownerOf(limit) }))
    const kept = new Set([...this.#held, ...wanted.flatMap(({ owner }) => this.#numbers.get(owner) ?? [])])
    const free = Array.from({ length: LIMITED_RULES }, (_, at) => at + 1).filter((number) => !kept.has(number))
    const numbers = new Map<number, number>()
    for (const { limit, owner } of wanted)
      numbers.set(limit.rule, this.#numbers.get(owner) ?? this.#open(limit, owner, free))
    this.#held = new Set(numbers.values())
    return numbers
  }

  #open(limit: RuleLimit, owner: string, free: number[]): number {
    const number = free.shift()
    if (number === undefined)
      throw new KernelError('limits-full', `more than ${LIMITED_RULES} rules with a limit`, 'use fewer of them')
    for (const [before, taken] of this.#numbers) if (taken === number) this.#numbers.delete(before)
    LIMITS.forEach((name, at) => {
      const bytes = new Uint8Array(BUDGET_BYTES)
      const view = new DataView(bytes.buffer)
      const { amount, perSeconds } = limit[name] ?? { amount: null, perSeconds: null }
      view.setBigUint64(AMOUNT, amount === null ? UNLIMITED : BigInt(amount), true)
      view.setBigUint64(SLICE, perSeconds === null ? 0n : sliceOf(perSeconds), true)
      bytes.set(Buffer.from(owner, 'latin1'), OWNER)
      update(this.#fd, indexOf(number, at), bytes)
    })
    this.#numbers.set(owner, number)
    return number
  }

  #ownerAt(number: number): string | null {
    const owner = lookup(this.#fd, indexOf(number, 0), BUDGET_BYTES)?.subarray(OWNER, OWNER + OWNER_BYTES)
    return owner === undefined || owner.every((octet) => octet === 0) ? null : Buffer.from(owner).toString('latin1')
  }
}

function sliceOf(perSeconds: number): bigint {
  return (BigInt(perSeconds) * SECOND_NS + WHOLE_SLICES - 1n) / WHOLE_SLICES
}

function indexOf(number: number, limit: number): Uint8Array {
  return word((number - 1) * LIMITS.length + limit)
}

/** Another amount is another budget. */
function ownerOf({ rule: _rule, ...limit }: RuleLimit): string {
  const text = JSON.stringify([limit.owner, ...LIMITS.map((name) => limit[name] ?? null)])
  return createHash('sha256').update(text).digest().subarray(0, OWNER_BYTES).toString('latin1')
}
