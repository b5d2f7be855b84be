import { spawn } from 'node:child_process'
import { toolPath } from '../unprivileged/check-unprivileged.ts'
import { FAMILY, tableName } from './gateway-table.ts'
import { gatewayPins } from './open-gateway.ts'
import { FILTER_PRIORITY } from './traffic-control.ts'

const SCRIPT =
  'cat >/dev/null; nft delete table "$1" "$2"; tc filter del dev "$3" ingress pref "$4"; tc filter del dev "$3" egress pref "$4"; rm -rf "$5"'

/** A gateway that only watches must not be in the way when it is killed: this process outlives it, and clears up. */
export function failOpen(lan: string): Disposable {
  const args = ['-c', SCRIPT, 'sh', FAMILY, tableName(lan), lan, String(FILTER_PRIORITY), gatewayPins(lan)]
  const env = { ...process.env, PATH: toolPath() }
  const child = spawn('/bin/sh', args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true, env })
  child.unref()
  const input = child.stdin as typeof child.stdin & { unref?: () => void }
  input.unref?.()
  return { [Symbol.dispose]: () => void child.kill('SIGKILL') }
}
