/** Precision, recall and false alerts a day of every detector: `SEED`, `MACHINES`, `DAYS`, `GATEWAY` for what one sees; `SALLYPORT_TEST_DATA` has the sites. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { categorySet } from '@sallyport/catalog'
import { measureCaptures } from './detect/measure-captures.ts'
import { random } from '../packages/detect/test/labelled-traffic.ts'
import { measureDetectors } from '../packages/detect/test/measure/measure-detectors.ts'

const data = process.env['SALLYPORT_TEST_DATA']
/** A name, or one above it, in a list of names. */
const isIn = (path: string): ((name: string) => boolean) => {
  const listed = new Set(gunzipSync(readFileSync(path)).toString().split('\n'))
  return (name) => name.split('.').some((_label, at, labels) => listed.has(labels.slice(at).join('.')))
}
const number = (name: string, usual: number): number => Number(process.env[name] ?? usual)
if (data === undefined) {
  console.error('set SALLYPORT_TEST_DATA to the folder of test data')
  process.exitCode = 2
} else {
  const all = gunzipSync(readFileSync(join(data, 'ranges/cloudflare-top100k.txt.gz')))
    .toString()
    .split('\n')
  // The other half is what the model of names was counted over.
  const half = all.filter((site, at) => site.trim() !== '' && at % 2 === 1).map((site) => site.trim())
  const seed = number('SEED', 1)
  // The list is in the order of the alphabet; which sites are the popular ones is drawn.
  const next = random(seed)
  const sites = half
    .map((site) => [next(), site] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, site]) => site)
  const plan = {
    seed,
    machines: number('MACHINES', 20),
    days: number('DAYS', 14),
    quietDays: 8,
    everyMs: 43_200_000,
    sites,
    category: categorySet,
    isListed: isIn(join(data, 'feeds/malware-domains.txt.gz')),
    isGateway: process.env['GATEWAY'] !== undefined,
  }
  for (const { detector, kinds, falseSentences, ...row } of measureDetectors(plan)) {
    console.log(JSON.stringify({ bench: 'detect', seed: plan.seed, gateway: plan.isGateway, detector, ...row }))
    for (const { kind, found, all: of } of kinds) console.log(`    ${found} of ${of}: ${kind}`)
    if (process.env['SHOW'] !== undefined)
      for (const each of falseSentences.slice(0, 12)) console.log(`    wrong: ${each}`)
  }
  for (const row of measureCaptures(join(data, 'pcap'), categorySet))
    console.log(JSON.stringify({ bench: 'detect-captures', ...row }))
}
