import type { TunnelSign } from '@sallyport/detect'

const WHY: Readonly<Record<TunnelSign['reason'], string>> = {
  'data-in-names': 'their names carry data',
  'rare-types': 'of types that only tunnels ask for',
  'many-texts': 'each asked for text once',
  dns2tcp: 'they open a session of dns2tcp',
}

/** A sentence about a tunnel. */
export function tunnelNote({ client, zone, reason, names, octets, seconds }: TunnelSign): string {
  const carried = octets > 0 ? `, about ${octets} octets` : ''
  return `look-ups of ${client} below ${zone} look like a tunnel, ${WHY[reason]}: ${names} names in ${seconds} s${carried}`
}

/** A line of the query log: JSON without a line break. */
export function tunnelLogLine(sign: TunnelSign, time: Date): string {
  const { isFirst: _isFirst, ...evidence } = sign
  return JSON.stringify({ event: 'tunnel', time: time.toISOString(), ...evidence })
}
