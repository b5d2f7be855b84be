import { PRODUCT, timeOf, type Message, type Origin } from '../message.ts'

type Value = string | number | null | undefined

const SEVERITIES = { low: 9, medium: 13, high: 17, critical: 21 } as const

/** ExportLogsServiceRequest of OTLP in JSON; names of attributes from OpenTelemetry's semantic conventions where they have one. */
export function otlpLogs(messages: readonly Message[], origin: Origin): string {
  const resource = attributes({
    'service.name': 'sallyport',
    'service.version': origin.version,
    'host.name': origin.host,
  })
  const scope = { name: PRODUCT, version: origin.version }
  const logRecords = messages.map((message) => ({
    timeUnixNano: `${timeOf(message)}000000`,
    ...(message.kind === 'alert' ? ofAlert(message) : ofFlow(message)),
  }))
  return JSON.stringify({ resourceLogs: [{ resource: { attributes: resource }, scopeLogs: [{ scope, logRecords }] }] })
}

function ofAlert({ alert }: Extract<Message, { kind: 'alert' }>): object {
  return {
    severityNumber: SEVERITIES[alert.severity],
    severityText: alert.severity,
    body: { stringValue: alert.sentence },
    attributes: attributes({
      'event.name': 'sallyport.alert',
      'sallyport.alert.id': alert.id,
      'sallyport.detector': alert.detector,
      'sallyport.subject': alert.subject,
      'sallyport.destination': alert.destination,
      'sallyport.technique': alert.technique.id,
      ...Object.fromEntries(Object.entries(alert.numbers).map(([name, value]) => [`sallyport.numbers.${name}`, value])),
    }),
  }
}

function ofFlow({ flow }: Extract<Message, { kind: 'flow' }>): object {
  const { verdict } = flow
  return {
    severityNumber: verdict.verdict === 'deny' ? SEVERITIES.medium : SEVERITIES.low,
    body: { stringValue: verdict.explain },
    attributes: attributes({
      'event.name': flow.ended === true ? 'sallyport.flow.end' : 'sallyport.flow',
      'sallyport.flow.id': flow.id,
      'source.address': flow.src,
      'destination.address': flow.domain ?? flow.boundNames?.[0] ?? flow.dst,
      'network.peer.address': flow.dst,
      'network.peer.port': flow.port,
      'network.transport': flow.transport,
      'network.protocol.name': flow.protocol,
      'process.executable.path': flow.app,
      'user.name': flow.user,
      'sallyport.bytes_out': flow.bytesOut,
      'sallyport.bytes_in': flow.bytesIn,
      'sallyport.duration_ms': flow.durationMs,
      'sallyport.verdict': verdict.verdict,
      'sallyport.mode': verdict.mode,
      'sallyport.rule': verdict.rule,
      'sallyport.reason': verdict.reason,
    }),
  }
}

/** Integers are written as text, as proto3's JSON mapping has 64 bits. */
function attributes(values: Readonly<Record<string, Value>>): readonly object[] {
  return Object.entries(values).flatMap<object>(([key, value]) => {
    if (value === null || value === undefined || value === '') return []
    if (typeof value === 'string') return [{ key, value: { stringValue: value } }]
    return [{ key, value: Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value } }]
  })
}
