import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FlowRecord } from '@sallyport/flow'
import type { Lab } from './open-lab.ts'

/** A policy of one layer that enforces; each rule is what stands between the braces. */
export function officePolicy(...rules: readonly string[]): string {
  return `sallyport: 1\nname: office\nmode: enforce\nrules:\n${rules.map((rule) => `  - { ${rule} }\n`).join('')}`
}

/** The page of metrics of the gateway on `router`. */
export async function readMetrics(lab: Lab): Promise<string> {
  return (await lab.run('router', ['curl', '-sS', 'http://127.0.0.1:9100/metrics'])).stdout
}

/** NaN for one that is not on the page. */
export async function readMetric(lab: Lab, name: string): Promise<number> {
  const lines = (await readMetrics(lab)).split('\n')
  return Number(lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1] ?? Number.NaN)
}

/** What the gateway has reported so far, without the line that it writes just now. */
export function readRecorded(lab: Lab): readonly FlowRecord[] {
  return readFileSync(join(lab.directory, 'flows.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as FlowRecord)
}
