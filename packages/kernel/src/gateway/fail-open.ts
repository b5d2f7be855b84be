import { spawn } from 'node:child_process'
import { toolPath } from '../unprivileged/check-unprivileged.ts'
import { FAMILY, tableName } from './gateway-table.ts'
import { gatewayPins } from './open-gateway.ts'
import { networkInterface } from './network-interface.ts'
import { FILTER_PRIORITY } from './traffic-control.ts'

const SCRIPT = `cat >/dev/null
nft delete table "$1" "$2"
for at in ingress egress; do
  tc filter del dev "$3" $at pref "$4"
  tc filter del dev "$6" $at pref "$4" handle "$7" bpf
done
rm -rf "$5"`

/** A gateway that only watches must not be in the way when it is killed: this process outlives it, and clears up. */
export function failOpen(lan: string, wan: string): Disposable {
  const own = [FAMILY, tableName(lan), lan, String(FILTER_PRIORITY), gatewayPins(lan)]
  const args = ['-c', SCRIPT, 'sh', ...own, wan, `0x${networkInterface(lan).index.toString(16)}`]
  const env = { ...process.env, PATH: toolPath() }
  const child = spawn('/bin/sh', args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true, env })
  child.unref()
  const input = child.stdin as typeof child.stdin & { unref?: () => void }
  input.unref?.()
  return { [Symbol.dispose]: () => void child.kill('SIGKILL') }
}
