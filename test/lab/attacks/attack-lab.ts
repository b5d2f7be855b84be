import { openGuardedNetwork } from '../guarded-network.ts'
import type { Lab } from '../open-lab.ts'
import { METADATA, WORLD_ADDRESSES } from './attack-world.ts'

const WORLD = '198.51.100.10'
const WORLD6 = '2001:db8:1::10'

/** The guarded network before a world with more addresses; its router forwards. */
export function openAttackLab(): Promise<Lab> {
  return openGuardedNetwork({
    router: {
      on: { lan: ['10.77.0.1/24', 'fd77::1/64'], wan: ['198.51.100.1/24', '2001:db8:1::1/64'] },
      routes: [`${METADATA}/32 via ${WORLD}`, `64:ff9b::/96 via ${WORLD6}`],
      sysctls: ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'],
    },
    world: { on: { wan: WORLD_ADDRESSES }, routes: ['10.77.0.0/16 via 198.51.100.1', 'fd77::/64 via 2001:db8:1::1'] },
  })
}
