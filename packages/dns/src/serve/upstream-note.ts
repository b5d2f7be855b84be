import type { UpstreamState } from '../options.ts'

/** For people. */
export function upstreamNote({ server, up, reason }: UpstreamState): string {
  return up ? `upstream ${server} answers again` : `upstream ${server} is down: ${WHY[reason!]}`
}

const WHY = {
  timeout: 'it does not answer in time',
  network: 'it cannot be reached',
  certificate: 'its certificate is not that of the server meant',
  protocol: 'it does not speak DNS as it should',
  busy: 'all connections to it are in use',
} as const satisfies { readonly [Reason in NonNullable<UpstreamState['reason']>]: string }
