import type { FlowRecord } from '@sallyport/flow'
import type { Alert } from '@sallyport/detect'
import { PRODUCT, type Message, type Origin } from '../message.ts'

type Extension = Readonly<Record<string, string | number | null | undefined>>

const SEVERITIES = { low: 3, medium: 5, high: 8, critical: 10 } as const

/** Common Event Format, version 0 (ArcSight, "Implementing ArcSight Common Event Format", rev. 25). */
export function cefMessage(message: Message, { version, host }: Origin): string {
  const { id, name, severity, extension } = message.kind === 'alert' ? ofAlert(message.alert) : ofFlow(message.flow)
  const header = ['CEF:0', PRODUCT, PRODUCT, version, id, name].map((field, index) =>
    index === 0 ? field : inHeader(field),
  )
  const pairs = Object.entries({ dvchost: host, ...extension }).flatMap(([key, value]) =>
    value === null || value === undefined || value === '' ? [] : [`${key}=${inExtension(String(value))}`],
  )
  return `${[...header, severity].join('|')}|${pairs.join(' ')}`
}

type Event = { readonly id: string; readonly name: string; readonly severity: number; readonly extension: Extension }

function ofAlert(alert: Alert & { readonly id: string }): Event {
  return {
    id: alert.detector,
    name: `${alert.technique.id} ${alert.technique.name}`,
    severity: SEVERITIES[alert.severity],
    extension: {
      externalId: alert.id,
      start: Math.floor(alert.firstMs),
      end: Math.floor(alert.lastMs),
      msg: alert.sentence,
      cs1Label: 'subject',
      cs1: alert.subject,
      cs2Label: 'destination',
      cs2: alert.destination,
      cs3Label: 'numbers',
      cs3: JSON.stringify(alert.numbers),
    },
  }
}

function ofFlow(flow: FlowRecord): Event {
  const { verdict } = flow
  return {
    id: verdict.verdict,
    name: flow.ended === true ? 'flow ended' : 'flow',
    severity: verdict.verdict === 'deny' ? 4 : 1,
    extension: {
      externalId: flow.id,
      start: Date.parse(flow.time),
      src: flow.src,
      dst: flow.dst,
      dpt: flow.port,
      dhost: flow.domain ?? flow.boundNames?.[0],
      proto: flow.transport?.toUpperCase(),
      app: flow.protocol,
      act: verdict.verdict,
      suser: flow.user,
      sproc: flow.app,
      out: flow.bytesOut,
      in: flow.bytesIn,
      reason: verdict.reason,
      msg: verdict.explain,
      ...(verdict.rule === null ? {} : { cs1Label: 'rule', cs1: verdict.rule }),
    },
  }
}

function inHeader(text: string): string {
  return text.replace(/[\\|]/g, '\\$&').replace(/[\r\n]+/g, ' ')
}

function inExtension(text: string): string {
  return text.replace(/[\\=]/g, '\\$&').replace(/\r\n?|\n/g, '\\n')
}
