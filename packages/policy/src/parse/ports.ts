import { parsePortRange, type PortRange } from '@sallyport/net'
import { describe } from './describe.ts'
import type { Path, Report } from './problem.ts'
import { finding } from './scope.ts'

export function readPort(value: string | number, path: Path, report: Report): PortRange | null {
  const range = parsePortRange(String(value))
  if (range !== null) return range
  const allowed = ['443', '8000-8999', 'tcp/22', 'udp/53', 'icmp', 'sctp/5000-6000']
  report(
    finding('bad-port', path, `${describe(value)} is not a port`, {
      found: describe(value),
      allowed,
      nearest: tidyPort(String(value)),
    }),
  )
  return null
}

function tidyPort(text: string): string | null {
  const lower = text.toLowerCase().replace(/\s+/g, '').replace(/^:/, '').replace(/[:–]/g, '-')
  const candidates = [
    lower,
    lower.replace(/^([\d-]+)\/([a-z]+)$/, '$2/$1'),
    lower.replace(/^([a-z]+)-/, '$1/'),
    lower.replace(/^(\d+)-(\d+)$/, '$2-$1'),
  ]
  return candidates.find((candidate) => parsePortRange(candidate) !== null) ?? null
}
