import koffi from 'koffi'
import { KernelError } from '../kernel-error.ts'
import { KeptRules } from '../kept-rules.ts'
import { agrees, mayWait, programAgrees, toQueue } from './held-expressions.ts'
import { ask, transact } from './nftables.ts'
import { xtablesFamilies } from './xtables.ts'
import {
  askFor,
  batch,
  check,
  deleteTable,
  flushChain,
  newBaseChain,
  newChain,
  newRule,
  newTable,
  type Family,
} from './nftables-messages.ts'

/** The policy is about to change, or is as it was for a while. */
export type Question = 'each-packet' | 'where-it-may-wait'

export type HeldRules = {
  /** Of one enforcement, at most 28 octets: `SALLYPORT-` and what tells it from others. */
  readonly table: string
  /** The program that says whether a packet waits. */
  readonly program: string
  readonly queue: number
}

const CHAIN = 'output'
const OUTPUT_HOOK = 3
/** Before connection tracking and everything that changes packets, as the table `raw`. */
const PRIORITY = -300
/** The same for every policy: the program is asked about packets, and what waits goes to the queue. */
export function installRules(rules: HeldRules, question: () => Question): KeptRules {
  return KeptRules.installed({
    name: rules.table,
    install: () => installHeldRules(rules, question()),
    text: () =>
      families()
        .map((family) => ask(askFor(family, rules.table, CHAIN)))
        .join('\n'),
    remove: () => removeRules(rules.table),
  })
}

/** Whatever is left of a table in this network namespace; nothing where there is none. */
export function removeRules(table: string): void {
  for (const family of families()) transact(batch(deleteTable(family, table)))
}

/** Whether netfilter would take such rules; nothing is changed. */
export function tryRules(): void {
  const [table, queue] = ['SALLYPORT-trial', 0]
  for (const family of families()) {
    const rules = mayWait(family).map((known) => newRule(family, table, CHAIN, [...known, agrees(), toQueue(queue)]))
    refuseUnless(family, transact(check(newTable(family, table), newChain(family, table, CHAIN), ...rules)))
  }
}

/** What this kernel has. */
function families(): readonly Family[] {
  return xtablesFamilies().map((family) => (family === 'iptables' ? 'ip' : 'ip6'))
}

function installHeldRules(rules: HeldRules, question: Question): void {
  for (const family of families()) {
    const wanted = batch(...heldRules(family, rules, question))
    // Somebody may have made another chain of that name.
    let errno = transact(wanted)
    if (errno !== 0) {
      transact(batch(deleteTable(family, rules.table)))
      errno = transact(wanted)
    }
    if (errno !== 0) removeRules(rules.table)
    refuseUnless(family, errno)
  }
}

function refuseUnless(family: Family, errno: number): void {
  if (errno === 0) return
  const remedy = '`sallyport doctor` shows what is missing'
  throw new KernelError('rules-refused', `netfilter takes no rules of ${family}: ${errnoName(errno)}`, remedy)
}

/**
 * In one hook alone: a chain in another is met by every packet of the network namespace too. The chain stays when its rules are
 * changed: with a chain, all packets that wait in a queue are dropped.
 */
function* heldRules(family: Family, rules: HeldRules, question: Question): Generator<Uint8Array> {
  const { table, program, queue } = rules
  yield newTable(family, table)
  yield newBaseChain(family, { table, chain: CHAIN, hook: OUTPUT_HOOK, priority: PRIORITY })
  yield flushChain(family, table, CHAIN)
  for (const condition of question === 'each-packet' ? [[]] : mayWait(family))
    yield newRule(family, table, CHAIN, [...condition, programAgrees(program), toQueue(queue)])
}

function errnoName(number: number): string {
  const found = Object.entries(koffi.os.errno).find(([, value]) => value === number)
  return found ? found[0] : `errno ${number}`
}
