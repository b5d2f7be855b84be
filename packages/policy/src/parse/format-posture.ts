import type { PostureCondition, PostureValue } from '../policy.ts'

type Posture = { readonly [condition: string]: PostureValue }

/** Alternatives of postures, each as the language writes it. */
export function formatPostures(alternatives: readonly (readonly PostureCondition[])[]): readonly Posture[] {
  return alternatives.map((conditions) => Object.fromEntries(conditions.map(formatCondition)))
}

function formatCondition(condition: PostureCondition): readonly [string, PostureValue] {
  switch (condition.kind) {
    case 'equals':
      return [condition.fact, condition.value]
    case 'at-most':
      return [condition.fact.replace(/DaysAgo$/, 'WithinDays'), condition.limit]
    case 'version-at-least':
      return [`${condition.fact}AtLeast`, condition.version]
  }
}
