import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { askHost, controlSocket } from '@sallyport/agent'
import { openLab, type Ended, type Lab, type LabPlan, type Started } from './open-lab.ts'

const MAIN = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

/** See probe.py. */
export const PROBE: string = fileURLToPath(new URL('./probe.py', import.meta.url))

/** Of a guard: longer than all tests of a file take on a machine that does much else. */
const LONGEST_MS = 280_000

export const RESOLVER = '198.51.100.53'

/** A network behind a router, and the world before it; the world has a way back, so that nothing needs NAT. */
const GUARDED_NETWORK: LabPlan = {
  client: {
    on: { lan: ['10.77.0.10/24', 'fd77::10/64'] },
    macs: { lan: '02:00:5e:00:53:10' },
    via: ['10.77.0.1', 'fd77::1'],
    sysctls: ['net.ipv4.ping_group_range=0 2147483647'],
  },
  router: { on: { lan: ['10.77.0.1/24', 'fd77::1/64'], wan: ['198.51.100.1/24', '2001:db8:1::1/64'] } },
  world: {
    on: {
      wan: [RESOLVER, '198.51.100.10', '198.51.100.20']
        .map((each) => `${each}/24`)
        .concat('2001:db8:1::10/64', '2001:db8:1::20/64'),
    },
    routes: ['10.77.0.0/16 via 198.51.100.1', 'fd77::/64 via 2001:db8:1::1'],
  },
}

export function openGuardedNetwork(more: LabPlan = {}): Promise<Lab> {
  return openLab({ ...GUARDED_NETWORK, ...more })
}

/** Asks the `sallyport` that keeps its state for this host. */
export function askSallyport(lab: Lab, host: string, path: string, body?: object): Promise<unknown> {
  return askHost(controlSocket(join(lab.directory, `state-${host}`)), path, body)
}

/** `sallyport` on a host of the lab, with a state directory of that host. */
export function sallyport(lab: Lab, host: string, args: readonly string[]): Promise<Ended> {
  return startSallyport(lab, host, args).ended
}

export function startSallyport(
  lab: Lab,
  host: string,
  args: readonly string[],
  timeoutMs: number = LONGEST_MS,
): Started {
  const env = { SALLYPORT_STATE: join(lab.directory, `state-${host}`) }
  return lab.start(host, [process.execPath, MAIN, ...args], { env, timeoutMs })
}

/** A gateway on the router, when its policy is in force. */
export async function startGateway(lab: Lab, args: readonly string[], timeoutMs?: number): Promise<Started> {
  const gateway = ['gateway', '--lan', 'lan', '--wan', 'wan', '--upstream', RESOLVER, '--no-console', '--json', ...args]
  const started = startSallyport(lab, 'router', gateway, timeoutMs)
  await started.says('"ready"')
  return started
}
