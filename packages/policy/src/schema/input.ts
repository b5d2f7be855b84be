import type { DnsError } from '../dns-settings.ts'
import type { Protocol } from '../protocol.ts'
import type { Action, DenyKind, FeedSource, Mode, PostureValue, Severity } from '../policy.ts'

export type OneOrMany<T> = T | readonly T[]

export type PostureInput = { readonly [condition: string]: OneOrMany<PostureValue> }

export type SubjectTermInput = {
  readonly user?: OneOrMany<string> | undefined
  readonly group?: OneOrMany<string> | undefined
  readonly app?: OneOrMany<string> | undefined
  readonly unit?: OneOrMany<string> | undefined
  readonly container?: OneOrMany<string> | undefined
  readonly device?: OneOrMany<string> | undefined
  readonly tag?: OneOrMany<string> | undefined
  readonly posture?: OneOrMany<string | PostureInput> | undefined
  readonly network?: OneOrMany<string> | undefined
}

export type DestinationTermInput = {
  readonly domain?: OneOrMany<string> | undefined
  readonly ip?: OneOrMany<string> | undefined
  readonly country?: OneOrMany<string> | undefined
  readonly continent?: OneOrMany<string> | undefined
  readonly asn?: OneOrMany<number> | undefined
  readonly service?: OneOrMany<string> | undefined
  readonly feed?: OneOrMany<string> | undefined
  readonly category?: OneOrMany<string> | undefined
}

/** A bare string is a defined name. */
export type SubjectInput = string | SubjectTermInput
/** A bare string is a defined name, else an address or prefix, else a domain. */
export type DestinationInput = string | DestinationTermInput

export type ScheduleInput = {
  readonly days?: OneOrMany<string> | undefined
  readonly hours?: OneOrMany<string> | undefined
  readonly zone?: string | undefined
}

export type HttpInput = {
  readonly host?: OneOrMany<string> | undefined
  readonly path?: OneOrMany<string> | undefined
  readonly method?: OneOrMany<string> | undefined
  readonly contentType?: OneOrMany<string> | undefined
}

export type LimitInput = {
  readonly bytesOut?: string | number | undefined
  readonly bytesIn?: string | number | undefined
  readonly connections?: string | number | undefined
}

export type RuleInput = {
  readonly id: string
  readonly action: Action
  readonly how?: DenyKind | undefined
  readonly mode?: Mode | undefined
  readonly from?: OneOrMany<SubjectInput> | undefined
  readonly to?: OneOrMany<DestinationInput> | undefined
  readonly except?:
    | { readonly from?: OneOrMany<SubjectInput> | undefined; readonly to?: OneOrMany<DestinationInput> | undefined }
    | undefined
  readonly ports?: OneOrMany<string | number> | undefined
  readonly protocol?: OneOrMany<Protocol> | undefined
  readonly http?: HttpInput | undefined
  readonly content?: { readonly dlp: OneOrMany<string> } | undefined
  readonly assurance?: 'verified' | 'dns' | undefined
  readonly when?: OneOrMany<string | ScheduleInput> | undefined
  readonly until?: string | undefined
  readonly limit?: LimitInput | undefined
  readonly alert?: Severity | undefined
  readonly log?: boolean | undefined
  readonly inspect?: 'tls' | undefined
  readonly headers?: { readonly [name: string]: string } | undefined
  readonly ticket?: string | number | undefined
  readonly reason?: string | undefined
  readonly description?: string | undefined
}

export type DnsInput = {
  readonly refusal?: OneOrMany<string> | undefined
  readonly errorCodes?: { readonly [rule: string]: DnsError } | undefined
  readonly types?: OneOrMany<string> | undefined
  readonly privateNames?: OneOrMany<string> | undefined
  readonly canaries?: boolean | undefined
  readonly validate?: boolean | undefined
  readonly stale?: boolean | undefined
  readonly clients?: OneOrMany<string> | undefined
  readonly clientRate?: number | undefined
  readonly upstreams?: OneOrMany<string> | undefined
  readonly strategy?: 'order' | 'parallel' | undefined
  readonly routes?: { readonly [domain: string]: OneOrMany<string> } | undefined
  readonly addressFloor?: string | undefined
  readonly addressGrace?: string | undefined
  readonly tunnels?: 'flag' | 'refuse' | 'ignore' | undefined
  readonly tunnelsExcept?: OneOrMany<string> | undefined
  readonly newlySeen?: string | undefined
}

export type PolicyTestInput = {
  readonly from?: FlowInput | undefined
  readonly to?: string | undefined
  readonly expect: 'allow' | 'deny' | 'undetermined'
  readonly rule?: string | null | undefined
  readonly time?: string | number | undefined
  readonly description?: string | undefined
}

export type PolicyInput = {
  readonly sallyport: 1
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly mode?: Mode | undefined
  readonly default?: 'allow' | 'deny' | undefined
  readonly quic?: 'inspect' | 'deny' | undefined
  readonly zone?: string | undefined
  readonly define?:
    | {
        readonly destinations?: { readonly [name: string]: OneOrMany<DestinationInput> } | undefined
        readonly subjects?: { readonly [name: string]: OneOrMany<SubjectInput> } | undefined
        readonly postures?: { readonly [name: string]: PostureInput } | undefined
        readonly schedules?: { readonly [name: string]: ScheduleInput } | undefined
      }
    | undefined
  readonly feeds?: { readonly [name: string]: FeedSource } | undefined
  readonly dns?: DnsInput | undefined
  readonly rules?: readonly RuleInput[] | undefined
  readonly tests?: readonly PolicyTestInput[] | undefined
}

type Fact<T> = T | null | undefined

/** A flow as JSON has it. */
export type FlowInput = {
  readonly time?: Fact<string | number>
  readonly device?: Fact<string>
  readonly tags?: Fact<readonly string[]>
  readonly user?: Fact<string>
  readonly groups?: Fact<readonly string[]>
  readonly app?: Fact<string>
  readonly appSha256?: Fact<string>
  readonly unit?: Fact<string>
  readonly container?: Fact<string>
  readonly posture?: Fact<{ readonly [fact: string]: PostureValue | null }>
  readonly src?: Fact<string>
  readonly dst?: Fact<string>
  readonly port?: Fact<number>
  readonly transport?: Fact<'tcp' | 'udp' | 'sctp' | 'icmp' | 'other'>
  readonly domain?: Fact<string>
  readonly boundNames?: Fact<readonly string[]>
  readonly protocol?: Fact<Protocol>
  readonly http?: Fact<{
    readonly host?: Fact<string>
    readonly path?: Fact<string>
    readonly method?: Fact<string>
    readonly contentType?: Fact<string>
  }>
  readonly country?: Fact<string>
  readonly asn?: Fact<number>
  readonly content?: Fact<readonly string[]>
  readonly bytesOut?: Fact<number>
  readonly bytesIn?: Fact<number>
  readonly packetsOut?: Fact<number>
  readonly packetsIn?: Fact<number>
  readonly durationMs?: Fact<number>
}
