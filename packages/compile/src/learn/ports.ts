import type { Flow } from '@sallyport/policy'

const WITH_PORTS: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp'])

/** `tcp/443` or `icmp`; `null` when a rule cannot name it. */
export function portOf({ transport, port }: Flow): string | null {
  if (transport === 'icmp') return 'icmp'
  if (!transport || !WITH_PORTS.has(transport) || typeof port !== 'number') return null
  return `${transport}/${port}`
}

/** Ports as a rule lists them: runs of three or more become a range, TCP and UDP on one port become the port. */
export function portsText(ports: readonly string[]): readonly string[] {
  const all = new Set(ports)
  const both = [...all]
    .filter((port) => port.startsWith('tcp/') && all.has(`udp/${port.slice(4)}`))
    .map((port) => port.slice(4))
  for (const port of both) for (const transport of ['tcp', 'udp']) all.delete(`${transport}/${port}`)
  const alone = [...all].filter((port) => !port.includes('/'))
  const transports = [...WITH_PORTS].map((transport) => {
    const numbers = [...all]
      .filter((port) => port.startsWith(`${transport}/`))
      .map((port) => Number(port.slice(transport.length + 1)))
    return ranges(numbers).map((range) => `${transport}/${range}`)
  })
  return [...ranges(both.map(Number)), ...transports.flat(), ...alone]
}

function ranges(numbers: readonly number[]): readonly string[] {
  const sorted = numbers.toSorted((a, b) => a - b)
  const runs: number[][] = []
  for (const number of sorted) {
    const run = runs.at(-1)
    if (run !== undefined && run.at(-1) === number - 1) run.push(number)
    else runs.push([number])
  }
  return runs.flatMap((run) => (run.length >= 3 ? [`${run[0]}-${run.at(-1)}`] : run.map(String)))
}
