import { note } from './print.ts'

type Endpoint = { readonly address: string; readonly port: number }

/** Says where a command answers, once it does. */
export function announceListening<E extends Endpoint>(
  { endpoints, metrics }: { readonly endpoints: readonly E[]; readonly metrics: Endpoint | null },
  describe: (endpoint: E, place: string) => string,
  asJson: boolean,
): void {
  if (asJson) return note(JSON.stringify({ event: 'ready', endpoints, metrics, pid: process.pid }))
  for (const endpoint of endpoints) note(`sallyport: ${describe(endpoint, placeOf(endpoint))}`)
  if (metrics !== null) note(`sallyport: metrics at http://${placeOf(metrics)}/metrics`)
}

function placeOf({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
