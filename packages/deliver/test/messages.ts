import type { FlowRecord } from '@sallyport/flow'
import type { Message, Origin } from '../src/index.ts'

export const ORIGIN: Origin = { host: 'host-1', version: '1.2.3', pid: 42 }

export const FLOW: FlowRecord = {
  time: '2026-10-01T10:00:00.000Z',
  id: '00000000000000aa',
  user: 'ann',
  groups: ['staff'],
  app: '/usr/bin/curl',
  parents: ['/usr/bin/bash'],
  src: '192.0.2.10',
  dst: '198.51.100.7',
  port: 443,
  transport: 'tcp',
  domain: null,
  boundNames: ['a.example'],
  protocol: 'tls',
  country: 'DE',
  asn: 64500,
  verdict: {
    verdict: 'deny',
    rule: 'no|pipes=here',
    layer: 'org',
    mode: 'enforce',
    stage: 'connect',
    reason: 'rule',
    explain: 'two\nlines',
  },
}

export const alert = (id: string): Message => ({
  kind: 'alert',
  alert: {
    id,
    detector: 'beacon',
    severity: 'high',
    technique: { id: 'T1071', name: 'Application Layer Protocol' },
    subject: 'ann /usr/bin/curl',
    destination: 'a.example',
    sentence: 'ann calls a.example every 60 s',
    numbers: { calls: 48, periodMs: 60_000.5 },
    series: [],
    firstMs: Date.parse('2026-10-01T09:00:00Z'),
    lastMs: Date.parse('2026-10-01T10:00:00Z') + 0.5,
  },
})

export const flow = (facts: Partial<FlowRecord> = {}): Message => ({ kind: 'flow', flow: { ...FLOW, ...facts } })
