import { decide, EMPTY_WORLD, parseFlow, parsePolicies, type Verdict, type World } from '@sallyport/policy'

export const NOON: number = Date.parse('2026-06-10T12:00:00Z')

/** The verdict of policies written as YAML on a flow written as JSON, in few words: `allow by web`, `undetermined: domain`. */
export function verdictOf(rules: string | readonly string[], facts: object, world: World = EMPTY_WORLD): string {
  const layers = (typeof rules === 'string' ? [rules] : rules).map((text, at) => ({
    file: `layer${at}.yaml`,
    text: `sallyport: 1\nname: layer${at}\n${text.includes('rules:') ? text : `rules:\n${text}`}\n`,
  }))
  const policy = parsePolicies(layers)
  if (!policy.ok) throw new Error(JSON.stringify(policy.problems))
  const flow = parseFlow(facts)
  if (Array.isArray(flow)) throw new Error(JSON.stringify(flow))
  return inWords(decide(policy.value, flow, world, NOON))
}

function inWords(verdict: Verdict): string {
  if (verdict.verdict === 'undetermined') return `undetermined: ${verdict.needs.join(' ')}`
  const by = verdict.rule ?? verdict.reason
  return `${verdict.verdict} by ${by}${verdict.mode === 'monitor' ? ', watched' : ''}`
}
