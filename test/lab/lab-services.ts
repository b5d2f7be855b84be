import { fileURLToPath } from 'node:url'
import type { Lab } from './open-lab.ts'
import type { Arrival, Services } from './services.ts'

const SERVE = fileURLToPath(new URL('./serve.ts', import.meta.url))

/** What has arrived at a host since it answers. */
export type Arrivals = { readonly all: () => readonly Arrival[]; readonly at: (to: string) => readonly Arrival[] }

export async function startServices(lab: Lab, host: string, services: Services): Promise<Arrivals> {
  const started = lab.start(host, [process.execPath, SERVE, JSON.stringify(services)])
  let text = ''
  started.child.stdout!.on('data', (chunk: string) => (text += chunk))
  await started.says('ready\n')
  const all = (): readonly Arrival[] =>
    text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Arrival)
  return { all, at: (to) => all().filter((arrival) => arrival.to.startsWith(to)) }
}
