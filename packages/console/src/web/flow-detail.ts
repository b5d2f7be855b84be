/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import type { User } from './api.ts'
import { bytes, count, duration } from './format.ts'

type Text = string | null
export type Flow = {
  readonly time: string
  readonly device?: Text
  readonly user?: Text
  readonly app?: Text
  readonly appSha256?: Text
  readonly unit?: Text
  readonly container?: Text
  readonly parents?: readonly string[]
  readonly src?: Text
  readonly dst?: Text
  readonly port?: number | null
  readonly transport?: Text
  readonly domain?: Text
  readonly boundNames?: readonly string[] | null
  readonly protocol?: Text
  readonly country?: Text
  readonly asn?: number | null
  readonly bytesOut?: number | null
  readonly bytesIn?: number | null
  readonly packetsOut?: number | null
  readonly packetsIn?: number | null
  readonly durationMs?: number | null
  readonly verdict: {
    readonly verdict: string
    readonly rule: string | null
    readonly layer: string
    readonly mode: string
    readonly stage: string
    readonly explain: string
  } | null
}

const counted = (octets?: number | null, packets?: number | null): string =>
  [bytes(octets), typeof packets === 'number' ? `${count(packets)} packets` : ''].filter(Boolean).join(', ')

/** What is known of one flow, why it was decided so, and what to do about its destination. */
export function FlowDetail({ flow, user }: { readonly flow: Flow; readonly user: User }): VNode {
  const { verdict } = flow
  const facts: readonly (readonly [string, string | null | undefined])[] = [
    [
      'why',
      verdict === null
        ? 'nothing decided'
        : `${verdict.explain}; ${verdict.layer}, ${verdict.mode}, at ${verdict.stage}`,
    ],
    ['name', flow.domain],
    ['names bound', flow.boundNames?.join(', ')],
    ['address', flow.dst],
    ['network', typeof flow.asn === 'number' ? `AS${flow.asn}` : null],
    ['protocol', flow.protocol],
    ['from', flow.src],
    ['application', flow.app],
    ['started by', flow.parents?.join(', ')],
    ['digest', flow.appSha256],
    ['unit', flow.unit],
    ['container', flow.container],
    ['device', flow.device],
    ['sent', counted(flow.bytesOut, flow.packetsOut)],
    ['received', counted(flow.bytesIn, flow.packetsIn)],
    ['lasted', typeof flow.durationMs === 'number' ? duration(flow.durationMs) : null],
  ]
  const target = flow.domain ?? flow.boundNames?.[0] ?? flow.dst
  const mayEdit = (user.role === 'editor' || user.role === 'admin') && target
  return html`<dl class="pairs">
      ${facts.map(([name, value]) =>
        value
          ? html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`
          : null,
      )}
    </dl>
    ${
      mayEdit
        ? html`<p class="actions">
            <a class="button" href=${`#/policy/deny/${encodeURIComponent(target)}`}>Block ${target}…</a>
            <a class="button" href=${`#/policy/allow/${encodeURIComponent(target)}`}>Allow ${target}…</a>
          </p>`
        : null
    }`
}
