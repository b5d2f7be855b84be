import type { DomainPattern, PortRange, Prefix } from '@sallyport/net'

export const TEXT_COLUMNS = [
  'device',
  'user',
  'app',
  'unit',
  'container',
  'protocol',
  'country',
  'verdict',
  'rule',
  'layer',
  'mode',
  'stage',
  'reason',
] as const
export type TextColumn = (typeof TEXT_COLUMNS)[number]
export type CountColumn = 'asn' | 'bytesOut' | 'bytesIn' | 'durationMs'

/** What one term of a filter asks of a flow. What is unknown of a flow holds for no condition. */
export type Condition =
  | { readonly kind: 'glob'; readonly column: TextColumn; readonly glob: string }
  | { readonly kind: 'domain'; readonly pattern: DomainPattern }
  | { readonly kind: 'address'; readonly column: 'src' | 'dst'; readonly prefix: Prefix }
  | { readonly kind: 'port'; readonly range: PortRange }
  | {
      readonly kind: 'count'
      readonly column: CountColumn
      readonly compare: '=' | '>=' | '<='
      readonly value: number
    }
  | { readonly kind: 'since' | 'until'; readonly timeMs: number }

/** All terms must hold; the conditions within one are alternatives. */
export type FilterTerm = { readonly negated: boolean; readonly anyOf: readonly Condition[] }
export type FlowFilter = readonly FilterTerm[]
