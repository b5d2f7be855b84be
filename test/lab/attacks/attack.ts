import type { DetectorName } from '@sallyport/detect'
import type { PolicyName } from './policies.ts'

/** One way out that somebody may try, with the tool that tries it. */
export type Attack = {
  /** MITRE ATT&CK. */
  readonly technique: `T${number}${string} ${string}`
  readonly what: string
  readonly tool: string
  readonly under: PolicyName
  /** For sh(1) on the client, in the folder of the lab. */
  readonly attempt: string
  readonly through: Proof
  /** Flows that belong to it: `ADDRESS PORT`, or the name of a question. */
  readonly flows: RegExp
  readonly needsPacketSockets?: true
  /** The alert that its flows are, stopped or not. */
  readonly told?: DetectorName
  readonly endpoint: Outcome
  readonly gateway: Outcome
  /** An ordinary user's. */
  readonly run: Outcome
}

/** What shows that something got out. */
export type Proof =
  | { readonly says: RegExp }
  /** `KIND ADDRESS PORT`: that something arrived there. */
  | { readonly arrives: string }
  /** A question that a server in the world was asked. */
  | { readonly asked: string }

export type Outcome =
  /** `by`: where what stops it differs from one run to the next. */
  | { readonly is: 'stopped'; readonly by?: string }
  /** It happens to nobody here. */
  | { readonly is: 'elsewhere'; readonly why: string }
  /** It gets out. Why is the honest part of the page. */
  | { readonly is: 'passes'; readonly why: string }

export const STOPPED: Outcome = { is: 'stopped' }
type Outcomes = Pick<Attack, 'endpoint' | 'gateway' | 'run'>
export const EVERYWHERE: Outcomes = { endpoint: STOPPED, gateway: STOPPED, run: STOPPED }

/** By what differs from one run to the next. */
export function everywhereBy(by: string): Outcomes {
  const stopped: Outcome = { is: 'stopped', by }
  return { endpoint: stopped, gateway: stopped, run: stopped }
}

export function passes(why: string): Outcome {
  return { is: 'passes', why }
}

export function elsewhere(why: string): Outcome {
  return { is: 'elsewhere', why }
}
