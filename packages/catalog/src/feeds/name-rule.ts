import { matchDomain, type DomainName, type DomainPattern } from '@sallyport/net'
import type { TypeLimit } from './type-limit.ts'

/** A rule of a list in which rules outrank each other: exceptions win over blocks, and important ones over both. */
export type NameRule = {
  readonly pattern: DomainPattern
  readonly isException: boolean
  readonly isImportant: boolean
  /** Names, with all below them, that the rule leaves alone. */
  readonly denyAllow: readonly DomainName[]
  readonly types: TypeLimit
}

export function ruleApplies({ pattern, denyAllow }: NameRule, name: DomainName): boolean {
  return matchDomain(pattern, name) && !denyAllow.some((each) => matchDomain({ kind: 'both', name: each }, name))
}

/** Whether the rules that apply block: important exception, important block, exception, block, in that order. */
export function rulesBlock(applying: Iterable<NameRule>): boolean {
  let strongest = 0
  let blocks = false
  for (const { isException, isImportant } of applying) {
    const strength = (isImportant ? 2 : 0) + (isException ? 2 : 1)
    if (strength > strongest) [strongest, blocks] = [strength, !isException]
  }
  return blocks
}

/** Rules that say the same have one key; `$badfilter` takes away the rules of its key. */
export function ruleKey({ pattern, isException, isImportant, denyAllow, types }: NameRule): string {
  const limit = types === null ? '' : `${types.isExcluding ? '~' : ''}${[...types.types].sort().join('|')}`
  return [pattern.kind, pattern.name, isException, isImportant, limit, ...[...denyAllow].sort()].join(' ')
}
