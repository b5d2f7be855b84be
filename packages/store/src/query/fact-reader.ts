import { ipv4, parseAddress, type Address } from '@sallyport/net'
import { parseFlow, type Flow } from '@sallyport/policy'
import { UNREADABLE } from '../ingest/known-facts.ts'
import type { FactColumns } from './fact-groups.ts'
import { keyFacts, listedFacts, otherKeys, type FactQuestion, type Listed } from './fact-question.ts'
import type { FactGroup } from './readable-groups.ts'

/** Values that are remembered of one fact; most come again and again, also from slice to slice. */
const REMEMBERED = 200_000
/** Of flows whose addresses nobody tells apart; nobody has it (RFC 5737). */
const SOME_ADDRESS = ipv4(0xc0_00_02_01)

type Facts = { -readonly [Fact in keyof Flow]: Flow[Fact] }

/** False when this version does not understand the fact. */
type Step = (flow: Facts, columns: FactColumns, row: number) => boolean

/** How flows are made again of which the same facts are known. */
type Plan = { readonly steps: readonly Step[]; readonly listed: readonly Listed[] }

/** Groups in columns as flows again. Each value of a fact is read once, by the policy's own parser. */
export class FactReader {
  readonly #question: FactQuestion
  readonly #values = new Map<string, Map<unknown, Flow | null>>()
  readonly #plans = new Map<string, Plan | null>()

  constructor(question: FactQuestion) {
    this.#question = question
  }

  /** The group in that row; null when this version does not understand its facts. */
  group(columns: FactColumns, row: number): FactGroup | null {
    const plan = this.#planOf(String(columns['isKnown']![row]))
    const flow: Facts = {}
    if (plan === null || !plan.steps.every((step) => step(flow, columns, row))) return null
    if (this.#question.byMinute) flow.time = Number(columns['minute']![row]) * 1000
    const verdict = String(columns['verdictKey']![row])
    const rule = String(columns['ruleKey']?.[row] ?? '')
    const group: { -readonly [Key in keyof FactGroup]: FactGroup[Key] } = {
      flow,
      count: Number(columns['n']![row]),
      firstMs: Number(columns['first']![row]),
      lastMs: Number(columns['last']![row]),
      recorded:
        verdict === ''
          ? null
          : {
              verdict,
              mode: String(columns['modeKey']![row]),
              rule: rule === '' ? null : rule,
              reason: String(columns['reasonKey']?.[row] ?? ''),
            },
    }
    for (const fact of plan.listed) group[`${fact}s`] = columns[`${fact}s`]![row] as readonly string[]
    return group
  }

  #planOf(known: string): Plan | null {
    const made = this.#plans.get(known)
    if (made !== undefined) return made
    const words = known.split(' ').filter((word) => word !== '')
    const plan = words.includes(UNREADABLE)
      ? null
      : {
          steps: [
            ...words.flatMap((word) => this.#stepFor(word, words) ?? []),
            ...otherKeys(this.#question).map((fact) => this.#otherStep(fact)),
          ],
          listed: listedFacts(this.#question).filter((fact) => words.includes(fact)),
        }
    if (this.#plans.size < REMEMBERED) this.#plans.set(known, plan)
    return plan
  }

  #stepFor(word: string, words: readonly string[]): Step | null {
    if (word.startsWith('-')) return (flow) => this.#assign(flow, { [word.slice(1)]: null })
    const fact = word.replace('+', '')
    switch (fact) {
      case 'dst':
        return (flow, columns, row) => {
          const text = columns['dstKey']![row]
          flow.dst = text === null ? SOME_ADDRESS : this.#address(text)
          return flow.dst !== null
        }
      case 'src':
        return (flow, columns, row) => {
          flow.src = this.#address(columns['srcKey']![row])
          return flow.src !== null
        }
      case 'domain':
        // A domain that is written as an address is the address, of a flow that has no other.
        return (flow, columns, row) => {
          const read = this.#value('domain', namesIn(columns, row)[0])
          return (
            !(read?.dst !== undefined && (words.includes('dst') || words.includes('-dst'))) && this.#assign(flow, read)
          )
        }
      case 'boundNames': {
        const isBeside = word === fact && words.includes('domain')
        return (flow, columns, row) => {
          const names = namesIn(columns, row)
          const bound = isBeside ? names.slice(1) : names
          return this.#assign(flow, this.#value('boundNames', bound, bound.join('\0')))
        }
      }
      default:
        return (keyFacts(this.#question) as readonly string[]).includes(fact)
          ? (flow, columns, row) => this.#assign(flow, this.#value(fact, columns[`${fact}Key`]![row]))
          : null
    }
  }

  #otherStep(fact: string): Step {
    return (flow, columns, row) => {
      const json = String(columns[`${fact}Key`]![row])
      return (
        json === '' ||
        this.#assign(
          flow,
          this.#value(fact, () => JSON.parse(json) as unknown, json),
        )
      )
    }
  }

  #address(text: unknown): Address | null {
    return this.#remembered('address', text, () => ({ dst: parseAddress(String(text)) }))?.dst ?? null
  }

  #value(fact: string, value: unknown, key: unknown = value): Flow | null {
    return this.#remembered(fact, key, () => {
      const read = parseFlow({ [fact]: typeof value === 'function' ? (value as () => unknown)() : value })
      return Array.isArray(read) ? null : (read as Flow)
    })
  }

  #remembered(fact: string, key: unknown, read: () => Flow | null): Flow | null {
    let values = this.#values.get(fact)
    if (values === undefined) this.#values.set(fact, (values = new Map()))
    const known = values.get(key)
    if (known !== undefined) return known
    const made = read()
    if (values.size >= REMEMBERED) values.clear()
    values.set(key, made)
    return made
  }

  #assign(flow: Facts, facts: Flow | null): boolean {
    if (facts !== null) Object.assign(flow, facts)
    return facts !== null
  }
}

function namesIn(columns: FactColumns, row: number): readonly string[] {
  return (columns['namesKey']?.[row] ?? []) as readonly string[]
}
