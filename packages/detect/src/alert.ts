import type { Flow, Severity, World } from '@sallyport/policy'
import type { Past } from './past.ts'

export const DETECTORS = [
  'beacon',
  'long-connection',
  'upload-volume',
  'dns-tunnel',
  'generated-domain',
  'many-refusals',
  'protocol-mismatch',
  'name-mismatch',
  'remote-access',
  'anonymiser',
  'new-application',
  'new-destination',
  'rare-destination',
  'feed-hit',
  'rule-alert',
] as const
export type DetectorName = (typeof DETECTORS)[number]

/** A flow of the past with the time at which it began. */
export type ObservedFlow = {
  readonly flow: Flow
  readonly timeMs: number
  readonly denied: boolean
  /** The rule that decided. */
  readonly rule: string | null
}

/** What is known beside the flows. */
export type Known = {
  /** Null when nobody has looked. */
  readonly past: Past | null
  /** Rules that ask for an alert, those of feeds aside. */
  readonly ruleAlerts: ReadonlyMap<string, Severity>
  /** Rules that refuse what a feed lists. */
  readonly feedRules: ReadonlyMap<string, { readonly feeds: readonly string[]; readonly severity: Severity }>
  readonly category: World['category']
}

/** Where nothing but the flows is known. */
export const NOTHING_KNOWN: Known = { past: null, ruleAlerts: new Map(), feedRules: new Map(), category: () => null }

/** An entry of MITRE ATT&CK. */
export type Technique = { readonly id: string; readonly name: string }

/** What is unusual, and all that it takes to judge it: numbers, a sentence, a series to draw. */
export type Alert = {
  readonly detector: DetectorName
  readonly severity: Severity
  readonly technique: Technique
  readonly subject: string
  readonly destination: string
  readonly sentence: string
  readonly numbers: { readonly [name: string]: number }
  /** Points to draw: milliseconds since 1970, value. At most 200. */
  readonly series: readonly (readonly [number, number])[]
  readonly firstMs: number
  readonly lastMs: number
}

export type Detector = (flows: readonly ObservedFlow[], known: Known) => readonly Alert[]
