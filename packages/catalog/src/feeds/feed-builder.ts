import { sameAddress, type DomainName, type DomainPattern, type Prefix } from '@sallyport/net'
import type { FeedFormat } from '@sallyport/policy'
import { DomainList } from './domain-list.ts'
import type { Feed, FeedChoice, FeedProblem, InvalidFeed, NamePatterns } from './feed.ts'
import { ruleKey, type NameRule } from './name-rule.ts'
import { settleRules } from './settle-rules.ts'
import { isForDestinations, isForType, OTHER_TYPES } from './type-limit.ts'
import { subtractPrefix } from './subtract-prefix.ts'

const SHOWN_PROBLEMS = 100
const SHOWN_TEXT = 120
/** Each name is settled with all rules of the names above it, so a list cannot make that slow. */
const RULES_OF_A_NAME = 16
const EXCEPTED_PREFIXES = 100
/** Names are settled anew for each. */
const QUERY_TYPES = 8

/** Takes what the reader of a format finds. */
export class FeedBuilder {
  readonly #kind: FeedChoice['kind']
  readonly #plain = new DomainList()
  readonly #except = new DomainList()
  readonly #rules: NameRule[] = []
  readonly #keysOfName = new Map<string, Set<string>>()
  readonly #cancelled = new Set<string>()
  /** Types of queries that a rule is limited to, or not. */
  readonly #types = new Set<string>()
  readonly #prefixes: Prefix[] = []
  readonly #holes: Prefix[] = []
  readonly #shown: FeedProblem[] = []
  readonly #reasons = new Map<string, number>()
  #problemCount = 0
  #invalid: string | null = null

  constructor(kind: FeedChoice['kind']) {
    this.#kind = kind
  }

  get entryCount(): number {
    return this.#plain.length + this.#rules.length + this.#prefixes.length
  }

  /** The name at a place of a line, in plain ASCII; `false` when it is nothing that can be taken as it stands. */
  blockText(kind: DomainPattern['kind'], text: string, from: number, to: number): boolean {
    return this.#kind !== 'addresses' && this.#plain.addText(kind, text, from, to)
  }

  block(kind: DomainPattern['kind'], name: DomainName, line: number, text: string): void {
    if (this.#kind === 'addresses') return this.unusable(line, 'a name, and only addresses are wanted', text)
    this.#plain.add({ kind, name })
  }

  /** An exception where the nearest pattern decides. */
  except(kind: DomainPattern['kind'], name: DomainName): void {
    this.#except.add({ kind, name })
  }

  /** A rule where exceptions win over blocks. */
  rule(rule: NameRule, line: number, text: string): void {
    if (this.#kind === 'addresses') return this.unusable(line, 'a name, and only addresses are wanted', text)
    const keys = this.#keysOfName.get(rule.pattern.name) ?? new Set()
    this.#keysOfName.set(rule.pattern.name, keys)
    if (keys.size >= RULES_OF_A_NAME)
      return this.unusable(line, `more than ${RULES_OF_A_NAME} rules for one name`, text)
    const types = rule.types?.types ?? []
    if (new Set([...this.#types, ...types]).size > QUERY_TYPES) {
      return this.unusable(line, `$dnstype with more than ${QUERY_TYPES} types in the list`, text)
    }
    for (const type of types) this.#types.add(type)
    const key = ruleKey(rule)
    if (!keys.has(key)) this.#rules.push(rule)
    keys.add(key)
  }

  cancel(rule: NameRule): void {
    this.#cancelled.add(ruleKey(rule))
  }

  blockPrefix(prefix: Prefix, line: number, text: string): void {
    if (this.#kind === 'domains') return this.unusable(line, 'an address, and only names are wanted', text)
    // Lists of address and port name an address many times in a row.
    const last = this.#prefixes.at(-1)
    if (last === undefined || !samePrefix(last, prefix)) this.#prefixes.push(prefix)
  }

  exceptPrefix(prefix: Prefix, line: number, text: string): void {
    if (this.#holes.length < EXCEPTED_PREFIXES) this.#holes.push(prefix)
    else this.unusable(line, `more than ${EXCEPTED_PREFIXES} exceptions for addresses`, text)
  }

  /** The document cannot be read as asked. */
  invalidate(reason: string): void {
    this.#invalid ??= reason
  }

  unusable(line: number, reason: string, text: string): void {
    this.#problemCount++
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1)
    if (this.#shown.length < SHOWN_PROBLEMS) this.#shown.push({ line, reason, text: text.slice(0, SHOWN_TEXT) })
  }

  finish(format: FeedFormat): Feed | InvalidFeed {
    if (this.#invalid !== null) return { invalid: this.#invalid }
    const settled = this.#settle((rule) => isForDestinations(rule.types))
    const byQueryType = new Map<string, NamePatterns>()
    for (const type of this.#types.size === 0 ? [] : [...this.#types, OTHER_TYPES]) {
      byQueryType.set(
        type,
        this.#settle((rule) => isForType(rule.types, type)),
      )
    }
    return {
      format,
      ...settled,
      byQueryType,
      prefixes: this.#holes.reduce<readonly Prefix[]>(
        (rest, hole) => rest.flatMap((prefix) => subtractPrefix(prefix, hole)),
        this.#prefixes,
      ),
      problems: {
        count: this.#problemCount,
        byReason: Object.fromEntries(this.#reasons),
        shown: this.#shown,
      },
    }
  }

  #settle(isMeant: (rule: NameRule) => boolean): NamePatterns {
    const { domains, except } = settleRules(this.#plain, this.#rules.filter(isMeant), this.#cancelled)
    for (const pattern of this.#except) except.add(pattern)
    return { domains: domains.finish(), except: except.finish() }
  }
}

function samePrefix(a: Prefix, b: Prefix): boolean {
  return a.length === b.length && sameAddress(a.address, b.address)
}
