import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openGuardedNetwork, startGateway } from '../test/lab/guarded-network.ts'

// Bulk TCP through the gateway beside the same router forwarding without it, in turns.
const ROUNDS = 5
const POLICY = 'sallyport: 1\nname: bench\nmode: enforce\nrules:\n  - { id: all, action: allow, to: [198.51.100.10] }\n'

await using lab = await openGuardedNetwork()
writeFileSync(join(lab.directory, 'bench.yaml'), POLICY)
const server = lab.start('world', ['iperf3', '-s', '-B', '198.51.100.10', '--forceflush'])
await server.says('listening')

async function gigabits(): Promise<number> {
  const { stdout } = await lab.run('client', ['iperf3', '-c', '198.51.100.10', '-t', '3', '-J'])
  const { end } = JSON.parse(stdout) as { end: { sum_received: { bits_per_second: number } } }
  return end.sum_received.bits_per_second / 1e9
}

const ratios: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  await lab.run('router', ['sysctl', '-qw', 'net.ipv4.ip_forward=1'])
  const plain = await gigabits()
  await lab.run('router', ['sysctl', '-qw', 'net.ipv4.ip_forward=0'])
  const gateway = await startGateway(lab, ['--policy', 'bench.yaml', '--mode', 'enforce'])
  const guarded = await gigabits()
  gateway.child.kill('SIGTERM')
  await gateway.ended
  ratios.push(guarded / plain)
  process.stdout.write(`plain ${plain.toFixed(1)} Gbit/s; gateway ${guarded.toFixed(1)} Gbit/s\n`)
}
const [least, , median, , most] = ratios.toSorted((a, b) => a - b).map((ratio) => ratio.toFixed(3))
process.stdout.write(`gateway: ${median} x plain forwarding (${least} to ${most})\n`)
